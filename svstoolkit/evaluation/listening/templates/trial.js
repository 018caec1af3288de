/* One trial: hear, answer, next --------------------------------------------------------------------------------------- */

const LETTERS = "ABCDEFGHIJKLMNOPQ";

function fresh(trial) {
  const sounds = trial.stimuli.length + (trial.reference ? 1 : 0);
  const answers = kind.per_stimulus ? trial.stimuli.length : kind.scales.length;
  return {
    part: 0,
    heard: Array(sounds).fill(false),
    plays: Array(sounds).fill(0),
    values: Array(answers).fill(null),
    seconds: 0,
  };
}

// trial: { stimuli, reference? }; order: of the scales; done: called with the answer
function runTrial(trial, { order, title, place, progress, notice }, done) {
  state.current ??= fresh(trial);
  const current = state.current;
  const scale = kind.scales[order[current.part]];
  const labels = trial.stimuli.map((_, i) => (kind.together ? LETTERS[i] : ""));
  const ids = [...trial.stimuli];
  if (trial.reference) { ids.push(trial.reference); labels.push("Reference"); }
  const player = new Player(ids, labels, current, { together: Boolean(trial.reference), onchange: () => { keep(); update(); } });
  const answer = makeAnswer();
  const next = h("button", { type: "button", class: "next", click: proceed }, "Next");

  function makeAnswer() {
    if (kind.name === "mushra") return sliders(player, current.values, changed);
    if (kind.per_stimulus) return places(player, current.values, changed);
    const index = order[current.part];
    return choices(scale, current.values[index], (value) => { current.values[index] = value; changed(); });
  }

  function changed() { keep(); update(); }

  function missing() {
    const unheard = player.unheard();
    if (unheard.length) return kind.together ? `Still to hear to the end: ${unheard.join(", ")}` : "Play the recording to its end, then rate it.";
    const open = kind.per_stimulus ? labels.filter((_, i) => current.values[i] === null) : [];
    if (open.length) return `Still to rate: ${open.join(", ")}`;
    return !kind.per_stimulus && current.values[order[current.part]] === null ? "Choose your answer." : "";
  }

  function update() {
    answer.enable(player.unheard().length === 0);
    player.refresh();
    const lack = missing();
    next.setAttribute("aria-disabled", lack ? "true" : "false");
    hint(lack);
  }

  function proceed() {
    const lack = missing();
    if (lack) return hint(lack, true);
    player.note();
    player.close();
    if (current.part + 1 < order.length) {
      current.part += 1;
      current.heard.fill(false);
      keep();
      return runTrial(trial, { order, title, place, progress, notice: "" }, done);
    }
    state.current = null;
    done({ values: current.values, heard: current.heard.slice(0, trial.stimuli.length), plays: current.plays, seconds: Math.round(current.seconds * 100) / 100 });
  }

  function onkey(key) {
    const letter = key.length === 1 ? LETTERS.indexOf(key.toUpperCase()) : -1;
    if (key === " ") player.space();
    else if (key === "Enter") proceed();
    else if (kind.together && letter >= 0 && letter < trial.stimuli.length) { player.toggle(letter); answer.focus?.(letter); }
    else if (trial.reference && key.toLowerCase() === "r") player.toggle(ids.length - 1);
    else return answer.key(key);
    return true;
  }

  const single = player.buttons.slice(0, kind.per_stimulus ? 0 : trial.stimuli.length);
  const asked = kind.scales.length > 1 ? `${title} · ${scale.title}` : title;
  show([
    notice ? h("p", { class: "notice" }, notice) : null,
    h("p", { class: "step" }, asked),
    h("h1", {}, scale.question),
    trial.reference ? h("div", { class: "players reference" }, player.buttons.at(-1)) : null,
    single.length ? h("div", { class: kind.together ? "players pair" : "players" }, single) : null,
    answer.element,
    h("div", { class: "foot" }, h("p", { id: "hint", "aria-live": "polite" }), next),
    h("p", { class: "keys" }, keyHelp(trial).map(([key, does]) => [h("kbd", {}, key), does])),
  ], { onkey, place, done: progress });
  update();
}

function keyHelp(trial) {
  const last = LETTERS[trial.stimuli.length - 1];
  const help = [["space", "play, pause"]];
  if (kind.together) help.push([trial.stimuli.length > 2 ? `A–${last}` : `A ${last}`, "play one"]);
  if (trial.reference) help.push(["R", "reference"], ["← →", "move the slider"]);
  else if (kind.per_stimulus) help.push([`1–${trial.stimuli.length}`, "its place"]);
  else help.push([`1–${kind.scales[0].labels.length}`, "answer"]);
  return [...help, ["enter", "next"]];
}

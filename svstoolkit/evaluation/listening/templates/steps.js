/* The way through: welcome, volume, practice, trials, thanks --------------------------------------------------------- */

function go(step, index = 0) {
  state.step = step;
  state.index = index;
  state.current = null;
  keep();
  render();
}

function render(notice = "") {
  const steps = { welcome, volume, practice, ready, trials, comment, done };
  steps[state.step](notice);
}

function welcome() {
  const needsNumber = !served && !asked;
  const number = h("input", { type: "number", min: 1, max: content.sessions.length, inputmode: "numeric", id: "listener" });
  let busy = false;
  async function start() {
    if (busy) return;
    busy = true;
    const reason = await join(asked ? Number(asked) : Number(number.value) || null);
    busy = false;
    if (!reason) return go("volume");
    field.hidden = !(needsNumber || reason.includes("listener number"));
    hint(reason, true);
  }
  const field = h("p", { class: "field", hidden: !needsNumber },
    h("label", { for: "listener" }, "Your listener number"), number,
    h("small", {}, `You were given it with the link, 1 to ${content.sessions.length}.`));
  show([
    h("h1", {}, content.title),
    ...content.instructions.map((paragraph) => h("p", {}, paragraph)),
    h("p", { class: "soft" }, `It takes about ${content.minutes} ${content.minutes === 1 ? "minute" : "minutes"}. `
      + "You can close the page and come back: it goes on where you were. No name is asked for."),
    keeps ? null : h("p", { class: "notice" }, "This browser does not keep your place: do not close or reload the page."),
    field,
    h("div", { class: "foot" }, h("p", { id: "hint", "aria-live": "polite" }), h("button", { type: "button", class: "next", click: start }, "Begin")),
  ], { onkey: (key) => key === "Enter" && (start(), true) });
}

function volume() {
  state.current ??= { heard: [false, false], plays: [0, 0], seconds: 0 };
  const current = state.current;
  const player = new Player([content.volume, content.tones.id], ["", ""], current, { onchange: update });
  const inputs = [1, 2, 3, 4, 5, 6].map((n) => h("input", { type: "radio", name: "tones", value: n, change: () => answer(n) }));
  const counts = h("div", { class: "choices of6", role: "radiogroup", "aria-label": "number of tones" },
    inputs.map((input, i) => h("label", {}, input, h("b", {}, String(i + 1)))));
  let right = false;
  function answer(n) {
    state.record.tones.push(n);
    right = n === content.tones.count;
    update();
    if (!right) hint("Not quite. Listen again, and turn the volume up a little if they are hard to hear.", true);
    keep();
  }
  function update() {
    inputs.forEach((input) => { input.disabled = !current.heard[1]; });
    player.refresh();
    next.setAttribute("aria-disabled", String(!right));
    if (!current.heard[0]) hint("Play the recording to its end.");
    else if (!current.heard[1]) hint("Now the tones.");
    else hint(right ? "Good. Please leave the volume as it is now." : "Choose how many tones you heard.");
  }
  function proceed() {
    if (!right) return;
    player.close();
    go(content.practice.length ? "practice" : "ready");
  }
  const next = h("button", { type: "button", class: "next", click: proceed }, "Next");
  show([
    h("p", { class: "step" }, "Before you begin"),
    h("h1", {}, "Set the volume"),
    h("p", {}, "Play this recording, and set your volume so that it is comfortable."),
    h("div", { class: "players" }, player.buttons[0]),
    h("p", {}, "Now some soft tones. How many are there?"),
    h("div", { class: "players" }, player.buttons[1]),
    counts,
    h("div", { class: "foot" }, h("p", { id: "hint", "aria-live": "polite" }), next),
  ], {
    onkey(key) {
      const input = inputs[Number(key) - 1];
      if (key === " ") player.space();
      else if (key === "Enter") proceed();
      else if (input && !input.disabled) { input.checked = true; answer(Number(key)); }
      else return false;
      return true;
    },
  });
  update();
}

const scaleOrder = () => content.sessions[state.session - 1].scales;

function practice() {
  runTrial(content.practice[state.index], {
    order: scaleOrder(),
    title: "Practice",
    place: `practice ${state.index + 1} of ${content.practice.length}`,
    progress: 0,
    notice: state.index === 0 ? "These examples show the range of what you will hear. They do not count." : "",
  }, (answer) => {
    state.record.practice.push(answer);
    if (state.index + 1 < content.practice.length) go("practice", state.index + 1);
    else go("ready");
  });
}

function ready() {
  const count = content.sessions[state.session - 1].trials.length;
  const begin = () => go("trials");
  show([
    h("h1", {}, "Now the test itself"),
    h("p", {}, `${count} ${count === 1 ? "trial" : "trials"}. Take a break whenever you like, but keep the volume as it is.`),
    h("div", { class: "foot" }, h("p", { id: "hint" }), h("button", { type: "button", class: "next", click: begin }, "Start")),
  ], { onkey: (key) => key === "Enter" && (begin(), true) });
}

function trials(notice) {
  const all = content.sessions[state.session - 1].trials;
  runTrial(all[state.index], {
    order: scaleOrder(),
    title: `${state.index + 1} of ${all.length}`,
    place: "",
    progress: state.index / all.length,
    notice,
  }, (answer) => {
    state.record.answers.push({ trial: state.index, ...answer });
    if (state.index + 1 < all.length) { go("trials", state.index + 1); send(); }
    else {
      state.record.finished = new Date().toISOString();
      go("comment");
      send();
    }
  });
}

function comment() {
  const text = h("textarea", { rows: 4, id: "words", "aria-label": "comment" });
  const proceed = () => { state.record.comment = text.value.slice(0, 2000); go("done"); };
  show([
    h("h1", {}, "That was the last one"),
    h("p", {}, "Is there anything you would like to say: what you listened for, what struck you, what went wrong?"),
    text,
    h("div", { class: "foot" }, h("p", { id: "hint" }), h("button", { type: "button", class: "next", click: proceed }, "Finish")),
  ], { onkey: (key) => key === "Enter" && (proceed(), true), done: 1 });
}

function done() {
  const words = h("p", {}, state.server ? "Sending your answers …" : "Please save your answers, and send the file to who invited you.");
  const button = h("button", { type: "button", class: state.server ? "plain" : "next", id: "download", click: download }, "Save my answers");
  const retry = h("button", { type: "button", class: "next", hidden: true, click: deliver }, "Send again");
  const another = h("button", { type: "button", class: "plain", click() {
    if (saved || confirm("Are your answers saved? They will be removed from this browser.")) { forget(); render(); }
  } }, "Another listener on this device");
  async function deliver() {
    const arrived = await send();
    if (arrived === null) return;
    words.textContent = arrived ? "Your answers have arrived. You can close this page."
      : "Your answers could not be sent. Try again, or save them and send the file to who invited you.";
    words.dataset.arrived = arrived;
    retry.hidden = arrived;
  }
  show([h("h1", {}, "Thank you!"), words, h("div", { class: "buttons" }, retry, button, another)], { done: 1 });
  deliver();
}

keep();
render(state.step === "trials" && (state.index || state.current) ? "Welcome back. This is where you were." : "");

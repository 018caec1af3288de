/* Players: one position, one track sounding at a time ---------------------------------------------------------------- */

const sounds = new Map(); // row element → Audio, of the current phrase only: browsers hold no more than some dozens
let current = null; // { article, row, position }
let mode = document.querySelector(".track[data-mode]")?.dataset.mode;

function rows(article) {
  return [...article.querySelectorAll(".track[data-track]")].filter((row) => !row.hidden && row.querySelector(".play"));
}

function firstSystem(choices) {
  return choices.find((row) => row.classList.contains("system")) ?? choices[0];
}

function sound(row) {
  if (!sounds.has(row)) {
    const audio = new Audio(trackOf(row).audio);
    audio.preload = "auto";
    audio.addEventListener("ended", () => { if (current?.row === row) { current.position = 0; refresh(); } });
    sounds.set(row, audio);
  }
  return sounds.get(row);
}

function silence() { // gives the sounds of a phrase back
  for (const audio of sounds.values()) { audio.pause(); audio.removeAttribute("src"); audio.load(); }
  sounds.clear();
}

function playing() {
  return current !== null && sounds.has(current.row) && !sounds.get(current.row).paused;
}

function position() {
  return playing() ? sounds.get(current.row).currentTime : current?.position ?? 0;
}

// Makes `row` the current track at `at` seconds (default: where the phrase stands) and plays or not
function select(row, { at = null, play = playing() } = {}) {
  const article = row.closest(".phrase");
  const same = current?.article === article;
  const where = Math.max(0, Math.min(at ?? (same ? position() : 0), trackOf(row).seconds - 0.01));
  if (same) sounds.get(current.row)?.pause();
  else leave();
  current = { article, row, position: where };
  draw(article);
  drawSelected(article, trackOf(row));
  rows(article).forEach(sound); // load the neighbours, so that switching does not wait
  if (play) {
    const audio = sound(row);
    audio.currentTime = where;
    audio.play().catch((error) => { if (error.name !== "AbortError") throw error; }); // paused again before it began
  }
  refresh();
}

function pause() {
  current.position = position();
  sounds.get(current.row)?.pause();
  refresh();
}

function leave() { // no phrase is current
  const article = current?.article;
  silence();
  current = null;
  article?.classList.remove("active");
  article?.querySelectorAll(".track").forEach((row) => row.classList.remove("current", "playing"));
}

function refresh() {
  if (!current) return;
  const on = playing();
  current.article.classList.add("active");
  for (const row of current.article.querySelectorAll(".track[data-track]")) {
    row.classList.toggle("current", row === current.row);
    row.classList.toggle("playing", row === current.row && on);
    row.querySelector(".play")?.setAttribute("aria-pressed", String(row === current.row && on));
  }
  follow();
  if (on) requestAnimationFrame(tick);
}

function tick() {
  follow();
  if (playing()) requestAnimationFrame(tick);
  else refresh();
}

function follow() {
  if (!current) return;
  const left = `${100 * position() / phraseOf(current.article).timeline}%`;
  for (const line of current.article.querySelectorAll(".playhead")) line.style.left = left;
}

listen?.addEventListener("click", (event) => {
  const row = event.target.closest(".track[data-track]");
  if (!row) return;
  if (event.target.closest(".play")) {
    if (row === current?.row && playing()) pause();
    else select(row, { play: true });
  } else if (event.target.closest(".strip")) {
    const box = event.target.closest(".strip").getBoundingClientRect();
    select(row, { at: (event.clientX - box.left) / box.width * phraseOf(row.closest(".phrase")).timeline, play: true });
  }
});

const modes = document.querySelector(".modes");
modes?.addEventListener("click", (event) => { if (event.target.closest("button")) setMode(event.target.closest("button")); });

function setMode(button) {
  mode = button.dataset.mode;
  press(modes, button);
  const held = current && trackOf(current.row).system;
  for (const row of document.querySelectorAll(".track[data-track]")) row.hidden = row.dataset.mode !== mode;
  for (const article of phrases.filter((a) => drawn.has(a))) {
    const choices = rows(article);
    const row = choices.find((r) => held && trackOf(r).system === held) ?? firstSystem(choices);
    if (row && article === current?.article) select(row);
    else if (row) drawSelected(article, trackOf(row));
  }
}

"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const phrases = [...document.querySelectorAll(".phrase")];
const SEEK = 0.5; // s per arrow key

/* F0 -------------------------------------------------------------------------------------------------------------- */

// SVG path of a contour in twentieths of a semitone (0 = unvoiced), on the piano roll's axes: 1000 wide, roll.height high
function contour(f0, phrase) {
  const { top, semitone } = phrase.roll;
  let path = "", voiced = false;
  f0.forEach((pitch, t) => {
    if (!pitch) { voiced = false; return; }
    const x = (t + 0.5) * data.frame / phrase.timeline * 1000;
    const y = (top - pitch / 20) * semitone;
    path += `${voiced ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    voiced = true;
  });
  return path;
}

function draw(article) {
  const phrase = data.phrases[article.dataset.phrase];
  const target = phrase.tracks.find((track) => track.system === "ground_truth");
  article.querySelector(".roll .target").setAttribute("d", target ? contour(target.f0, phrase) : "");
  for (const row of article.querySelectorAll(".track[data-track]")) {
    const path = contour(phrase.tracks[row.dataset.track].f0, phrase);
    for (const line of row.querySelectorAll(".curves path")) line.setAttribute("d", path);
  }
}

function drawSelected(article, track) {
  const phrase = data.phrases[article.dataset.phrase];
  article.querySelector(".roll .voice").setAttribute("d", contour(track.f0, phrase));
  article.querySelector(".who").textContent = track.system.replaceAll("_", " ") + "’s F0";
  const lane = article.querySelector(".phones");
  lane.replaceChildren();
  if (!track.bounds) return;
  phrase.phones.forEach((phone, k) => {
    const [start, end] = [track.bounds[k], track.bounds[k + 1]];
    const cell = document.createElement("span");
    cell.textContent = phone;
    cell.style.left = `${100 * start / phrase.timeline}%`;
    cell.style.width = `${100 * (end - start) / phrase.timeline}%`;
    lane.append(cell);
  });
}

/* Players: one position, one track sounding at a time ----------------------------------------------------------------- */

const sounds = new Map(); // row element → Audio
let current = null; // { article, row, position }
let mode = document.querySelector(".track[data-mode]")?.dataset.mode;

function rows(article) {
  return [...article.querySelectorAll(".track[data-track]")].filter((row) => !row.hidden && row.querySelector(".play"));
}

function trackOf(row) {
  return data.phrases[row.closest(".phrase").dataset.phrase].tracks[row.dataset.track];
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
  const where = at ?? (same ? position() : 0);
  if (current) sounds.get(current.row)?.pause();
  current = { article, row, position: where };
  drawSelected(article, trackOf(row));
  if (!same) rows(article).forEach(sound); // load the neighbours, so that switching does not wait
  if (play) {
    const audio = sound(row);
    audio.currentTime = Math.max(0, Math.min(where, trackOf(row).seconds - 0.01));
    audio.play().catch((error) => { if (error.name !== "AbortError") throw error; }); // paused again before it began
  }
  refresh();
}

function pause() {
  current.position = position();
  sounds.get(current.row)?.pause();
  refresh();
}

function refresh() {
  for (const article of phrases) article.classList.toggle("active", current?.article === article);
  for (const row of document.querySelectorAll(".track[data-track]")) {
    row.classList.toggle("current", row === current?.row);
    row.classList.toggle("playing", row === current?.row && playing());
  }
  follow();
  if (playing()) requestAnimationFrame(tick);
}

function tick() {
  follow();
  if (playing()) requestAnimationFrame(tick);
  else refresh();
}

function follow() {
  if (!current) return;
  const left = `${100 * position() / data.phrases[current.article.dataset.phrase].timeline}%`;
  for (const line of current.article.querySelectorAll(".playhead")) line.style.left = left;
}

for (const article of phrases) {
  for (const row of article.querySelectorAll(".track[data-track]")) {
    row.querySelector(".play")?.addEventListener("click", () => {
      if (row === current?.row && playing()) pause();
      else select(row, { play: true });
    });
    row.querySelector(".strip")?.addEventListener("click", (event) => {
      const box = event.currentTarget.getBoundingClientRect();
      const timeline = data.phrases[article.dataset.phrase].timeline;
      select(row, { at: (event.clientX - box.left) / box.width * timeline, play: true });
    });
  }
}

for (const button of document.querySelectorAll(".modes button")) {
  button.addEventListener("click", () => setMode(button.dataset.mode));
}

function setMode(chosen) {
  mode = chosen;
  for (const button of document.querySelectorAll(".modes button")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === mode));
  }
  for (const row of document.querySelectorAll(".track[data-track]")) row.hidden = row.dataset.mode !== mode;
  for (const article of phrases) {
    const held = article === current?.article ? trackOf(current.row).system : null;
    const choices = rows(article);
    const row = choices.find((r) => trackOf(r).system === held) ?? firstSystem(choices);
    if (held && row) select(row);
    else if (row) drawSelected(article, trackOf(row));
  }
}

function firstSystem(choices) {
  return choices.find((row) => row.classList.contains("system")) ?? choices[0];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!(key in actions) || !phrases.length) return;
  if (key === " " && event.target.closest("button:not(.play), a, summary")) return;
  event.preventDefault();
  if (current || key === "j" || key === "k") actions[key]();
  else nearestPhrase();
});

const actions = {
  " ": () => (playing() ? pause() : select(current.row, { play: true })),
  ArrowDown: () => switchBy(1),
  ArrowUp: () => switchBy(-1),
  ArrowRight: () => seekBy(SEEK),
  ArrowLeft: () => seekBy(-SEEK),
  j: () => phraseBy(1),
  k: () => phraseBy(-1),
};

function switchBy(step) {
  const choices = rows(current.article);
  select(choices[(choices.indexOf(current.row) + step + choices.length) % choices.length]);
}

function seekBy(seconds) {
  select(current.row, { at: Math.max(0, Math.min(position() + seconds, trackOf(current.row).seconds)) });
}

function phraseBy(step) {
  const index = current ? phrases.indexOf(current.article) + step : step > 0 ? 0 : phrases.length - 1;
  const article = phrases[Math.max(0, Math.min(index, phrases.length - 1))];
  const choices = rows(article);
  if (!choices.length) return;
  const held = current && choices.find((row) => trackOf(row).system === trackOf(current.row).system);
  select(held ?? firstSystem(choices), { at: 0 });
  article.scrollIntoView({ block: "start" });
}

function nearestPhrase() { // the phrase most in view starts to play
  const visible = (a) => { const b = a.getBoundingClientRect(); return Math.min(b.bottom, innerHeight) - Math.max(b.top, 0); };
  const article = phrases.reduce((best, a) => (visible(a) > visible(best) ? a : best));
  const row = firstSystem(rows(article));
  if (row) select(row, { at: 0, play: true });
}

// curves are drawn when a phrase comes near the window
const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((e) => e.isIntersecting)) { draw(entry.target); near.unobserve(entry.target); }
}, { rootMargin: "600px" });
phrases.forEach((article) => near.observe(article));
if (mode) setMode(mode);

/* Tables ---------------------------------------------------------------------------------------------------------- */

function sortBy(header) {
  const table = header.closest("table");
  const column = header.cellIndex;
  const ascending = header.getAttribute("aria-sort") !== "ascending";
  for (const th of header.parentElement.children) th.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  const key = (row) => {
    const cell = row.cells[column];
    if (!cell?.hasAttribute("data-value")) return cell?.textContent ?? "";
    return cell.dataset.value === "" ? NaN : Number(cell.dataset.value);
  };
  const compare = (a, b) => {
    const [x, y] = [key(a), key(b)];
    if (typeof x === "string" || typeof y === "string") return String(x).localeCompare(String(y), undefined, { numeric: true });
    return Number.isNaN(x) - Number.isNaN(y) || x - y; // what has no value stays last
  };
  const body = table.querySelector("tbody.systems");
  const sorted = [...body.rows].sort((a, b) => {
    const missing = Number.isNaN(key(a)) || Number.isNaN(key(b));
    return compare(a, b) * (ascending || missing ? 1 : -1);
  });
  body.append(...sorted);
}

document.addEventListener("click", (event) => {
  const header = event.target.closest("table.sortable th");
  if (header && event.target.closest("button")) sortBy(header);
});

const metricChoice = document.getElementById("metric");
const setChoice = document.getElementById("set");
for (const [label, name] of Object.entries(data.titles)) setChoice.add(new Option(name, label));
for (const [name, [title]] of Object.entries(data.metrics)) metricChoice.add(new Option(title, name));

function tabulate() {
  const utterances = data.values[setChoice.value] ?? {};
  const metric = metricChoice.value;
  const decimals = data.metrics[metric][1];
  const systems = [...new Set(Object.values(utterances).flatMap((values) => Object.keys(values).filter((s) => metric in values[s])))];
  const table = document.getElementById("per-utterance");
  const make = (name, text, properties = {}) => Object.assign(document.createElement(name), { textContent: text }, properties);
  const head = make("tr", "");
  for (const title of ["Utterance", ...systems]) {
    const th = make("th", "", { scope: "col", className: title === "Utterance" ? "" : "number" });
    th.append(make("button", title.replaceAll("_", " "), { type: "button" }));
    head.append(th);
  }
  const body = make("tbody", "", { className: "systems" });
  for (const [utterance, values] of Object.entries(utterances)) {
    const row = make("tr", "");
    const th = make("th", "", { scope: "row" });
    const anchor = data.anchors[`${setChoice.value.split("/")[0]}\n${utterance}`];
    th.append(anchor ? make("a", utterance, { href: `#${encodeURIComponent(anchor)}` }) : utterance);
    row.append(th);
    for (const system of systems) {
      const value = values[system]?.[metric];
      const cell = make("td", value == null ? "–" : value.toFixed(decimals), { className: "number" });
      cell.dataset.value = value ?? "";
      row.append(cell);
    }
    body.append(row);
  }
  const top = make("thead", "");
  top.append(head);
  table.replaceChildren(top, body);
}
metricChoice.addEventListener("change", tabulate);
setChoice.addEventListener("change", tabulate);
tabulate();

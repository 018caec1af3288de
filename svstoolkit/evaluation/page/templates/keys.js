/* Keyboard: with a phrase chosen its keys act on it; without one, space and J choose the phrase in view -------------- */

const SEEK = 0.5; // s per arrow key

const actions = {
  " ": () => (playing() ? pause() : select(current.row, { play: true })),
  ArrowDown: () => switchBy(1),
  ArrowUp: () => switchBy(-1),
  ArrowRight: () => seekBy(SEEK),
  ArrowLeft: () => seekBy(-SEEK),
  Escape: leave,
  j: () => phraseBy(1),
  k: () => phraseBy(-1),
};
for (let k = 1; k <= 9; k++) actions[k] = () => { const row = rows(current.article)[k - 1]; if (row) select(row); };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), select, textarea")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === " " && event.target.closest("button:not(.play), a, summary, input")) return;
  if (!phrases.length) return;
  if (key === "d") cyclePicture();
  else if (current && key in actions && (seen(current.article) > 0 || key === "j" || key === "k" || key === "Escape")) actions[key]();
  else if (!current && (key === "j" || key === "k" || (key === " " && phrases.some((a) => seen(a) > 0)))) startInView(key === " ");
  else return;
  event.preventDefault();
});

function seen(article) { // px of it in the window
  const box = article.getBoundingClientRect();
  return Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
}

function switchBy(step) {
  const choices = rows(current.article);
  select(choices[(choices.indexOf(current.row) + step + choices.length) % choices.length]);
}

function seekBy(seconds) {
  select(current.row, { at: position() + seconds });
}

function phraseBy(step) {
  const index = phrases.indexOf(current.article) + step;
  const article = phrases[Math.max(0, Math.min(index, phrases.length - 1))];
  const choices = rows(article);
  if (!choices.length) return;
  const held = choices.find((row) => trackOf(row).system === trackOf(current.row).system);
  select(held ?? firstSystem(choices), { at: 0 });
  article.scrollIntoView({ block: "start" });
}

function startInView(play) { // the phrase most in view, or the first
  const article = phrases.reduce((best, a) => (Math.max(0, seen(a)) > Math.max(0, seen(best)) ? a : best));
  const row = firstSystem(rows(article));
  if (!row) return;
  select(row, { at: 0, play });
  if (seen(article) <= 0) article.scrollIntoView({ block: "start" });
}

function cyclePicture() {
  const choices = [...pictures.querySelectorAll("button")];
  const now = choices.findIndex((button) => button.dataset.picture === listen.dataset.picture);
  setPicture(choices[(now + 1) % choices.length]);
}

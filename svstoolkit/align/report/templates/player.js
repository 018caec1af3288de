/* One sound at a time; position in seconds */

const articles = [...document.querySelectorAll(".utterance")];
let current = null; // { article, audio, until }

function select(article) {
  if (current?.article === article) return current;
  stop();
  current?.article.classList.remove("current");
  const audio = article.dataset.sound ? new Audio(article.dataset.sound) : null;
  current = { article, audio, until: null };
  article.classList.add("current");
  for (const event of ["play", "pause", "ended", "seeked"]) audio?.addEventListener(event, refresh);
  return current;
}

function stop() {
  current?.audio?.pause();
}

function play(article, from = null, until = null) {
  const { audio } = select(article);
  if (!audio) return;
  current.until = until;
  if (from !== null) audio.currentTime = from;
  audio.play().catch((error) => { if (error.name !== "AbortError") throw error; }); // paused again before it began
}

function toggle(article) {
  if (current?.article === article && current.audio && !current.audio.paused) stop();
  else play(article);
}

function refresh() {
  const { article, audio, until } = current;
  if (until !== null && audio.currentTime >= until) { current.until = null; audio.pause(); }
  article.querySelector(".playhead").style.left = `${100 * audio.currentTime / article.dataset.seconds}%`;
  article.querySelector(".play").setAttribute("aria-pressed", String(!audio.paused));
  if (!audio.paused) requestAnimationFrame(() => { if (current.audio === audio) refresh(); });
}

for (const article of articles) {
  article.addEventListener("click", ({ target, clientX }) => {
    const finding = target.closest("[data-start]");
    const lanes = target.closest(".lanes");
    if (target.closest(".play")) toggle(article);
    else if (finding) {
      play(article, Math.max(0, finding.dataset.start - 0.3), Number(finding.dataset.end) + 0.3);
      show(article, Number(finding.dataset.start));
    } else if (lanes) {
      const box = lanes.getBoundingClientRect();
      play(article, (clientX - box.left) / box.width * article.dataset.seconds);
    }
  });
}

function show(article, seconds) { // brings a place into a picture that is wider than the window
  const scroll = article.querySelector(".scroll");
  const x = seconds / article.dataset.seconds * scroll.scrollWidth;
  if (x < scroll.scrollLeft || x > scroll.scrollLeft + scroll.clientWidth * 0.9) scroll.scrollLeft = x - scroll.clientWidth / 2;
}

document.getElementById("scale")?.addEventListener("click", ({ target }) => {
  if (!target.dataset.scale) return;
  document.documentElement.style.setProperty("--scale", target.dataset.scale);
  for (const button of target.parentElement.children) button.setAttribute("aria-pressed", String(button === target));
});

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, button") || event.ctrlKey || event.metaKey || event.altKey || !articles.length) return;
  const at = articles.indexOf(current?.article);
  const step = { j: 1, k: -1 }[event.key];
  if (step) {
    const next = articles[Math.max(0, Math.min(articles.length - 1, at + step))];
    next.scrollIntoView({ block: "start" });
    select(next);
  } else if (event.key === " ") toggle(current?.article ?? articles[0]);
  else if (event.key.startsWith("Arrow") && current?.audio && /Left|Right/.test(event.key)) {
    current.audio.currentTime = Math.max(0, current.audio.currentTime + (event.key === "ArrowLeft" ? -0.5 : 0.5));
  } else return;
  event.preventDefault();
});

/* What is drawn over pictures and piano roll: F0, notes, phone boundaries ------------------------------------------- */

const listen = document.getElementById("listen");
const phrases = [...document.querySelectorAll(".phrase")];
const phraseOf = (article) => data.phrases[article.dataset.phrase];
const trackOf = (row) => phraseOf(row.closest(".phrase")).tracks[row.dataset.track];
const WIDE = 1000; // user units of every curve's view box; its height is the piano roll's

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const digit = Object.fromEntries([...DIGITS].map((character, k) => [character, k]));

// SVG path of a contour, two characters of base 64 per frame: twentieths of a semitone, 0 = unvoiced
function contour(f0, phrase) {
  const { top, semitone } = phrase.roll;
  let path = "", voiced = false;
  for (let t = 0; 2 * t < f0.length; t++) {
    const pitch = 64 * digit[f0[2 * t]] + digit[f0[2 * t + 1]];
    if (pitch) {
      const x = (t + 0.5) * data.frame / phrase.timeline * WIDE;
      path += `${voiced ? "L" : "M"}${x.toFixed(1)} ${((top - pitch / 20) * semitone).toFixed(1)}`;
    }
    voiced = pitch > 0;
  }
  return path;
}

function noteFrames(article) { // the score's notes as one path
  return [...article.querySelectorAll(".roll rect")].map((rect) => {
    const [x, width] = ["x", "width"].map((name) => parseFloat(rect.getAttribute(name)) * WIDE / 100);
    return `M${x.toFixed(1)} ${rect.getAttribute("y")}h${width.toFixed(1)}v${rect.getAttribute("height")}h${(-width).toFixed(1)}z`;
  }).join("");
}

function boundaryLines(bounds, phrase) {
  return bounds ? bounds.map((b) => `M${(b / phrase.timeline * WIDE).toFixed(1)} 0V${phrase.roll.height}`).join("") : "";
}

const drawn = new WeakSet();

function draw(article) {
  if (drawn.has(article)) return;
  drawn.add(article);
  const phrase = phraseOf(article);
  const target = phrase.tracks.find((track) => track.system === "ground_truth");
  article.querySelector(".roll .target").setAttribute("d", target ? contour(target.f0, phrase) : "");
  const notes = noteFrames(article);
  for (const row of article.querySelectorAll(".track[data-track]")) {
    const pane = row.querySelector(".pane.mel");
    if (!pane) continue;
    const { f0, bounds } = trackOf(row);
    const path = contour(f0, phrase);
    const curves = svg("svg", { class: "curves", viewBox: `0 0 ${WIDE} ${phrase.roll.height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    curves.append(svg("path", { class: "bounds", d: boundaryLines(bounds, phrase) }), svg("path", { class: "notes", d: notes }), svg("path", { class: "halo", d: path }), svg("path", { class: "voice", d: path }));
    pane.append(curves);
  }
  const row = current?.article === article ? current.row : firstSystem(rows(article));
  if (row) drawSelected(article, trackOf(row));
}

function drawSelected(article, track) { // one system's F0 and phones on the piano roll
  const phrase = phraseOf(article);
  article.querySelector(".roll .voice").setAttribute("d", contour(track.f0, phrase));
  article.querySelector(".who").textContent = `${named(track.system)}’s F0`;
  phoneCells(article.querySelector(".phones.sung"), phrase, track);
  const recorded = phrase.tracks.find(({ system, mode }) => system === "ground_truth" && mode === track.mode);
  phoneCells(article.querySelector(".phones.recorded"), phrase, recorded);
}

function phoneCells(place, phrase, track) {
  const bounds = track?.bounds;
  const cells = (bounds ? phrase.phones : []).map((phone, k) => {
    const cell = make("span", { textContent: phone, title: `${phone || "rest"}, from ${bounds[k].toFixed(3)} s, ${Math.round(1000 * (bounds[k + 1] - bounds[k]))} ms` });
    cell.style.left = `${100 * bounds[k] / phrase.timeline}%`;
    cell.style.width = `${100 * (bounds[k + 1] - bounds[k]) / phrase.timeline}%`;
    return cell;
  });
  place.replaceChildren(...cells);
}

// curves are drawn when a phrase comes near the window
phrases.forEach((article) => whenNear(article, () => draw(article)));

const pictures = document.querySelector(".pictures");
function setPicture(button) {
  press(pictures, button);
  listen.dataset.picture = button.dataset.picture;
}
pictures?.addEventListener("click", (event) => { if (event.target.closest("button")) setPicture(event.target.closest("button")); });
listen?.querySelector(".over").addEventListener("change", ({ target }) => listen.classList.toggle(`show-${target.value}`, target.checked));

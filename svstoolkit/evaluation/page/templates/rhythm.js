/* Rhythm: how late phones start, a strip per class and timing --------------------------------------------------------- */

const rhythm = document.getElementById("rhythm");
const unheard = new Set(); // first system of every strip that is not drawn
const [N, MEDIAN, HALF_WITHIN, MOST_WITHIN, QUANTILES] = [0, 1, 2, 3, 7]; // of a row of data.rhythm
const STRIP = 17, LABEL = 22, BEYOND = 0.03; // px of a strip, of a heading; share of the boundaries beyond either edge

const signed = (ms) => `${ms > 0 ? "+" : ms < 0 ? "−" : ""}${Math.abs(ms).toFixed(0)}`;

function quantile(sorted, p) {
  const at = p * (sorted.length - 1), k = Math.floor(at);
  return sorted[k] + (at - k) * ((sorted[k + 1] ?? sorted[k]) - sorted[k]);
}

function shownReach(groups) { // ms to either side of 0: a few of the farthest boundaries lie beyond
  const sizes = groups.flatMap(([, phones]) => Object.values(phones).flatMap((row) => row[QUANTILES].map(Math.abs))).sort((a, b) => a - b);
  const reach = Math.max(sizes.length ? quantile(sizes, 1 - BEYOND) : 0, 50);
  return Math.ceil(reach / niceStep(reach / 4)) * niceStep(reach / 4);
}

function strip(row, label, colour, x, y) {
  const [low, high] = [quantile(row[QUANTILES], 0.25), quantile(row[QUANTILES], 0.75)];
  const group = svg("g", { class: "strip-of", style: `--colour: ${colour}` });
  const numbers = `median ${signed(row[MEDIAN])} ms, half within ${row[HALF_WITHIN].toFixed(0)} ms, 90 % within ${row[MOST_WITHIN].toFixed(0)} ms, n = ${row[N]}`;
  group.append(svg("title", {}, `${label}: ${numbers}`));
  group.append(svg("rect", { class: "catch", x: x(-Infinity), width: x(Infinity) - x(-Infinity), y, height: STRIP }));
  group.append(svg("rect", { x: x(low), width: Math.max(x(high) - x(low), 1), y: y + 3, height: STRIP - 6, rx: 2 }));
  row[QUANTILES].forEach((ms, k) => group.append(svg("circle", { cx: x(ms).toFixed(1), cy: (y + STRIP / 2 + ((k * 7) % 5 - 2) * 1.5).toFixed(1), r: 2 })));
  group.append(svg("line", { class: "median", x1: x(row[MEDIAN]), x2: x(row[MEDIAN]), y1: y + 2, y2: y + STRIP - 2 }));
  return group;
}

function timeAxis(picture, reach, x, bottom, width) {
  const step = niceStep(reach / (width < 500 ? 2 : 4));
  for (let ms = -Math.floor(reach / step) * step; ms <= reach; ms += step) {
    picture.append(svg("line", { class: ms ? "rule" : "zero", x1: x(ms), x2: x(ms), y1: 0, y2: bottom }));
    picture.append(svg("text", { x: x(ms), y: bottom + 15, "text-anchor": "middle" }, ms ? signed(ms) : "0 ms"));
  }
  picture.append(svg("text", { x: x(-reach), y: bottom + 32 }, "← early"), svg("text", { x: x(reach), y: bottom + 32, "text-anchor": "end" }, "late →"));
}

function drawStrips(groups, all) {
  const chart = rhythm.querySelector(".chart");
  const shown = groups.filter(([systems]) => !unheard.has(systems[0]));
  const rows = data.phoneClasses.map((phones) => [phones, shown.filter(([, of]) => of[phones])]).filter(([, of]) => of.length);
  const width = Math.max(chart.clientWidth, 280), beside = width > 620 ? 168 : 0;
  const reach = shownReach(groups), clamp = (ms) => Math.max(-reach, Math.min(reach, ms));
  const x = (ms) => beside + 18 + (width - beside - 36) * (clamp(ms) + reach) / (2 * reach);
  const tall = (of) => of.length * STRIP + 8 + (beside ? 0 : LABEL);
  const bottom = rows.reduce((sum, [, of]) => sum + tall(of), 4);
  const picture = svg("svg", { width, height: bottom + 40, viewBox: `0 0 ${width} ${bottom + 40}`, role: "img", "aria-label": "How late phones start, by class" });
  timeAxis(picture, reach, x, bottom, width);
  let y = 4;
  for (const [phones, of] of rows) {
    const top = y + (beside ? 0 : LABEL);
    if (phones === data.phoneClasses[0]) picture.prepend(svg("rect", { class: "band", x: x(-30), width: x(30) - x(-30), y: top - 2, height: of.length * STRIP + 4, rx: 3 }));
    picture.append(svg("text", { class: "kind", x: beside ? 0 : 8, y: beside ? y + of.length * STRIP / 2 + 4.5 : y + 15 }, phones));
    of.forEach(([systems, classes], k) => picture.append(strip(classes[phones], `${systems.map(named).join(", ")}, ${phones}`, colourOf(systems[0], all), x, top + k * STRIP)));
    y += tall(of);
    picture.append(svg("line", { class: "lane-rule", x1: 0, x2: width, y1: y - 4, y2: y - 4 }));
  }
  chart.replaceChildren(picture);
}

function rhythmTable(groups) {
  const rows = data.phoneClasses.flatMap((phones) => groups.filter(([, of]) => of[phones]).map(([systems, of]) => {
    const [n, ...figures] = of[phones].slice(0, QUANTILES);
    return make("tr", {}, make("th", { scope: "row", textContent: phones }), make("td", { textContent: systems.map(named).join(", ") }), numberCell(n, 0), ...figures.map((v) => numberCell(v, 1)));
  }));
  const head = headRow(["Phones", "System", "n", "Median, ms", "50 % within, ms", "90 % within, ms", "≤ 20 ms, %", "≤ 30 ms, %", "≤ 50 ms, %"]);
  head.rows[0].cells[1].className = "";
  rhythm.querySelector("table").replaceChildren(head, make("tbody", { className: "systems" }, ...rows));
}

function showRhythm() {
  const set = rhythm.querySelector(".set").value, groups = data.rhythm[set], all = data.values[set].systems;
  const labels = Object.fromEntries(groups.map(([systems]) => [systems[0], systems.map(named).join(", ")]));
  drawLegend(rhythm.querySelector(".legend-row"), groups.map(([systems]) => systems[0]), unheard, showRhythm, { labels, all });
  drawStrips(groups, all);
  rhythmTable(groups);
}

if (rhythm) {
  offerSets(rhythm.querySelector(".set"), Object.keys(data.rhythm), showRhythm);
  whenIdle(showRhythm);
  onNewWidth(showRhythm);
}

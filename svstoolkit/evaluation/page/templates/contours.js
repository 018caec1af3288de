/* Pitch contours: the average way from note to note, and vibrato ------------------------------------------------------ */

const contours = document.getElementById("contours");
const unseen = new Set(["floor"]); // systems that are not drawn
const MEASURED = 0, CURVE = 7, NOTES = 6; // of a row of transitions, of vibrato

function curvePanel(chart, direction, curves, systems, all) {
  const [width, height, left, bottom] = [Math.max(chart.clientWidth, 240), 230, 20, 30];
  const times = data.curveTimes, [first, last] = [times[0], times.at(-1)];
  const shown = systems.filter((s) => curves[s]?.[MEASURED] && !unseen.has(s));
  const heights = shown.flatMap((s) => curves[s][CURVE]).filter((v) => v != null).map((v) => v / 1000);
  const [low, high] = [Math.max(-1, Math.min(-0.2, ...heights)), Math.min(2, Math.max(1.25, ...heights))]; // a lost F0 must not flatten all
  const x = (ms) => left + (width - left - 16) * (ms - first) / (last - first);
  const up = (v) => 6 + (height - bottom - 6) * (high - v) / (high - low);
  const y = direction === "up" ? up : (v) => up(high + low - v);
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Average transition ${direction}` });
  for (const [level, name] of [[0, "note before"], [1, "note after"]]) {
    picture.append(svg("line", { class: "level", x1: left, x2: width, y1: y(level), y2: y(level) }));
    const end = level ? "start" : "end";
    picture.append(svg("text", { class: "tick", x: level ? left : width - 12, y: y(level) - 5, "text-anchor": end }, name));
  }
  for (let ms = first; ms <= last; ms += 100) {
    picture.append(svg("line", { class: "rule", x1: x(ms), x2: x(ms), y1: 4, y2: height - bottom }));
    picture.append(svg("text", { class: "tick", x: x(ms), y: height - 12, "text-anchor": "middle" }, ms ? signed(ms) : "0 ms"));
  }
  for (const system of [...shown].sort((a, b) => isCompetitor(a) - isCompetitor(b))) {
    const line = svg("g", { class: `line ${kindOf(system)}`, style: `--colour: ${colourOf(system, all)}` });
    let pen = "M";
    const path = curves[system][CURVE].map((v, k) => {
      const step = v == null ? "" : `${pen}${x(times[k]).toFixed(1)} ${y(Math.max(low, Math.min(high, v / 1000))).toFixed(1)}`;
      pen = v == null ? "M" : "L";
      return step;
    }).join("");
    line.append(svg("title", {}, `${named(system)}, ${curves[system][MEASURED]} transitions`), svg("path", { d: path }));
    picture.append(line);
  }
  if (!shown.length) picture.append(svg("text", { class: "nothing", x: width / 2, y: height / 2 }, "no transition could be measured"));
  chart.replaceChildren(picture);
}

function vibratoPanel(chart, vibrato, systems, all) {
  const [width, height, left, bottom] = [Math.max(chart.clientWidth, 240), 230, 40, 30];
  const shown = systems.filter((s) => vibrato[s]?.[NOTES].length && !unseen.has(s));
  const notes = shown.flatMap((s) => vibrato[s][NOTES]);
  const step = niceStep(Math.max(40, ...notes.map(([, extent]) => extent)) / 4);
  const top = Math.ceil(Math.max(40, ...notes.map(([, extent]) => extent)) / step) * step;
  const x = (rate) => left + (width - left - 12) * (rate - 4) / 4.5; // Hz that count as vibrato
  const y = (extent) => 6 + (height - bottom - 6) * (1 - extent / top);
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Rate and extent of vibrato" });
  for (let v = 0; v <= top + 1e-9; v += step) picture.append(svg("line", { class: "rule", x1: left, x2: width, y1: y(v), y2: y(v) }), svg("text", { class: "tick", x: left - 6, y: y(v) + 3.5, "text-anchor": "end" }, v ? String(v) : "cents"));
  for (let rate = 4; rate <= 8; rate++) picture.append(svg("text", { class: "tick", x: x(rate), y: height - 12, "text-anchor": "middle" }, rate === 4 ? "4 Hz" : String(rate)));
  for (const system of shown) {
    const dots = svg("g", { class: `dots ${kindOf(system)}`, style: `--colour: ${colourOf(system, all)}` });
    for (const [rate, extent] of vibrato[system][NOTES]) dots.append(svg("circle", { cx: x(rate).toFixed(1), cy: y(extent).toFixed(1), r: isCompetitor(system) ? 3 : 4 }, svg("title", {}, `${named(system)}: ${rate} Hz, ${extent} cents`)));
    picture.append(dots);
  }
  if (!shown.length) picture.append(svg("text", { class: "nothing", x: (left + width) / 2, y: height / 2 }, "no vibrato was found"));
  chart.replaceChildren(picture);
}

function contourTables({ transitions, vibrato }, systems) {
  const heading = (system) => make("th", { scope: "row", textContent: named(system) });
  const digits = [0, 0, 1, 1, 1];
  const shapes = Object.entries(transitions).flatMap(([direction, of]) => systems.filter((s) => of[s]).map((s) => {
    const [n, written, ...figures] = of[s].slice(0, CURVE);
    return make("tr", { className: kindOf(s) }, heading(s), make("td", { textContent: direction }), numberCell(n, 0), numberCell(written, 0), ...figures.map((v, k) => numberCell(v, digits[k])));
  }));
  const head = headRow(["System", "Step", "Measured", "of", "Start, ms from the beat", "10–90 %, ms", "Overshoot, %", "Preparation, %", "Curve’s distance, %"]);
  head.rows[0].cells[1].className = "";
  contours.querySelector(".transitions").replaceChildren(head, make("tbody", { className: "systems" }, ...shapes));
  const rows = systems.filter((s) => vibrato[s]).map((s) => {
    const [sustained, share, rate, rateSd, extent, extentSd] = vibrato[s];
    return make("tr", { className: kindOf(s) }, heading(s), numberCell(sustained, 0), numberCell(share, 0), numberCell(rate, 2), numberCell(rateSd, 2), numberCell(extent, 0), numberCell(extentSd, 0));
  });
  contours.querySelector(".vibrato").replaceChildren(headRow(["System", "Long notes", "With vibrato, %", "Rate, Hz", "±", "Extent, cents", "±"]), make("tbody", { className: "systems" }, ...rows));
}

function showContours() {
  const set = contours.querySelector(".set").value, of = data.contours[set];
  const present = new Set([...Object.values(of.transitions), of.vibrato].flatMap(Object.keys));
  const all = data.values[set].systems, systems = all.filter((s) => present.has(s));
  drawLegend(contours.querySelector(".legend-row"), systems, unseen, showContours, { all });
  for (const chart of contours.querySelectorAll("[data-direction]")) {
    const curves = of.transitions[chart.dataset.direction];
    chart.parentElement.hidden = !curves;
    if (curves) curvePanel(chart, chart.dataset.direction, curves, systems, all);
  }
  vibratoPanel(contours.querySelector("[data-vibrato]"), of.vibrato, systems, all);
  contourTables(of, systems);
}

if (contours) {
  offerSets(contours.querySelector(".set"), Object.keys(data.contours), showContours);
  whenIdle(showContours);
  onNewWidth(showContours);
}

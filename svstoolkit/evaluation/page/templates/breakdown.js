/* Where it fails: errors by phone and by pitch --------------------------------------------------------------------- */

const breakdown = document.getElementById("breakdown");
const NOTE_NAMES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const noteName = (midi) => `${NOTE_NAMES[midi % 12]}${Math.floor(midi / 12) - 1}`;
const muted = new Set(["ground_truth", "floor"]); // systems whose line is not drawn
let by = "phone";

function systemsOf(keys) { // in the overview's order, the recording itself left out: it has no errors
  const found = new Set(Object.values(keys).flatMap((of) => Object.keys(of)));
  found.delete("ground_truth");
  return [...found];
}

function showBreakdown() {
  const of = data.breakdown[breakdown.querySelector(".set").value];
  if (!of[by]) by = Object.keys(of)[0];
  for (const button of breakdown.querySelectorAll("[data-by]")) {
    button.hidden = !of[button.dataset.by];
    button.setAttribute("aria-pressed", String(button.dataset.by === by));
  }
  const error = Number(breakdown.querySelector(".error").value);
  heatTable(of[by], error);
  drawChart(of[by], error);
}

function heatTable(keys, error) {
  const { decimals } = data.errors[error];
  const systems = systemsOf(keys);
  const shaded = Object.values(keys).flatMap((of) => systems.filter(isCompetitor).map((s) => of[s]?.[error + 1])).filter((v) => v != null);
  const [low, high] = [Math.min(...shaded), Math.max(...shaded)];
  const rows = Object.entries(keys).map(([key, of]) => {
    const title = make("th", { scope: "row", textContent: by === "pitch" ? noteName(Number(key)) : key });
    if (by === "pitch") title.dataset.value = key;
    const seconds = Math.max(...Object.values(of).map(([frames]) => frames)) * data.frame;
    const cells = systems.map((system) => {
      const value = of[system]?.[error + 1];
      const cell = numberCell(value, decimals);
      if (value != null && isCompetitor(system)) cell.style.setProperty("--heat", `${(60 * (value - low) / (high - low || 1)).toFixed(1)}%`);
      cell.classList.toggle("aside", !isCompetitor(system));
      return cell;
    });
    return make("tr", {}, title, numberCell(seconds, 1), ...cells);
  });
  const table = breakdown.querySelector("table");
  const head = headRow([by === "pitch" ? "Pitch" : "Phone", "Sung, s", ...systems.map(named)]);
  table.replaceChildren(head, make("tbody", { className: "systems" }, ...rows));
  if (by === "phone" && systems.length) { // the worst on top
    const column = 2 + Math.max(0, systems.findIndex(isCompetitor));
    for (let twice = 0; twice < 2; twice++) sortBy(table.tHead.rows[0].cells[column]);
  }
}

/* A line per system over pitch, above bars of how much of each pitch is sung */

function drawChart(keys, error) {
  const [chart, legend] = [breakdown.querySelector(".chart"), breakdown.querySelector(".legend-row")];
  chart.hidden = legend.hidden = by !== "pitch";
  if (by !== "pitch") return;
  const systems = systemsOf(keys);
  const lines = systems.filter((system) => !muted.has(system));
  const pitches = Object.keys(keys).map(Number).sort((a, b) => a - b);
  const values = lines.flatMap((s) => pitches.map((p) => keys[p][s]?.[error + 1])).filter((v) => v != null);
  const [width, height, left, bottom] = [Math.max(chart.clientWidth, 280), 250, 38, 26];
  const step = niceStep(Math.max(...values, 1e-6) / 4);
  const top = Math.max(step, Math.ceil(Math.max(...values, 0) / step) * step);
  const x = (p) => left + (width - left - 14) * (p - pitches[0] + 0.5) / (pitches.at(-1) - pitches[0] + 1);
  const y = (v) => 8 + (height - bottom - 8) * (1 - v / top);
  const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${data.errors[error].title} by pitch` });
  for (let v = 0; v <= top + 1e-9; v += step) {
    picture.append(svg("line", { class: "rule", x1: left, x2: width, y1: y(v), y2: y(v) }), svg("text", { class: "tick", x: left - 6, y: y(v) + 3.5, "text-anchor": "end" }, String(+v.toPrecision(3))));
  }
  const frames = (p) => Math.max(...Object.values(keys[p]).map(([n]) => n));
  const most = Math.max(...pitches.map(frames));
  const room = (width - left - 14) / (pitches.at(-1) - pitches[0] + 1);
  for (const p of pitches) {
    const tall = 0.3 * (height - bottom) * frames(p) / most;
    picture.append(svg("rect", { class: "amount", x: x(p) - room * 0.38, width: room * 0.76, y: y(0) - tall, height: tall }, svg("title", {}, `${noteName(p)}: ${(frames(p) * data.frame).toFixed(1)} s`)));
    if (room > 24 || p % 12 === 0 || pitches.length < 5) picture.append(svg("text", { class: "tick", x: x(p), y: height - 8, "text-anchor": "middle" }, noteName(p)));
  }
  for (const system of lines) picture.append(systemLine(system, colourOf(system, systems), pitches, keys, error, x, y));
  chart.replaceChildren(picture);
  drawLegend(legend, systems, muted, showBreakdown);
}

function systemLine(system, colour, pitches, keys, error, x, y) {
  const group = svg("g", { class: "line", style: `--colour: ${colour}` });
  const sung = pitches.filter((p) => keys[p][system]?.[error + 1] != null);
  group.append(svg("path", { d: sung.map((p, k) => `${k ? "L" : "M"}${x(p).toFixed(1)} ${y(keys[p][system][error + 1]).toFixed(1)}`).join("") }));
  for (const p of sung) {
    const value = keys[p][system][error + 1];
    group.append(svg("circle", { cx: x(p).toFixed(1), cy: y(value).toFixed(1), r: 3 }, svg("title", {}, `${named(system)}, ${noteName(p)}: ${value}`)));
  }
  return group;
}

if (breakdown) {
  const [error, set] = [breakdown.querySelector(".error"), breakdown.querySelector(".set")];
  data.errors.forEach(({ title }, k) => error.add(new Option(title, k)));
  offerSets(set, Object.keys(data.breakdown), showBreakdown);
  error.addEventListener("change", showBreakdown);
  for (const button of breakdown.querySelectorAll("[data-by]")) button.addEventListener("click", () => { by = button.dataset.by; showBreakdown(); });
  whenIdle(showBreakdown);
  onNewWidth(showBreakdown);
}

/* Pairs of systems: a matrix of differences, drawn when it is opened ------------------------------------------------ */

const comparisons = document.getElementById("comparisons");
comparisons?.addEventListener("toggle", () => {
  const sets = Object.fromEntries(Object.entries(data.comparisons).map(([set, metrics]) => [set, Object.keys(metrics)]));
  offerChoices(comparisons, sets, showMatrix);
}, { once: true });

function showMatrix(set, metric) {
  const { higher, decimals, unit } = data.metrics[metric];
  const pairs = new Map(); // "row\ncolumn" → comparison with the row's system first
  const systems = new Set();
  for (const [a, b, n, difference, ci, p, pHolm, significant, decidable] of data.comparisons[set][metric]) {
    systems.add(a).add(b);
    const turned = ci && [-ci[1], -ci[0]];
    pairs.set(`${a}\n${b}`, { n, difference, ci, p, pHolm, significant, decidable });
    pairs.set(`${b}\n${a}`, { n, difference: difference == null ? null : -difference, ci: turned, p, pHolm, significant, decidable });
  }
  const show = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(decimals)}`;
  const cell = (row, column) => {
    const pair = pairs.get(`${row}\n${column}`);
    if (!pair || pair.difference == null) return make("td", { className: "number absent", textContent: row === column ? "" : "–" });
    const better = pair.significant && (pair.difference > 0) === higher;
    const stars = pair.significant ? "*".repeat(pair.pHolm < 0.001 ? 3 : pair.pHolm < 0.01 ? 2 : 1) : "";
    const interval = pair.ci ? `${show(pair.ci[0])} … ${show(pair.ci[1])}` : "no interval";
    return make("td", {
      className: `number ${better ? "better" : pair.significant ? "worse" : "even"}`,
      title: `n = ${pair.n}, p = ${pair.p}, corrected ${pair.pHolm}`,
    }, `${show(pair.difference)}${stars}`, make("small", { textContent: `${interval} n=${pair.n}` }));
  };
  const head = make("tr", {}, make("th", { scope: "col", textContent: unit }), ...[...systems].map((s) => make("th", { scope: "col", className: "number", textContent: named(s) })));
  const rows = [...systems].map((row) => make("tr", {}, make("th", { scope: "row", textContent: named(row) }), ...[...systems].map((column) => cell(row, column))));
  comparisons.querySelector(".matrix").replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  document.getElementById("few").hidden = [...pairs.values()].some((pair) => pair.decidable);
}

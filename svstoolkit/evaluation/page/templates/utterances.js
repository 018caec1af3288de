/* Per utterance ------------------------------------------------------------------------------------------------------ */

function tabulate(set, metric) {
  const { utterances, systems, metrics } = data.values[set];
  const { decimals } = data.metrics[metric];
  const columns = systems.map((system, k) => [system, metrics[metric][k]]).filter(([, values]) => values);
  const rows = utterances.map((utterance, k) => {
    const anchor = data.anchors[`${set.split("/")[0]}\n${utterance}`];
    const title = anchor ? make("a", { textContent: utterance, href: `#${encodeURIComponent(anchor)}` }) : utterance;
    return make("tr", {}, make("th", { scope: "row" }, title), ...columns.map(([, values]) => numberCell(values[k], decimals)));
  });
  const head = headRow(["Utterance", ...columns.map(([system]) => named(system))]);
  document.getElementById("per-utterance").replaceChildren(head, make("tbody", { className: "systems" }, ...rows));
}

whenIdle(() => {
  const sets = Object.fromEntries(Object.entries(data.values).map(([set, { metrics }]) => [set, Object.keys(metrics)]));
  offerChoices(document.getElementById("utterances"), sets, tabulate);
});

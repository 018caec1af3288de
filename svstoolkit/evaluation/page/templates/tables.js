/* Tables: elements, sorting, groups of metrics ------------------------------------------------------------------- */

const named = (system) => system.replaceAll("_", " ");
const isCompetitor = (system) => !(system in data.kinds);

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

function headRow(titles) { // every heading sorts; all but the first stand over numbers
  const cells = titles.map((title, k) => {
    const th = make("th", { scope: "col", className: k ? "number" : "" });
    th.append(make("button", { type: "button", textContent: title }));
    return th;
  });
  return make("thead", {}, make("tr", {}, ...cells));
}

function numberCell(value, decimals) { // value null or undefined: there is none
  const cell = make("td", { className: "number", textContent: value == null ? "–" : value.toFixed(decimals) });
  cell.dataset.value = value ?? "";
  return cell;
}

function press(group, button) {
  for (const other of group.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
}

function whenNear(element, work) { // once, when the element comes near the window
  const watch = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    work();
  }, { rootMargin: "800px" });
  watch.observe(element);
}

function whenIdle(work) { // soon after the page stands
  if ("requestIdleCallback" in window) requestIdleCallback(work, { timeout: 2000 });
  else setTimeout(work, 200);
}

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
  const compare = (x, y) => {
    if (typeof x === "string" || typeof y === "string") return String(x).localeCompare(String(y), undefined, { numeric: true });
    return x - y;
  };
  const body = table.querySelector("tbody.systems");
  const keyed = [...body.rows].map((row) => [key(row), row]);
  keyed.sort(([x], [y]) => {
    const missing = Number.isNaN(x) - Number.isNaN(y); // what has no value stays last
    return missing || (Number.isNaN(x) ? 0 : compare(x, y) * (ascending ? 1 : -1));
  });
  body.append(...keyed.map(([, row]) => row));
}

document.addEventListener("click", (event) => {
  const header = event.target.closest("table.sortable th");
  if (header && event.target.closest("button")) sortBy(header);
});

const groups = document.querySelector(".groups");
groups?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  press(groups, button);
  for (const table of document.querySelectorAll("table.overview")) showGroup(table, button.dataset.group);
});

function showGroup(table, group) {
  const shown = [...table.tHead.rows[0].cells].map((th, k) =>
    k === 0 || group === "all" || (group === "headline" ? "headline" in th.dataset : th.dataset.group === group));
  for (const row of table.rows) shown.forEach((show, k) => { row.cells[k].hidden = !show; });
}

// Choices of metric and set that offer only what there is, and call `show` at every change
function offerChoices(place, sets, show) { // sets: set → metrics
  const [metric, set] = [place.querySelector(".metric"), place.querySelector(".set")];
  for (const name of Object.keys(sets)) set.add(new Option(data.titles[name] ?? name, name));
  const offer = () => {
    const held = metric.value;
    metric.replaceChildren(...Object.keys(data.metrics).filter((m) => sets[set.value].includes(m)).map((m) => new Option(data.metrics[m].title, m)));
    if (sets[set.value].includes(held)) metric.value = held;
  };
  set.addEventListener("change", () => { offer(); show(set.value, metric.value); });
  metric.addEventListener("change", () => show(set.value, metric.value));
  set.parentElement.hidden = Object.keys(sets).length < 2;
  if (!Object.keys(sets).length) return;
  offer();
  show(set.value, metric.value);
}

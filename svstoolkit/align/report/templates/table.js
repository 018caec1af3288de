/* All utterances, sorted and filtered */

const data = JSON.parse(document.getElementById("data").textContent);
const SHOWN = 200; // rows; filter for others
const table = document.getElementById("table");
const order = { column: 0, down: false };
const isWords = (column) => [1, 2, 3, data.titles.length - 1].includes(column);

function make(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

const head = make("tr", {}, ...data.titles.map((title, column) => {
  const button = make("button", { textContent: title || "#" });
  button.addEventListener("click", () => {
    order.down = order.column === column ? !order.down : !(isWords(column) || column === 0);
    order.column = column;
    tabulate();
  });
  return make("th", { scope: "col", className: isWords(column) ? "words" : "" }, button);
}));
const body = make("tbody");
table.append(make("thead", {}, head), body);

function compare(a, b) { // missing values come last
  const [x, y] = [a[order.column], b[order.column]];
  if (x === null || y === null) return (x === null) - (y === null);
  const sign = order.down ? -1 : 1;
  return sign * (typeof x === "number" ? x - y : x.localeCompare(y)) || a[0] - b[0];
}

function cell(value, column, row) {
  if (column === 1) return make("td", { className: "words" }, row[0] <= data.drawn ? make("a", { href: `#u${row[0]}`, textContent: value }) : value);
  const high = column >= data.numbers[0] + 1 && column < data.numbers[1] && value > data.free;
  const text = value === null ? "–" : typeof value === "number" && column > 3 ? value.toFixed(1) : value;
  return make("td", { className: isWords(column) ? "words" : high ? "high" : "", textContent: text });
}

function tabulate() {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = data.rows.filter((row) => words.every((word) => row.join(" ").toLowerCase().includes(word))).sort(compare);
  body.replaceChildren(...found.slice(0, SHOWN).map((row) => make("tr", {}, ...row.map((value, column) => cell(value, column, row)))));
  head.childNodes.forEach((th, column) => {
    if (column === order.column) th.setAttribute("aria-sort", order.down ? "descending" : "ascending");
    else th.removeAttribute("aria-sort");
  });
  document.getElementById("found").textContent = found.length > SHOWN ? `${SHOWN} of ${found.length} shown` : `${found.length} utterances`;
}

document.getElementById("filter").addEventListener("input", tabulate);
tabulate();

/* What charts share: SVG elements, colours, legends, scales ---------------------------------------------------------- */

const SVG = make("div", { innerHTML: "<svg></svg>" }).firstChild.namespaceURI;
const svg = (tag, attributes, ...children) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const kindOf = (system) => data.kinds[system] ?? "system";

function colourOf(system, systems) {
  return isCompetitor(system) ? `var(--s${systems.filter(isCompetitor).indexOf(system) % 8})` : "var(--target)";
}

// A button per system that shows or hides it; `labels` says more than its name where it stands for several, and `all`
// are the systems that colours are given to
function drawLegend(place, systems, hidden, redraw, { labels = {}, all = systems } = {}) {
  const buttons = systems.map((system) => {
    const label = labels[system] ?? named(system);
    const button = make("button", { type: "button", className: kindOf(system) }, make("i"), label);
    button.style.setProperty("--colour", colourOf(system, all));
    button.setAttribute("aria-pressed", String(!hidden.has(system)));
    button.addEventListener("click", () => {
      if (!hidden.delete(system)) hidden.add(system);
      redraw();
      [...place.querySelectorAll("button")].find((b) => b.textContent === label)?.focus();
    });
    return button;
  });
  place.replaceChildren(...buttons);
}

function onNewWidth(redraw) {
  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; redraw(); } });
}

function offerSets(select, sets, show) { // hidden where there is no choice
  for (const name of sets) select.add(new Option(data.titles[name] ?? name, name));
  select.parentElement.hidden = sets.length < 2;
  select.addEventListener("change", show);
}

function niceStep(size) { // 1, 2 or 5 times a power of ten
  const power = 10 ** Math.floor(Math.log10(size));
  return power * [1, 2, 5, 10].find((m) => m * power >= size);
}

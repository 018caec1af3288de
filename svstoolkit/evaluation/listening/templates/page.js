/* Building blocks ------------------------------------------------------------------------------------------------- */

const content = JSON.parse(document.getElementById("content").textContent);
const kind = content.kind;
const view = document.getElementById("view");

// An element with attributes (functions become event listeners) and children
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null));
  return element;
}

function svg(markup) {
  const holder = document.createElement("template");
  holder.innerHTML = `<svg viewBox="0 0 48 48" aria-hidden="true">${markup}</svg>`;
  return holder.content.firstChild;
}

let keys = () => false; // what the step on show does with a key; returns whether it did anything

// Shows one step: its elements, what its keys do, and where we are on the way
function show(elements, { onkey = () => false, place = "", done = null } = {}) {
  keys = onkey;
  view.replaceChildren(...elements.filter((element) => element !== null));
  document.getElementById("place").textContent = place;
  const progress = document.getElementById("progress");
  progress.hidden = done === null;
  progress.setAttribute("aria-valuenow", Math.round(100 * (done ?? 0)));
  progress.firstElementChild.style.width = `${100 * (done ?? 0)}%`;
  const heading = view.querySelector("h1");
  heading?.setAttribute("tabindex", "-1");
  heading?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const focus = document.activeElement;
  const typing = focus.matches("textarea, input[type=number], input[type=text]");
  if (typing && !(event.key === "Enter" && focus.matches("input"))) return;
  if (focus.matches("button, a") && (event.key === " " || event.key === "Enter")) return; // they do it themselves
  if (keys(event.key)) event.preventDefault();
});

function hint(text, urgent = false) {
  const line = document.getElementById("hint");
  line.textContent = text;
  line.classList.toggle("urgent", urgent);
}

/* Answers: choices for opinions and comparisons, places for rankings, sliders for MUSHRA --------------------------- */

// Radio buttons from the lowest value to the highest; keys 1 … n choose them from the first to the last
function choices(scale, value, onchoice) {
  const inputs = scale.labels.map((label, i) =>
    h("input", { type: "radio", name: scale.name, value: kind.lowest + i, change: () => onchoice(kind.lowest + i) }));
  const number = (i) => kind.lowest < 0 ? null : h("b", {}, String(kind.lowest + i));
  const element = h("div", { class: `choices of${scale.labels.length}`, role: "radiogroup", "aria-label": scale.question },
    inputs.map((input, i) => h("label", {}, input, number(i), h("span", {}, scale.labels[i]))));
  const set = (chosen) => inputs.forEach((input) => { input.checked = Number(input.value) === chosen; });
  set(value);
  return {
    element,
    enable: (on) => inputs.forEach((input) => { input.disabled = !on; }),
    key(key) {
      const i = Number(key) - 1;
      if (!inputs[i] || inputs[i].disabled) return false;
      inputs[i].checked = true;
      onchoice(kind.lowest + i);
      return true;
    },
  };
}

// A row for each stimulus with its player and its place; taking a place that is taken swaps the two
function places(player, values, onchange) {
  const count = values.length;
  const rows = values.map((_, i) => {
    const inputs = values.map((_, place) =>
      h("input", { type: "radio", name: `place-${i}`, value: place + 1, "aria-label": `place ${place + 1}`, change: () => take(i, place + 1) }));
    return { inputs, element: h("div", { class: "row", role: "radiogroup", "aria-label": player.labels[i] }, player.buttons[i],
      h("div", { class: "places" }, inputs.map((input, place) => h("label", {}, input, h("b", {}, String(place + 1)))))) };
  });
  function take(i, place) {
    const other = values.indexOf(place);
    if (other >= 0 && other !== i) values[other] = values[i];
    values[i] = place;
    refresh();
    onchange();
  }
  function refresh() {
    rows.forEach(({ inputs }, i) => inputs.forEach((input, place) => { input.checked = values[i] === place + 1; }));
  }
  refresh();
  return {
    element: h("div", { class: "rows" }, rows.map((row) => row.element)),
    enable: () => {},
    key(key) {
      const place = Number(key);
      if (!(place >= 1 && place <= count) || player.selected >= count) return false;
      take(player.selected, place);
      return true;
    },
  };
}

// A row for each stimulus with its player and a slider from 0 to 100; untouched ones have no value yet
function sliders(player, values, onchange) {
  const bands = ["Bad", "Poor", "Fair", "Good", "Excellent"];
  const rows = values.map((value, i) => {
    const output = h("output", {}, value === null ? "–" : String(value));
    const input = h("input", { type: "range", min: kind.lowest, max: kind.highest, step: 1, value: value ?? 50, "aria-label": `rating of ${player.labels[i]}` });
    const row = h("div", { class: `row${value === null ? " unset" : ""}` }, player.buttons[i], input, output);
    const take = () => {
      values[i] = Number(input.value);
      output.textContent = input.value;
      row.classList.remove("unset");
      onchange();
    };
    input.addEventListener("input", take);
    input.addEventListener("pointerup", take); // to leave it in the middle is an answer, too
    return { row, input };
  });
  // BS.1534-3, section 5.4: only the score of what is being listened to can be changed
  const enable = () => rows.forEach(({ input }, i) => { input.disabled = i !== player.selected || !player.current.plays[i]; });
  enable();
  return {
    element: h("div", { class: "rows sliders" },
      h("div", { class: "bands", "aria-hidden": "true" }, bands.map((band) => h("span", {}, band))), rows.map(({ row }) => row)),
    enable,
    focus: (i) => rows[i]?.input.focus({ preventScroll: true }),
    key: () => false,
  };
}

// What is chosen, by clicks, keys or the address (#image=0&layer=1&unit=3&y=5&x=7), and the page that shows it.
(() => {
  const data = JSON.parse(document.getElementById("explainer-data").textContent);
  const { kinds, about, notes, words } = data.texts;
  const { el, number, filled, plane, photo, square, draw } = parts;
  const tensors = data.tensors.map(values.unpack);
  const [, height, width] = tensors[0].shape;
  const image = { kind: "image", name: "image", layer: "", shape: [height, width, 3], units: 3, inputs: [], output: 0 };
  const PACKED = ["kernel", "bias", "mean", "variance", "gamma", "beta", "scale", "offset", "scores"];
  const steps = [image, ...data.steps];
  for (const step of steps) for (const key of PACKED) if (step[key]) step[key] = values.unpack(step[key]);
  const root = document.getElementById("explainer");
  const LARGE = 336;
  const FEW = 16; // values of a vector that are buttons; more are a square of cells
  const spoken = el("p", { class: "spoken", "aria-live": "polite" }); // stays, so that a screen reader hears it change
  const body = el("div", {});
  root.append(spoken, body);
  const first = Math.max(steps.findIndex(({ kind }) => kind === "conv"), 1);
  const state = { image: 0, layer: first, unit: 0, y: Math.floor(height / 2), x: Math.floor(width / 2), all: false };

  const limit = (value, count) => Math.min(Math.max(Math.round(value) || 0, 0), count - 1);
  const isMap = (step) => step.shape.length === 3;
  const current = () => steps[state.layer];
  const kindOf = ({ kind, how }) => (kind === "pool" ? (how === "max" ? "max" : "average") : kind);
  const within = ({ activation }) => (["linear", undefined].includes(activation?.name) ? "" : `, ${activation.name}`);
  const titleOf = (step) => (step.kind === "maps" ? step.layer : kinds[kindOf(step)]) + within(step);
  const times = (sides) => sides.join(" × ");

  function settle() {
    state.image = limit(state.image, data.images.length);
    state.layer = limit(state.layer, steps.length);
    const [rows, columns] = isMap(current()) ? current().shape : [1, 1];
    state.unit = limit(state.unit, current().units);
    [state.y, state.x] = [limit(state.y, rows), limit(state.x, columns)];
  }

  function choose(changes) {
    const before = current();
    Object.assign(state, changes);
    settle();
    if ("layer" in changes && isMap(before) && isMap(current())) { // the same place, on maps of another size
      for (const [key, side] of [["y", 0], ["x", 1]]) {
        state[key] = limit(((state[key] + 0.5) * current().shape[side]) / before.shape[side] - 0.5, current().shape[side]);
      }
    }
    const { all, ...kept } = state;
    try {
      history.replaceState(null, "", `#${new URLSearchParams(kept)}`);
    } catch {
      // a browser that lets no local page change its address
    }
    show();
  }

  function fromAddress() {
    const found = new URLSearchParams(location.hash.slice(1));
    for (const key of ["image", "layer", "unit", "y", "x"]) if (found.has(key)) state[key] = Number(found.get(key));
    settle();
    show();
  }

  const unitName = (step, unit) => {
    const answers = step === steps[steps.length - 1] && step.units <= data.classes.length && !isMap(step);
    if (step.kind === "image") return ["R", "G", "B"][unit];
    return answers ? data.classes[unit] : `${isMap(step) ? words.map : words.value} ${unit}`;
  };

  function button(key, properties, ...children) {
    return el("button", { type: "button", "data-key": key, ...properties }, ...children);
  }

  function images() {
    return el("div", { class: "choices photos", role: "group", "aria-label": words.images }, data.images.map((one, index) =>
      button(`image-${index}`, { class: "choice", "aria-pressed": String(index === state.image), onclick: () => choose({ image: index }) },
        draw(photo(tensors[0], index), 96, one.name),
        el("span", {}, one.label === null ? one.name : `${words.true}: ${one.label}`),
        el("span", {}, `${words.predicted}: ${one.predicted} (${(100 * one.probability).toFixed(1)} %)`))));
  }

  function layers() {
    const list = el("ol", { start: "0" }, steps.map((step, index) =>
      el("li", {}, button(`layer-${index}`, { "aria-current": index === state.layer ? "step" : null, onclick: () => choose({ layer: index }) },
        el("b", {}, `${index} · ${titleOf(step)}`),
        el("span", {}, step.kind === "image" ? times(step.shape) : `${step.name} · ${times(step.shape)}`)))));
    return el("nav", { "aria-label": words.layers }, list);
  }

  function units(step) {
    const tensor = tensors[step.output];
    if (!isMap(step) && step.units > FEW) return cells(step, tensor);
    const limits = isMap(step) ? undefined : [Math.min(...values.vector(tensor, state.image)), Math.max(...values.vector(tensor, state.image))];
    return el("div", { class: "choices", role: "group", "aria-label": isMap(step) ? words.maps : words.values },
      Array.from({ length: step.units }, (_, unit) =>
        button(`unit-${unit}`, { class: "choice", "aria-pressed": String(unit === state.unit), onclick: () => choose({ unit }) },
          draw({ ...plane(tensor, state.image, unit), limits }, isMap(step) ? 64 : 32, ""),
          el("span", {}, unitName(step, unit)),
          isMap(step) ? null : el("span", {}, number(values.at(tensor, state.image, unit, 0, 0))))));
  }

  function cells(step, tensor) {
    const whole = square(tensor, state.image, step.units);
    const mark = [Math.floor(state.unit / whole.width), state.unit % whole.width, 1, 1];
    const pick = (y, x) => choose({ unit: limit(y * whole.width + x, step.units) });
    return el("div", {}, pointed(whole, [mark], 224, words.values, pick, mark), entry("position", "unit", step.units));
  }

  // A canvas whose places are chosen by a click, or by the arrow keys.
  function pointed(of, marks, size, label, pick, [y, x]) {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const canvas = draw(of, size, `${label}. ${words.click}`, marks, {
      class: "pointed", tabindex: "0", "data-key": `canvas-${label}`,
      onclick: (event) => {
        const box = canvas.getBoundingClientRect();
        pick(limit(((event.clientY - box.top) / box.height) * of.height - 0.5, of.height),
          limit(((event.clientX - box.left) / box.width) * of.width - 0.5, of.width));
      },
      onkeydown: (event) => {
        if (!(event.key in moves)) return;
        event.preventDefault();
        const [down, right] = moves[event.key];
        pick(limit(y + down, of.height), limit(x + right, of.width));
      },
    });
    return canvas;
  }

  function entry(word, key, count) {
    return el("label", { class: "entry" }, words[word],
      el("input", { type: "number", min: 0, max: count - 1, value: state[key], "data-key": `entry-${key}`,
        onchange: (event) => choose({ [key]: Number(event.target.value) }) }));
  }

  function place(step) {
    if (!isMap(step)) return seen(step);
    const label = `${titleOf(step)}, ${unitName(step, state.unit)}`;
    const map = pointed(plane(tensors[step.output], state.image, state.unit), [[state.y, state.x, 1, 1]], LARGE, label,
      (y, x) => choose({ y, x }), [state.y, state.x]);
    return el("div", { class: "row" },
      el("figure", {}, map, el("figcaption", {}, words.click),
        el("div", {}, entry("row", "y", step.shape[0]), entry("column", "x", step.shape[1]))),
      seen(step));
  }

  function seen(step) {
    if (step.kind === "image") return null;
    if (!step.sees) return el("p", { class: "note" }, words.everything);
    const [top, left] = [0, 1].map((side) => {
      const [start, end, stride] = step.sees[side];
      const at = side ? state.x : state.y;
      const from = Math.max(0, start + at * stride);
      return [from, Math.min([height, width][side], end + at * stride + 1) - from];
    });
    const picture = draw(photo(tensors[0], state.image), LARGE / 2, words.sees, [[top[0], left[0], top[1], left[1]]]);
    return el("figure", {}, picture, el("figcaption", {}, `${words.sees}: ${top[1]} × ${left[1]}`));
  }

  function head(step) {
    const kind = kindOf(step);
    const formula = step.activation ? explained.formula(step.activation) : "";
    const told = filled(step.large ? notes.large : about[kind], { size: times(step.size ?? []), stride: step.strides?.[0] ?? "", formula });
    const channels = step.shape[step.shape.length - 1];
    const hidden = step.inputs.some((place) => !steps.some(({ output }) => output === place));
    const shown = filled(step.units < channels ? notes.some : notes.all, { shown: step.units, all: channels });
    const move = (by, word) => button(`move-${by}`, { disabled: steps[state.layer + by] ? null : "", onclick: () => choose({ layer: state.layer + by }) }, words[word]);
    return [
      el("div", { class: "moves" }, move(-1, "previous"), move(1, "next")),
      el("h2", {}, `${state.layer} · ${titleOf(step)}`),
      step.kind === "image" ? null : el("p", { class: "note" }, el("code", {}, step.name), ` · ${step.layer} · ${times(step.shape)}`),
      el("p", {}, told, hidden ? ` ${notes.between}` : ""),
      el("h3", {}, isMap(step) ? words.maps : words.values),
      el("p", { class: "note" }, shown, isMap(step) ? ` ${notes.own_scale}` : ""),
    ];
  }

  function show() {
    const kept = document.activeElement?.dataset?.key;
    const step = current();
    const shown = explained.value(step, steps, tensors, state, data, unitName, (all) => choose({ all }));
    const [nav, scrolled] = [layers(), body.querySelector("nav")];
    const [left, top] = [scrolled?.scrollLeft ?? 0, scrolled?.scrollTop ?? 0];
    body.replaceChildren(images(), el("div", { class: "explainer" }, nav,
      el("section", { "aria-label": titleOf(step) }, head(step), units(step), place(step), shown.section)));
    spoken.textContent = shown.told;
    [nav.scrollLeft, nav.scrollTop] = [left, top];
    reveal(nav, nav.querySelector("[aria-current]"));
    if (kept) body.querySelector(`[data-key="${CSS.escape(kept)}"]`)?.focus({ preventScroll: true });
  }

  // The layer that is chosen is within the list's frame; the page itself stays where it is.
  function reveal(nav, item) {
    const [frame, box] = [nav.getBoundingClientRect(), item.getBoundingClientRect()];
    nav.scrollLeft += Math.max(0, box.right - frame.right) - Math.max(0, frame.left - box.left);
    nav.scrollTop += Math.max(0, box.bottom - frame.bottom) - Math.max(0, frame.top - box.top);
  }

  window.addEventListener("hashchange", fromAddress);
  const explained = explain(data.texts);
  fromAddress();
})();

// How one value of a layer comes about, kind by kind, and beside it the network's own.
function explain({ about, kinds, words }) {
  const { el, number, filled, plane, draw, grid, list } = parts;
  const FEW = 3; // channels of a convolution, until all are asked for
  const TERMS = 10; // of a dense layer, and classes

  const FORMULAS = {
    linear: () => "x",
    relu: ({ most, slope }) => {
      const low = slope ? `max(${slope}x, x)` : "max(0, x)";
      return most === null || most === undefined ? low : `min(${most}, ${low})`;
    },
    leaky_relu: ({ slope }) => `max(${number(slope)}x, x)`,
    elu: () => "x > 0 ? x : eˣ − 1",
    tanh: () => "tanh(x)",
    sigmoid: () => "1 / (1 + e⁻ˣ)",
    silu: () => "x / (1 + e⁻ˣ)",
    softplus: () => "log(1 + eˣ)",
    softmax: () => "softmax",
  };
  const formula = (activation) => FORMULAS[activation.name](activation);
  const line = (...text) => el("p", { class: "sum" }, ...text);
  const signed = (value) => (value < 0 ? ` − ${number(-value, 4)}` : ` + ${number(value, 4)}`);
  const factor = (value) => (value < 0 ? `(${number(value, 4)})` : number(value, 4));
  const sumOf = (terms) => number(terms[0], 4) + terms.slice(1).map(signed).join("");
  const bySize = (items, size) => [...items].sort((a, b) => Math.abs(size(b)) - Math.abs(size(a)));

  // The map before, with the place that is read marked.
  function before(tensor, image, channel, mark) {
    const label = `${words.channel} ${channel}`;
    return el("figure", { class: "source" }, draw(plane(tensor, image, channel), 96, label, mark ? [mark] : []),
      el("figcaption", {}, label));
  }

  function windowMark(step, { y, x }) {
    const reach = [0, 1].map((side) => (step.size[side] - 1) * step.dilation[side] + 1);
    return [y * step.strides[0] - step.pad[0], x * step.strides[1] - step.pad[1], ...reach];
  }

  function channelBlock(step, tensor, state, { channel, window, kernel, products, sum }, pixels) {
    const sign = (text) => el("span", { class: "sign", "aria-hidden": "true" }, text);
    return el("div", { class: "chain" },
      before(tensor, state.image, channel, windowMark(step, state)),
      grid(window, `${words.window}, ${words.channel} ${channel}`, { pixels }), sign("×"),
      grid(kernel, words.kernel), sign("="), grid(products, words.products),
      el("p", { class: "sum" }, `${words.sum}: `, el("b", {}, number(sum, 4))));
  }

  function convolution(step, tensor, state, found, toggle) {
    const { channels } = found;
    const few = channels.length > FEW && !state.all;
    const shown = few ? bySize(channels, ({ sum }) => sum).slice(0, FEW) : channels;
    const rest = found.sum - shown.reduce((sum, one) => sum + one.sum, 0);
    const sums = shown.map(({ sum }) => sum);
    const outside = shown.some(({ window }) => window.flat().includes(null));
    const switched = channels.length > FEW
      ? el("button", { type: "button", "data-key": "all", onclick: () => toggle(few) }, few ? filled(words.show_all, { n: channels.length }) : words.show_few)
      : null;
    return [
      el("p", { class: "note" }, words.signs, few ? ` ${words.strongest_channels}` : ""),
      shown.map((one) => channelBlock(step, tensor, state, one, state.pixels)),
      outside ? el("p", { class: "note" }, words.padding) : null,
      few ? line(`${filled(words.others, { n: channels.length - shown.length })}: ${number(rest, 4)}`) : null,
      switched,
      channels.length > 1 ? line(`${words.sum}: ${sumOf(few ? [...sums, rest] : sums)} = `, el("b", {}, number(found.sum, 4))) : null,
      weighed(step, found),
    ];
  }

  // What follows the sum of the products: the bias, and the activation function within the layer.
  function weighed(step, found) {
    const biased = step.bias
      ? line(`${words.sum} + ${words.bias}: ${sumOf([found.sum, found.bias])} = `, el("b", {}, number(found.before, 4)))
      : el("p", { class: "note" }, words.no_bias);
    return [biased, ["linear", "softmax"].includes(step.activation.name) ? null : activated(step, found.before, found.value)];
  }

  function activated(step, x, value) {
    return line(`x = ${number(x, 4)}, ${formula(step.activation)} = `, el("b", {}, number(value, 4)));
  }

  function pooling(step, tensor, state, found) {
    const max = step.how === "max";
    const label = `${words.window}, ${words.channel} ${state.unit}`;
    const told = max ? words.largest : filled(words.mean_of, { n: found.count });
    return [
      el("div", { class: "chain" }, before(tensor, state.image, state.unit, windowMark(step, state)),
        grid(found.window, label, { kept: (value) => max && value === found.value })),
      found.window.flat().includes(null) ? el("p", { class: "note" }, words.outside) : null,
      line(`${told}: ${max ? "" : `${number(found.sum, 4)} / ${found.count} = `}`, el("b", {}, number(found.value, 4))),
    ];
  }

  function normalisation(step, tensor, state, { x, mean, variance, gamma, beta, scale, shift, value }) {
    return [
      single(tensor, state),
      line(`${words.scale_shift}: γ / √(σ² + ε) = ${number(gamma, 4)} / √(${number(variance, 4)} + ${step.epsilon}) = `, el("b", {}, number(scale, 4)),
        `; β − μ · ${number(scale, 4)} = ${number(beta, 4)} − ${factor(mean)} · ${factor(scale)} = `, el("b", {}, number(shift, 4))),
      line(`${number(scale, 4)} · ${factor(x)}${signed(shift)} = `, el("b", {}, number(value, 4))),
    ];
  }

  function single(tensor, state) {
    return tensor.shape.length === 4 ? before(tensor, state.image, state.unit, [state.y, state.x, 1, 1]) : null;
  }

  // Where an input of a dense layer lies on the maps that were flattened, if they were.
  function origin(step, steps) {
    const flat = steps.find(({ kind, output }) => kind === "flatten" && output === step.inputs[0]);
    if (!flat) return (index) => `${words.input} ${index}`;
    const [, width, channels] = steps.find(({ output }) => output === flat.inputs[0])?.shape ?? [0, 1, 1];
    return (index) => {
      const place = Math.floor(index / channels);
      return `${words.input} ${index} (${words.row} ${Math.floor(place / width)}, ${words.column} ${place % width}, ${words.channel} ${index % channels})`;
    };
  }

  function dense(step, steps, found, name) {
    const sorted = bySize(found.terms, ({ product }) => product);
    const where = origin(step, steps);
    const rows = sorted.slice(0, TERMS).map(({ index, input, weight, product }) =>
      ({ cells: [where(index), number(input), number(weight), number(product)] }));
    const rest = sorted.slice(TERMS);
    if (rest.length) {
      const sum = rest.reduce((whole, { product }) => whole + product, 0);
      rows.push({ cells: [filled(words.other_inputs, { n: rest.length }), "", "", number(sum)] });
    }
    return [
      el("p", { class: "note" }, words.strongest),
      list([name, words.value, words.weight, words.product], rows),
      line(`${words.sum}: `, el("b", {}, number(found.sum, 4))),
      weighed(step, found),
    ];
  }

  function probabilities(scores, state, data) {
    const { powers, sum, probabilities: shares } = values.softmax(scores);
    const largest = Math.max(...scores);
    const order = scores.map((_, unit) => unit).sort((a, b) => scores[b] - scores[a]);
    const shown = order.slice(0, TERMS);
    if (!shown.includes(state.unit)) shown.push(state.unit);
    const nameOf = (unit) => (data.classes.length === scores.length ? data.classes[unit] : String(unit));
    const bar = (share) => el("span", { class: "bar", style: `--share: ${share}` }, `${(100 * share).toFixed(2)} %`);
    const rows = shown.map((unit) => ({
      chosen: unit === state.unit,
      cells: [nameOf(unit), number(scores[unit]), number(powers[unit]), bar(shares[unit])],
    }));
    const rest = order.filter((unit) => !shown.includes(unit));
    const add = (numbers) => rest.reduce((whole, unit) => whole + numbers[unit], 0);
    if (rest.length) rows.push({ cells: [filled(words.other_classes, { n: rest.length }), "", number(add(powers)), bar(add(shares))] });
    return {
      value: shares[state.unit],
      nodes: [
        el("h3", {}, kinds.softmax),
        el("p", {}, about.softmax),
        el("p", { class: "note" }, words.less_largest),
        list([words.class, words.score, words.exp, words.probability], rows),
        line(`${nameOf(state.unit)}: exp(${number(scores[state.unit], 4)} − ${number(largest, 4)}) / ${number(sum, 4)} = ${number(powers[state.unit], 4)} / ${number(sum, 4)} = `,
          el("b", {}, number(shares[state.unit], 4))),
      ],
    };
  }

  function workings(step, steps, tensors, state, data, found, name, toggle) {
    const [tensor] = step.inputs.map((place) => tensors[place]);
    const ways = {
      conv: () => convolution(step, tensor, state, found, toggle),
      depthwise: () => convolution(step, tensor, state, found, toggle),
      pool: () => pooling(step, tensor, state, found),
      norm: () => normalisation(step, tensor, state, found),
      scale: () => [single(tensor, state),
        line(`${number(step.scale.data[state.unit], 4)} · ${factor(found.x)}${signed(step.offset.data[state.unit])} = `, el("b", {}, number(found.value, 4)))],
      activation: () => [single(tensor, state), activated(step, found.x, found.value)],
      add: () => line(`${sumOf(found.terms)} = `, el("b", {}, number(found.value, 4))),
      flatten: () => {
        const { y, x, channel } = found.place;
        return [before(tensor, state.image, channel, [y, x, 1, 1]), line(filled(words.from_map, { n: state.unit, y, x, c: channel }))];
      },
      mean: () => [before(tensor, state.image, state.unit), line(`${filled(words.mean_of, { n: found.count })}: ${number(found.sum, 4)} / ${found.count} = `, el("b", {}, number(found.value, 4)))],
      dense: () => dense(step, steps, found, name),
      softmax: () => [],
    };
    return ways[step.kind]();
  }

  // The section of one value: how it comes about where that is known, and the network's own.
  function value(step, steps, tensors, state, data, unitName, toggle) {
    const own = values.at(tensors[step.output], state.image, state.unit, state.y, state.x);
    const found = step.kind === "image" ? null : values.compute(step, tensors, state.image, state.unit, state.y, state.x);
    const [nodes, pixels] = [[], step.inputs[0] === 0];
    let reached = found?.value;
    if (found) nodes.push(...[workings(step, steps, tensors, { ...state, pixels }, data, found, words.input, toggle)].flat(3));
    const scores = step.scores ? values.vector(step.scores, state.image) : found?.scores;
    if (scores) {
      const softmax = probabilities(scores, state, data);
      nodes.push(...softmax.nodes);
      reached = softmax.value;
    }
    const where = step.shape.length === 3 ? `${unitName(step, state.unit)}, ${words.row} ${state.y}, ${words.column} ${state.x}` : unitName(step, state.unit);
    const computed = reached === undefined ? [] : [`${words.computed}: `, el("b", {}, number(reached, 4)), " · "];
    const beside = reached === undefined ? "" : ` · ${words.difference}: ${number(Math.abs(reached - own), 4)}`;
    const last = step.kind === "image"
      ? el("p", { class: "own" }, `${words.value}: `, el("b", {}, number(own)))
      : el("p", { class: "own" }, computed, `${words.own}: `, el("b", {}, number(own, 4)), beside);
    const section = el("div", { class: "working" }, el("h3", {}, reached === undefined ? where : `${words.how}: ${where}`), nodes, last);
    return { section, told: `${where}. ${last.textContent}` };
  }

  return { formula, value };
}

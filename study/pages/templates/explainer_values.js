// The arithmetic of the page: arrays as they are embedded, and each value of a layer from the values before it.
const values = (() => {
  function half(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
  }

  function unpack({ kind, shape, scale, data }) {
    const raw = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    if (kind === "uint8") return { shape, data: raw };
    if (kind === "float32") return { shape, data: new Float32Array(raw.buffer) };
    return { shape, data: Float32Array.from(new Uint16Array(raw.buffer), (bits) => half(bits) * scale) };
  }

  // Of maps (images, height, width, channels) or vectors (images, values), which have one place.
  function at(tensor, image, unit, y, x) {
    const [, height, width, channels] = sides(tensor);
    return tensor.data[((image * height + y) * width + x) * channels + unit];
  }

  function sides({ shape }) {
    return shape.length === 4 ? shape : [shape[0], 1, 1, shape[1]];
  }

  const FUNCTIONS = {
    linear: (x) => x,
    relu: (x, { most, slope }) => Math.min(x < 0 ? (slope || 0) * x : x, most ?? Infinity),
    leaky_relu: (x, { slope }) => (x < 0 ? slope * x : x),
    elu: (x) => (x < 0 ? Math.expm1(x) : x),
    tanh: Math.tanh,
    sigmoid: (x) => 1 / (1 + Math.exp(-x)),
    silu: (x) => x / (1 + Math.exp(-x)),
    softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
  };

  function activate(activation, x) {
    return FUNCTIONS[activation.name](x, activation);
  }

  // What lies under a window whose output is at y, x: rows of values, null outside the map.
  function windowOf(step, tensor, image, channel, y, x) {
    const [, height, width] = sides(tensor);
    const rows = [];
    for (let i = 0; i < step.size[0]; i += 1) {
      const row = [];
      for (let j = 0; j < step.size[1]; j += 1) {
        const top = y * step.strides[0] - step.pad[0] + i * step.dilation[0];
        const left = x * step.strides[1] - step.pad[1] + j * step.dilation[1];
        const inside = top >= 0 && left >= 0 && top < height && left < width;
        row.push(inside ? at(tensor, image, channel, top, left) : null);
      }
      rows.push(row);
    }
    return rows;
  }

  // The kernel from one channel to one unit; that of a depthwise convolution has no channels to sum over.
  function kernelOf({ kernel, size }, channel, unit) {
    const [, columns, ...rest] = kernel.shape;
    const units = rest[rest.length - 1];
    const channels = rest.length === 2 ? rest[0] : 1;
    const of = rest.length === 2 ? channel : 0;
    return Array.from({ length: size[0] }, (_, i) =>
      Array.from({ length: size[1] }, (_, j) => kernel.data[((i * columns + j) * channels + of) * units + unit]),
    );
  }

  const total = (numbers) => numbers.reduce((sum, number) => sum + number, 0);

  function convolve(step, tensor, image, unit, y, x) {
    const count = step.kind === "conv" ? step.kernel.shape[2] : 1;
    const channels = Array.from({ length: count }, (_, index) => {
      const channel = step.kind === "conv" ? index : unit;
      const window = windowOf(step, tensor, image, channel, y, x);
      const kernel = kernelOf(step, channel, unit);
      const products = window.map((row, i) => row.map((value, j) => (value ?? 0) * kernel[i][j]));
      return { channel, window, kernel, products, sum: total(products.flat()) };
    });
    return weighed(step, unit, { channels, sum: total(channels.map(({ sum }) => sum)) });
  }

  function weighed(step, unit, parts) {
    const bias = step.bias ? step.bias.data[unit] : 0;
    const before = parts.sum + bias;
    const softmax = step.activation.name === "softmax";
    return { ...parts, bias, before, value: softmax ? before : activate(step.activation, before) };
  }

  function pool(step, tensor, image, unit, y, x) {
    const window = windowOf(step, tensor, image, unit, y, x);
    const inside = window.flat().filter((value) => value !== null);
    const sum = total(inside);
    return { window, sum, count: inside.length, value: step.how === "max" ? Math.max(...inside) : sum / inside.length };
  }

  function multiply(step, tensor, image, unit) {
    const [inputs, units] = step.kernel.shape;
    const terms = Array.from({ length: inputs }, (_, index) => {
      const [input, weight] = [at(tensor, image, index, 0, 0), step.kernel.data[index * units + unit]];
      return { index, input, weight, product: input * weight };
    });
    return weighed(step, unit, { terms, sum: total(terms.map(({ product }) => product)) });
  }

  function normalise(step, x, unit) {
    const [mean, variance, gamma, beta] = ["mean", "variance", "gamma", "beta"].map((key) => step[key].data[unit]);
    const scale = gamma / Math.sqrt(variance + step.epsilon);
    const shift = beta - mean * scale;
    return { x, mean, variance, gamma, beta, scale, shift, value: scale * x + shift };
  }

  function meanOf(tensor, image, unit) {
    const [, height, width] = sides(tensor);
    let sum = 0;
    for (let y = 0; y < height; y += 1) for (let x = 0; x < width; x += 1) sum += at(tensor, image, unit, y, x);
    return { sum, count: height * width, value: sum / (height * width) };
  }

  // Which place of the maps a value of the flattened vector comes from.
  function placeOf(tensor, position) {
    const [, , width, channels] = sides(tensor);
    const place = Math.floor(position / channels);
    return { y: Math.floor(place / width), x: place % width, channel: position % channels };
  }

  function softmax(scores) {
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const sum = total(powers);
    return { powers, sum, probabilities: powers.map((power) => power / sum) };
  }

  // How the value of a step comes about; null where the page does not know.
  function compute(step, tensors, image, unit, y, x) {
    const before = step.inputs.map((place) => tensors[place]);
    const same = () => at(before[0], image, unit, y, x);
    const kinds = {
      conv: () => convolve(step, before[0], image, unit, y, x),
      depthwise: () => convolve(step, before[0], image, unit, y, x),
      pool: () => pool(step, before[0], image, unit, y, x),
      norm: () => normalise(step, same(), unit),
      scale: () => ({ x: same(), value: step.scale.data[unit] * same() + step.offset.data[unit] }),
      activation: () => ({ x: same(), value: activate(step.activation, same()) }),
      add: () => {
        const terms = before.map((tensor) => at(tensor, image, unit, y, x));
        return { terms, value: total(terms) };
      },
      flatten: () => {
        const place = placeOf(before[0], unit);
        return { place, value: at(before[0], image, place.channel, place.y, place.x) };
      },
      mean: () => meanOf(before[0], image, unit),
      dense: () => multiply(step, before[0], image, unit),
      softmax: () => {
        const scores = vector(before[0], image);
        return { scores, value: softmax(scores).probabilities[unit] };
      },
    };
    return kinds[step.kind]?.() ?? null;
  }

  function vector(tensor, image) {
    const length = tensor.shape[1];
    return [...tensor.data.subarray(image * length, (image + 1) * length)];
  }

  return { unpack, at, sides, compute, softmax, vector };
})();

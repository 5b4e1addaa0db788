// Parts of the page: elements, numbers as text, maps and tables of numbers. All text goes in as text, never as HTML.
const parts = (() => {
  function el(tag, properties, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return node;
  }

  function number(value, digits = 3) {
    if (Number.isInteger(value)) return String(value).replace("-", "−");
    const size = Math.abs(value);
    const small = size < 0.5 * 10 ** -digits || size >= 1e5;
    const places = size >= 100 ? digits - 2 : size >= 10 ? digits - 1 : digits;
    return (small ? value.toExponential(1) : value.toFixed(places)).replaceAll("-", "−");
  }

  // For a narrow column: two places after the point.
  function short(value) {
    const size = Math.abs(value);
    if (Number.isInteger(value) || size >= 1e4) return number(value, 2);
    const text = value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
    return Number(text) ? text.replace("-", "−") : "0.00";
  }

  const filled = (text, named) => text.replace(/\{(\w+)\}/g, (whole, name) => named[name] ?? whole);

  // Viridis, dark to bright, as in the other figures.
  const COLOURS = [
    [68, 1, 84], [72, 40, 120], [62, 74, 137], [49, 104, 142], [38, 130, 142],
    [31, 158, 137], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37],
  ];

  function colour(share) {
    const place = Math.min(Math.max(share, 0), 1) * (COLOURS.length - 1);
    const first = Math.min(Math.floor(place), COLOURS.length - 2);
    return COLOURS[first].map((low, i) => low + (COLOURS[first + 1][i] - low) * (place - first));
  }

  // A plane of numbers: height, width and what stands at a place; `rgb` where that is a colour.
  function plane(tensor, image, unit) {
    const [, height, width] = values.sides(tensor);
    return { height, width, at: (y, x) => values.at(tensor, image, unit, y, x) };
  }

  function photo(tensor, image) {
    const [, height, width] = values.sides(tensor);
    return { height, width, rgb: (y, x) => [0, 1, 2].map((unit) => values.at(tensor, image, unit, y, x)) };
  }

  // A vector as a square of cells, so that hundreds of values are seen at once.
  function square(tensor, image, count) {
    const width = Math.ceil(Math.sqrt(count));
    const at = (y, x) => (y * width + x < count ? values.at(tensor, image, y * width + x, 0, 0) : null);
    return { height: Math.ceil(count / width), width, at };
  }

  function range({ height, width, at }) {
    let [low, high] = [Infinity, -Infinity];
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const value = at(y, x);
        if (value !== null) [low, high] = [Math.min(low, value), Math.max(high, value)];
      }
    }
    return [low, high];
  }

  // A canvas of about `size` pixels, on which rectangles (y, x, height, width in cells) are marked.
  function draw(of, size, label, marks = [], properties = {}) {
    const { height, width } = of;
    const [low, high] = of.limits ?? (of.rgb ? [0, 1] : range(of));
    const pixels = new ImageData(width, height);
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const value = of.rgb ? null : of.at(y, x);
        const rgb = of.rgb ? of.rgb(y, x) : colour(high > low ? (value - low) / (high - low) : 0.5);
        const shown = of.rgb || value !== null;
        pixels.data.set([...rgb, shown ? 255 : 0], (y * width + x) * 4);
      }
    }
    const small = document.createElement("canvas");
    [small.width, small.height] = [width, height];
    small.getContext("2d").putImageData(pixels, 0, 0);
    const scale = Math.max(1, Math.floor(size / Math.max(height, width)));
    const style = Math.max(height, width) > size ? `width: ${(size * width) / Math.max(height, width)}px` : null;
    const canvas = el("canvas", { style, width: width * scale, height: height * scale, ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }), ...properties });
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(small, 0, 0, canvas.width, canvas.height);
    const line = size > 100 ? 2 : 1;
    for (const [y, x, tall, wide] of marks) {
      const [left, top] = [Math.max(x * scale, 2 * line), Math.max(y * scale, 2 * line)]; // at an edge: still within
      const [right, bottom] = [Math.min((x + wide) * scale, canvas.width - 2 * line), Math.min((y + tall) * scale, canvas.height - 2 * line)];
      const box = [left - line, top - line, right - left + 2 * line, bottom - top + 2 * line];
      for (const [shade, thick] of [["#fff", 3 * line], ["#D55E00", line * 1.5]]) {
        [pen.strokeStyle, pen.lineWidth] = [shade, thick];
        pen.strokeRect(...box);
      }
    }
    return canvas;
  }

  // A table of numbers: blue above 0, vermilion below, the deeper the further; dashed outside the map.
  function grid(rows, label, { kept = () => false, pixels = false } = {}) {
    const most = pixels ? 255 : Math.max(...rows.flat().map((value) => Math.abs(value ?? 0))) || 1;
    const cells = rows.map((row) =>
      el("tr", {}, row.map((value) => {
        const shade = value > 0 ? "0 114 178" : "213 94 0";
        const style = `background: rgb(${shade} / ${((0.6 * Math.abs(value ?? 0)) / most).toFixed(3)})`;
        const kind = [value === null && "outside", kept(value) && "kept"].filter(Boolean).join(" ");
        return el("td", { style, class: kind || null }, value === null ? "0" : short(value));
      })),
    );
    const table = el("table", {}, el("tbody", {}, cells));
    return el("figure", { class: "numbers" },
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table),
      el("figcaption", {}, label));
  }

  function list(header, rows) {
    const line = (tag, row) => row.map((cell, i) => el(tag, { class: i ? null : "text", scope: tag === "th" ? "col" : null }, cell));
    const body = rows.map(({ cells, chosen }) => el("tr", { class: chosen ? "chosen" : null }, line("td", cells)));
    return el("div", { class: "frame", tabindex: "0", role: "region", "aria-label": header.join(", ") },
      el("table", {}, el("thead", {}, el("tr", {}, line("th", header))), el("tbody", {}, body)));
  }

  return { el, number, filled, plane, photo, square, draw, grid, list };
})();

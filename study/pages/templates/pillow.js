/* The arithmetic by which Pillow makes an image smaller or larger, to the bit: the network learned from its pixels.
   An image is { width, height, data }, four bytes a pixel, of which the fourth counts for nothing. */
const BITS = 22; /* of a weight after its point */

function weightsOf(length, first, last, size) { /* for each of `size` new pixels: from which old one on, and its weights */
  const scale = (last - first) / size, widened = Math.max(scale, 1);
  return Array.from({ length: size }, (_, index) => {
    const centre = first + (index + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(centre - widened + 0.5));
    const end = Math.min(length, Math.trunc(centre + widened + 0.5));
    const parts = [];
    for (let at = begin; at < end; at++) parts.push(Math.max(0, 1 - Math.abs((at - centre + 0.5) * (1 / widened))));
    const share = 1 / parts.reduce((a, b) => a + b, 0); /* times, not divided: as there, for the last bit */
    return { begin, parts: Int32Array.from(parts, (part) => Math.trunc(0.5 + part * share * (1 << BITS))) };
  });
}

function blend(data, from, step, { begin, parts }) { /* three values, each of the pixels at from, from + step, … */
  let red = 1 << (BITS - 1), green = red, blue = red;
  for (let at = 0, place = from + begin * step; at < parts.length; at++, place += step) {
    red += data[place] * parts[at];
    green += data[place + 1] * parts[at];
    blue += data[place + 2] * parts[at];
  }
  return [red >> BITS, green >> BITS, blue >> BITS];
}

function scaled(image, width, height, box) { /* bilinear, the box cut out first; its edges have 32 bits, as there */
  const [left, top, right, bottom] = box.map(Math.fround);
  const along = (source, wide, high, weights, sideways) => {
    const data = new Uint8ClampedArray(4 * wide * high);
    for (let y = 0, place = 0; y < high; y++) {
      for (let x = 0; x < wide; x++, place += 4) {
        const step = sideways ? 4 : 4 * source.width, from = sideways ? 4 * source.width * y : 4 * x;
        data.set(blend(source.data, from, step, weights[sideways ? x : y]), place);
      }
    }
    return { width: wide, height: high, data };
  };
  const across = (source) => (width !== image.width || left || right !== image.width
    ? along(source, width, source.height, weightsOf(image.width, left, right, width), true) : source);
  const down = (source) => (height !== image.height || top || bottom !== image.height
    ? along(source, source.width, height, weightsOf(image.height, top, bottom, height), false) : source);
  /* Pillow 13 begins with the height where that shrinks by more than twice as many pixels as the width. */
  const downFirst = told.down_first && image.height - height > Math.max(0, 2 * (image.width - width));
  return downFirst ? across(down(image)) : down(across(image));
}

function reduced(image, acrossFactor, downFactor, [left, top, right, bottom]) { /* the mean of each so many pixels */
  const width = Math.ceil((right - left) / acrossFactor), height = Math.ceil((bottom - top) / downFactor);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0, place = 0; y < height; y++) {
    for (let x = 0; x < width; x++, place += 4) {
      const sums = [0, 0, 0];
      let count = 0;
      for (let row = top + y * downFactor; row < Math.min(bottom, top + (y + 1) * downFactor); row++) {
        for (let column = left + x * acrossFactor; column < Math.min(right, left + (x + 1) * acrossFactor); column++) {
          const from = 4 * (row * image.width + column);
          for (let band = 0; band < 3; band++) sums[band] += image.data[from + band];
          count++;
        }
      }
      const share = Math.trunc(2 ** 24 / count);
      for (let band = 0; band < 3; band++) {
        data[place + band] = Math.floor(((sums[band] + Math.floor(count / 2)) * share) / 2 ** 24);
      }
    }
  }
  return { width, height, data };
}

function resized(image, width, height, box) { /* as `Image.resize(…, BILINEAR, box, reducing_gap=3)` */
  const [across, down] = [(box[2] - box[0]) / width, (box[3] - box[1]) / height];
  const [byAcross, byDown] = [Math.trunc(across / 3) || 1, Math.trunc(down / 3) || 1];
  if (byAcross === 1 && byDown === 1) return scaled(image, width, height, box);
  const safe = [
    Math.max(0, Math.trunc(box[0] - across / 2)),
    Math.max(0, Math.trunc(box[1] - down / 2)),
    Math.min(image.width, Math.ceil(box[2] + across / 2)),
    Math.min(image.height, Math.ceil(box[3] + down / 2)),
  ];
  const inner = box.map((edge, at) => (edge - safe[at % 2]) / (at % 2 ? byDown : byAcross));
  return scaled(reduced(image, byAcross, byDown, safe), width, height, inner);
}

/* From a file to the square of pixels that the network takes, as the program makes it. */
const MARGIN = 2; /* the program lets a JPEG come out smaller, of at least so many times the network's size */
const PALE = 236, GREY = 128;

async function squareOf(file, size, rule) { /* three bytes a pixel; throws where the browser cannot read the file */
  const image = await readImage(file);
  const small = await isJpeg(file) ? smaller(image, JPEG_SIDES.find((side) => roomFor(image, size, 8 / side)) || 8) : image;
  const square = fit(small, size, rule), bytes = new Uint8Array(3 * size * size);
  for (let from = 0, to = 0; to < bytes.length; from += 4, to += 3) bytes.set(square.data.subarray(from, from + 3), to);
  return bytes;
}

async function readImage(file) { /* upright, colours as the file stores them, see-through parts over white */
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  layOver(data);
  return { width, height, data };
}

function layOver(data) { /* white; black where white would lose what it shows */
  let clearest = 255, fullest = 0;
  for (let at = 3; at < data.length; at += 4) {
    clearest = Math.min(clearest, data[at]);
    fullest = Math.max(fullest, data[at]);
  }
  if (clearest === 255) return;
  const over = (value, share, ground) => {
    const sum = value * share + ground * (255 - share) + 128;
    return ((sum >> 8) + sum) >> 8;
  };
  let darkest = 255;
  for (let at = 0; at < data.length; at++) {
    if (at % 4 !== 3) darkest = Math.min(darkest, over(data[at], data[at | 3], 255));
  }
  const ground = clearest < fullest && darkest >= PALE ? 0 : 255;
  for (let at = 0; at < data.length; at++) {
    if (at % 4 !== 3) data[at] = over(data[at], data[at | 3], ground);
  }
}

async function isJpeg(file) {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === 0xff && second === 0xd8;
}

function fit(image, size, rule) {
  const { width, height } = image;
  if (rule === "squash") return resized(image, size, size, [0, 0, width, height]);
  if (rule === "crop") {
    const side = Math.min(width, height), whole = (edge) => (side === size ? Math.floor(edge) : edge);
    const [left, top] = [whole((width - side) / 2), whole((height - side) / 2)];
    return resized(image, size, size, [left, top, left + side, top + side]);
  }
  const even = (value) => { /* as Python rounds: a half to the even number */
    const below = Math.floor(value);
    return value - below === 0.5 ? below + (below % 2) : Math.round(value);
  };
  const [wide, high] = [width, height].map((side) => Math.max(1, even((side * size) / Math.max(width, height))));
  const inner = resized(image, wide, high, [0, 0, width, height]);
  const [left, top] = [Math.floor((size - wide) / 2), Math.floor((size - high) / 2)];
  const data = new Uint8ClampedArray(4 * size * size).fill(GREY);
  for (let y = 0; y < high; y++) {
    data.set(inner.data.subarray(4 * y * wide, 4 * (y + 1) * wide), 4 * ((top + y) * size + left));
  }
  return { width: size, height: size, data };
}

/* A large JPEG: its decoder, in the program, makes of each block of 8 × 8 pixels one of 4 × 4, 2 × 2 or 1 × 1, of the
   lowest frequencies alone. The browser's gives all pixels, of which the same blocks are made here. */
const JPEG_SIDES = [1, 2, 4];

function roomFor(image, size, factor) {
  return Math.min(Math.floor(image.width / (MARGIN * size)), Math.floor(image.height / (MARGIN * size))) >= factor;
}

function cosines(side) { /* of a block's side: [frequency][place], of length one each */
  return Array.from({ length: side }, (_, frequency) => Array.from({ length: side }, (_, place) =>
    Math.sqrt((frequency ? 2 : 1) / side) * Math.cos(((2 * place + 1) * frequency * Math.PI) / (2 * side))));
}

function smaller(image, side) {
  if (side === 8) return image;
  const [few, all] = [cosines(side), cosines(8)];
  const keep = Array.from({ length: side }, (_, to) => Float32Array.from({ length: 8 }, (_, from) =>
    Math.sqrt(side / 8) * few.reduce((sum, wave, frequency) => sum + wave[to] * all[frequency][from], 0)));
  const factor = 8 / side, width = Math.ceil(image.width / factor), height = Math.ceil(image.height / factor);
  const data = new Uint8ClampedArray(4 * width * height), half = new Float32Array(8 * side);
  for (let top = 0; top < image.height; top += 8) {
    for (let left = 0; left < image.width; left += 8) {
      for (let band = 0; band < 3; band++) {
        for (let row = 0; row < 8; row++) {
          const line = Math.min(top + row, image.height - 1) * image.width;
          for (let to = 0; to < side; to++) {
            let sum = 0;
            for (let from = 0; from < 8; from++) {
              sum += keep[to][from] * image.data[4 * (line + Math.min(left + from, image.width - 1)) + band];
            }
            half[row * side + to] = sum;
          }
        }
        for (let to = 0; to < side && top / factor + to < height; to++) {
          for (let column = 0; column < side && left / factor + column < width; column++) {
            let sum = 0;
            for (let row = 0; row < 8; row++) sum += keep[to][row] * half[row * side + column];
            data[4 * ((top / factor + to) * width + left / factor + column) + band] = sum;
          }
        }
      }
    }
  }
  return { width, height, data };
}

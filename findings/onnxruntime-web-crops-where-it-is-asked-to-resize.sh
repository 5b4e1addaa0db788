#!/usr/bin/env bash
# One would expect ort.Tensor.fromImage(image, {resizedWidth: 224, resizedHeight: 224}) to make the image smaller. It cuts the
# upper left corner of that size out of it, from ImageData as from an <img>; from an image that is smaller it makes a corner
# of black. The tensor has the size that was asked for, so nothing fails afterwards: the network sees a piece of sky. A photo
# of 4,000 x 3,000 pixels is judged by 0.4 % of its pixels.
# An <img> gives four channels besides, so that one and the same photo makes different tensors.
# Draw the image into a canvas of the network's size, drawImage(image, 0, 0, 224, 224), and hand over that canvas' ImageData.
# Seen with onnxruntime-web 1.30.0 on Node 20 with the canvas of @napi-rs/canvas 1.1.1, 30 November 2026. Source:
# https://github.com/microsoft/onnxruntime/issues/24050
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund onnxruntime-web@1.30.0 @napi-rs/canvas@1.1.1
cat >resize.cjs <<'JAVASCRIPT'
const assert = require("assert");
const { createCanvas, Image, ImageData, loadImage } = require("@napi-rs/canvas");

// What a browser has by itself
globalThis.ImageData = ImageData;
globalThis.HTMLImageElement = Image;
globalThis.OffscreenCanvas = class {
  constructor(width, height) { this.own = createCanvas(width, height); }
  get width() { return this.own.width; }
  set width(value) { this.own.width = value; }
  get height() { return this.own.height; }
  set height(value) { this.own.height = value; }
  getContext(kind) { return this.own.getContext(kind); }
};
const ort = require("onnxruntime-web");

const [WIDTH, HEIGHT, SIZE] = [400, 300, 100];
const photo = createCanvas(WIDTH, HEIGHT); // blue sky, and a red object in the middle and below
const drawn = photo.getContext("2d");
drawn.fillStyle = "rgb(0, 0, 255)";
drawn.fillRect(0, 0, WIDTH, HEIGHT);
drawn.fillStyle = "rgb(255, 0, 0)";
drawn.fillRect(WIDTH / 4, HEIGHT / 2, WIDTH / 2, HEIGHT / 2);

/** Print and return the share of red pixels in a tensor of channels, rows and columns. */
function red(name, tensor) {
  const plane = tensor.dims[2] * tensor.dims[3];
  const share = tensor.data.slice(0, plane).reduce((sum, value) => sum + value, 0) / plane;
  console.log(`${name}: ${tensor.dims.join(" x ")}, red in ${(100 * share).toFixed(0)} % of the pixels`);
  return share;
}

(async () => {
  console.log("onnxruntime-web", ort.env.versions.web);
  const wished = { resizedWidth: SIZE, resizedHeight: SIZE };
  const whole = drawn.getImageData(0, 0, WIDTH, HEIGHT);
  const file = await loadImage(photo.toBuffer("image/png"));
  assert.strictEqual(red("the photo", await ort.Tensor.fromImage(whole)), 0.25);
  const cut = await ort.Tensor.fromImage(whole, { ...wished });
  assert.deepStrictEqual([red("ImageData, asked for a smaller one", cut), cut.dims], [0, [1, 3, SIZE, SIZE]]);
  const element = await ort.Tensor.fromImage(file, { ...wished });
  assert.deepStrictEqual([red("<img>, asked for a smaller one", element), element.dims], [0, [1, 4, SIZE, SIZE]]);
  const corner = await ort.Tensor.fromImage(drawn.getImageData(0, 0, SIZE, SIZE));
  assert.deepStrictEqual(cut.data, corner.data);
  console.log("it is the upper left corner:", cut.data.every((value, place) => value === corner.data[place]));
  const larger = await ort.Tensor.fromImage(whole, { resizedWidth: 2 * WIDTH, resizedHeight: 2 * HEIGHT });
  assert.ok(Math.abs(red("ImageData, asked for a larger one", larger) - 0.0625) < 0.001);
  const small = createCanvas(SIZE, SIZE);
  small.getContext("2d").drawImage(photo, 0, 0, SIZE, SIZE);
  const right = await ort.Tensor.fromImage(small.getContext("2d").getImageData(0, 0, SIZE, SIZE));
  assert.ok(Math.abs(red("drawn smaller into a canvas", right) - 0.25) < 0.01);
})().catch((error) => { console.error(error); process.exit(1); });
JAVASCRIPT
node resize.cjs

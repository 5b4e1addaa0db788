#!/usr/bin/env bash
# One would expect the option norm of ort.Tensor.fromImage, which has a mean, to subtract it. It divides by it: the result is
# (pixel + bias) / mean, with a default of 255. Who hands over the means and deviations of ImageNet, {mean: [123.675, 116.28,
# 103.53], bias: [58.395, 57.12, 57.375]}, gets numbers from 0.5 to 3 in place of -2.1 to 2.6: black is 0.47, and a pixel is
# never below 0. Nor does tensor.toImageData with the same norm lead back: it computes (value - bias) * mean and would have to
# subtract the bias last. A grey of 200 comes back black, and by the norm below white; with a bias of 0 it comes back as it was.
# Other libraries of JavaScript and Python, such as image processors of transformers, mean by mean what is subtracted.
# The network runs and answers, in another class for half of the images of two classes here. No error, no warning.
# Hand over {mean: deviation, bias: -mean}, in levels from 0 to 255, and look at the tensor of a black image.
# Seen with onnxruntime-web 1.30.0 on Node 20 with the canvas of @napi-rs/canvas 1.1.1, 30 November 2026. Source: bufferToTensor
# in https://github.com/microsoft/onnxruntime/blob/main/js/common/lib/tensor-factory-impl.ts, tensorToImageData in
# tensor-conversion-impl.ts beside it
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund onnxruntime-web@1.30.0 @napi-rs/canvas@1.1.1
cat >norm.cjs <<'JAVASCRIPT'
const assert = require("assert");
const { createCanvas, ImageData } = require("@napi-rs/canvas");

// What a browser has by itself
globalThis.ImageData = ImageData;
globalThis.OffscreenCanvas = class {
  constructor(width, height) { this.own = createCanvas(width, height); }
  get width() { return this.own.width; }
  set width(value) { this.own.width = value; }
  get height() { return this.own.height; }
  set height(value) { this.own.height = value; }
  getContext(kind) { return this.own.getContext(kind); }
};
const ort = require("onnxruntime-web");

const MEAN = [123.675, 116.28, 103.53];
const DEVIATION = [58.395, 57.12, 57.375];

/** Return an image of one grey. */
function grey(level) {
  const pixels = new Uint8ClampedArray(8 * 8 * 4).fill(level);
  for (let place = 3; place < pixels.length; place += 4) pixels[place] = 255;
  return new ImageData(pixels, 8, 8);
}

/** Return the first pixel of what becomes of a grey as a tensor and as an image again, by the same norm. */
async function thereAndBack(level, norm) {
  const tensor = await ort.Tensor.fromImage(grey(level), { norm, tensorFormat: "RGB" });
  const back = Array.from(tensor.toImageData({ norm, format: "RGB" }).data.slice(0, 3));
  console.log(`grey of ${level} there and back by ${JSON.stringify(norm)}: ${back}`);
  return back;
}

/** Return red, green and blue of the first pixel, and the class: dark is 0, light is 1, by the sign of the sum. */
async function look(name, level, norm) {
  const tensor = await ort.Tensor.fromImage(grey(level), norm && { norm });
  const colours = [0, 64, 128].map((place) => tensor.data[place]);
  const answer = Number(colours[0] + colours[1] + colours[2] > 0);
  console.log(`${name}, grey of ${level}: ${colours.map((value) => value.toFixed(2))}, class ${answer}`);
  return [colours, answer];
}

(async () => {
  console.log("onnxruntime-web", ort.env.versions.web);
  const wrong = [];
  for (const level of [0, 60, 200, 255]) {
    const truth = MEAN.map((mean, channel) => (level - mean) / DEVIATION[channel]);
    const label = Number(truth[0] + truth[1] + truth[2] > 0);
    const [asNamed, answer] = await look("mean and deviation", level, { mean: [...MEAN], bias: [...DEVIATION] });
    const formula = MEAN.map((mean, channel) => (level + DEVIATION[channel]) / mean);
    asNamed.forEach((value, channel) => assert.ok(Math.abs(value - formula[channel]) < 1e-4 && value > 0));
    wrong.push(answer !== label);
    const negative = MEAN.map((mean) => -mean);
    const [turned, right] = await look("deviation and -mean", level, { mean: [...DEVIATION], bias: negative });
    turned.forEach((value, channel) => assert.ok(Math.abs(value - truth[channel]) < 1e-4));
    assert.strictEqual(right, label);
  }
  assert.deepStrictEqual(wrong, [true, true, false, false]);
  const [plain] = await look("nothing", 255);
  assert.deepStrictEqual(plain, [1, 1, 1]);
  assert.deepStrictEqual(await thereAndBack(200, { mean: MEAN, bias: DEVIATION }), [0, 0, 0]);
  assert.deepStrictEqual(await thereAndBack(200, { mean: DEVIATION, bias: MEAN.map((mean) => -mean) }), [255, 255, 255]);
  assert.deepStrictEqual(await thereAndBack(200, { mean: 255, bias: 0 }), [200, 200, 200]);
})().catch((error) => { console.error(error); process.exit(1); });
JAVASCRIPT
node norm.cjs

#!/usr/bin/env bash
# One would expect resize(image, {width, height, fitMethod: "contain"}) of @jsquash/resize, the resizing of Squoosh for
# browsers and servers, to fit the whole image into that size, as "contain" does in CSS and in sharp, and to leave its
# argument alone, since it returns a new image. It crops the middle, and it does so by moving the pixels within the image that
# it was given: the upper rows of that are overwritten by the piece. The first answer is a right crop. A second one of the
# same image, for another size, another network or a preview, crops the rubble: rows of other places side by side, sheared. It
# has the size that was asked for. Here a rule that tells photos red on the left from those red on the right is right for each
# first answer, and finds neither in the later ones.
# Hand over a copy, new ImageData(image.data.slice(), image.width, image.height), or crop yourself; compare two answers.
# Seen with @jsquash/resize 2.1.1 on Node 20, 1 December 2026. Source: crop in
# https://github.com/jamsinclair/jSquash/blob/main/packages/resize/index.ts
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @jsquash/resize@2.1.1
cat >resize.mjs <<'JAVASCRIPT'
import assert from "assert";
import fs from "fs";
import resize, { initResize } from "@jsquash/resize";

// What a browser has by itself
globalThis.ImageData = class {
  constructor(data, width, height) { Object.assign(this, { data, width, height }); }
};
const [WIDTH, HEIGHT, SIZE] = [300, 200, 64];

/** Make a photo, red on one side and blue on the other. */
function makePhoto(redIsLeft) {
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 4).fill(255);
  for (let place = 0; place < WIDTH * HEIGHT; place += 1) {
    const left = place % WIDTH < WIDTH / 2;
    data.set(left === redIsLeft ? [255, 0, 0] : [0, 0, 255], 4 * place);
  }
  return new ImageData(data, WIDTH, HEIGHT);
}

/** Tell whether each side of an image is of one colour, and which is left. */
function classify({ data, width, height }) {
  const red = [0, 0];
  for (let place = 0; place < width * height; place += 1) red[Number(place % width >= width / 2)] += data[4 * place];
  const share = red.map((sum) => sum / (255 * width * height / 2));
  return share[0] > 0.9 && share[1] < 0.1 ? "left" : share[1] > 0.9 && share[0] < 0.1 ? "right" : "neither";
}

const wasm = fs.readFileSync("node_modules/@jsquash/resize/lib/resize/pkg/squoosh_resize_bg.wasm");
await initResize(wasm);
console.log("@jsquash/resize", JSON.parse(fs.readFileSync("node_modules/@jsquash/resize/package.json")).version);
const options = { width: SIZE, height: SIZE, fitMethod: "contain" };
const found = {};
for (const way of ["contain", "contain, of a copy", "stretch"]) {
  for (const redIsLeft of [true, false]) {
    const photo = makePhoto(redIsLeft);
    const before = photo.data.slice();
    const answers = [];
    for (let time = 0; time < 3; time += 1) {
      const given = way.endsWith("copy") ? new ImageData(photo.data.slice(), WIDTH, HEIGHT) : photo;
      answers.push(classify(await resize(given, way === "stretch" ? { ...options, fitMethod: "stretch" } : options)));
    }
    const changed = photo.data.reduce((sum, value, place) => sum + Number(value !== before[place]), 0) / before.length;
    const truth = redIsLeft ? "left" : "right";
    console.log(`${way}, red ${truth}: ${answers.join(", ")}; ${(100 * changed).toFixed(0)} % of the photo's bytes changed`);
    found[`${way} ${truth}`] = { answers, changed };
  }
}
for (const truth of ["left", "right"]) {
  assert.deepStrictEqual(found[`contain ${truth}`].answers, [truth, "neither", "neither"]);
  assert.ok(found[`contain ${truth}`].changed > 0.1);
  for (const way of ["contain, of a copy", "stretch"]) {
    assert.deepStrictEqual(found[`${way} ${truth}`], { answers: [truth, truth, truth], changed: 0 });
  }
}
JAVASCRIPT
node resize.mjs

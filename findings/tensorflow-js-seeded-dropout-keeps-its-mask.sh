#!/usr/bin/env bash
# One would expect tf.layers.dropout({rate: 0.5, seed: 7}) to make a training repeatable and still to drop other units at each
# step, as Dropout(0.5, seed=7) does in Keras. TensorFlow.js hands the seed to a fresh generator at every call, so that each
# batch of one size gets the very same mask: place k of the batch always loses the same units, in all epochs. Images trained
# one by one (batchSize 1, as with a user's own few photos) leave half of the layer without a single step, and predict then
# mixes those units of random weights into the answer. With larger batches there are as many masks as places in the batch, for
# the whole training.
# Leave the seed out; a training repeats neither way where fit shuffles, which takes Math.random. Call the layer twice on
# ones, and compare.
# Seen with @tensorflow/tfjs 4.22.0 on Node 20, 1 December 2026. Sources: call of Dropout in
# https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/core.ts, and tf.dropout, which it calls, in
# https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/ops/dropout.ts
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @tensorflow/tfjs@4.22.0
cat >drop.cjs <<'JAVASCRIPT'
console.warn = () => {}; // that tfjs-node would be faster
const assert = require("assert");
const tf = require("@tensorflow/tfjs");

const [UNITS, IMAGES, FEATURES, CALLS] = [64, 200, 16, 50];
const labels = tf.oneHot(tf.range(0, IMAGES, 1, "int32").mod(tf.scalar(2, "int32")), 2);
const centres = labels.matMul(tf.randomNormal([2, FEATURES], 0, 0.5, "float32", 1));
const images = centres.add(tf.randomNormal([IMAGES, FEATURES], 0, 1, "float32", 2));

/** Count the different masks that a layer makes for batches of one size. */
function countMasks(seed, batch) {
  const layer = tf.layers.dropout({ rate: 0.5, seed });
  const masks = new Set();
  for (let call = 0; call < CALLS; call += 1) {
    const dropped = layer.apply(tf.ones([batch, UNITS]), { training: true });
    dropped.arraySync().forEach((row) => masks.add(row.join("")));
  }
  return masks.size;
}

/** Train a network image by image and count the units that no step has reached. */
async function countUntouched(seed) {
  const kernelInitializer = tf.initializers.heNormal({ seed: 3 });
  const hidden = tf.layers.dense({ inputShape: [FEATURES], units: UNITS, activation: "relu", kernelInitializer });
  const last = tf.layers.dense({ units: 2, activation: "softmax", kernelInitializer: tf.initializers.heNormal({ seed: 4 }) });
  const network = tf.sequential({ layers: [hidden, tf.layers.dropout({ rate: 0.5, seed }), last] });
  network.compile({ optimizer: tf.train.sgd(0.02), loss: "categoricalCrossentropy" });
  const before = last.getWeights()[0].arraySync();
  await network.fit(images, labels, { epochs: 5, batchSize: 1, shuffle: false, verbose: 0 });
  return last.getWeights()[0].arraySync().filter((row, unit) => row.join() === before[unit].join()).length;
}

(async () => {
  await tf.setBackend("cpu");
  console.log("tfjs", tf.version.tfjs);
  for (const batch of [1, 32]) {
    const [seeded, free] = [countMasks(7, batch), countMasks(undefined, batch)];
    console.log(`${CALLS} batches of ${batch}: ${seeded} different masks with a seed, ${free} without one`);
    assert.deepStrictEqual([seeded, free], [batch, batch * CALLS]);
  }
  const [seeded, free] = [await countUntouched(7), await countUntouched(undefined)];
  console.log(`units of ${UNITS} that ${5 * IMAGES} steps left as they were: ${seeded} with a seed, ${free} without one`);
  assert.ok(seeded > UNITS / 3 && free === 0);
})().catch((error) => { console.error(error); process.exit(1); });
JAVASCRIPT
node drop.cjs

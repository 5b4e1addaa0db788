#!/usr/bin/env bash
# One would expect shuffle(1000, seed, false) of TensorFlow.js to shuffle once: the last argument is reshuffleEachIteration,
# and by its documentation false returns the elements in one order each time. It shuffles anew each time all the same: both
# answers draw a number from one running generator, and true merely draws two. The line that is right in Python, shuffle once,
# take 80 % for training and skip them for the test, then cuts another order at each epoch and at each evaluation. After 10
# epochs the training has seen every image, the test images among them. The number of images is right and the seed makes it
# repeatable, so nothing looks odd: a network that knows its training images by heart and nothing else is right for all
# "held out" ones.
# Shuffle the array before it becomes a dataset, or call toArray once and make both parts of that.
# Seen with @tensorflow/tfjs 4.22.0 on Node 20, 1 December 2026. Sources:
# https://js.tensorflow.org/api/latest/#tf.data.Dataset.shuffle, and the code of it in
# https://github.com/tensorflow/tfjs/blob/master/tfjs-data/src/dataset.ts
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @tensorflow/tfjs@4.22.0
cat >split.cjs <<'JAVASCRIPT'
console.warn = () => {}; // that tfjs-node would be faster
const assert = require("assert");
const tf = require("@tensorflow/tfjs");

const [IMAGES, TRAINED, EPOCHS] = [1000, 800, 10];
const names = [...Array(IMAGES).keys()];
// Labels that say nothing about the image, so that half of them right is all that can be reached
const truth = Array.from(tf.randomUniform([IMAGES], 0, 2, "int32", 5).dataSync());

/** Go through both parts as a training does, and tell how much of the test it knew. */
async function follow(training, test) {
  const memory = new Map();
  const sizes = new Set();
  for (let epoch = 0; epoch < EPOCHS; epoch += 1) {
    const seen = await training.toArray();
    sizes.add(seen.length);
    seen.forEach((name) => memory.set(name, truth[name]));
  }
  const asked = await test.toArray();
  const known = asked.filter((name) => memory.has(name)).length;
  const right = asked.filter((name) => (memory.has(name) ? memory.get(name) : 0) === truth[name]).length;
  return { sizes: [...sizes, asked.length], trained: memory.size, known, right: right / asked.length };
}

(async () => {
  await tf.setBackend("cpu");
  console.log("tfjs", tf.version.tfjs);
  const few = tf.data.array(names.slice(0, 8)).shuffle(8, "42", false);
  const orders = [await few.toArray(), await few.toArray(), await few.toArray()].map(String);
  console.log("shuffle(8, seed, false), three times:", orders.join(" | "));
  assert.strictEqual(new Set(orders).size, 3);
  const shuffled = tf.data.array(names).shuffle(IMAGES, "42", false);
  const once = tf.data.array(await shuffled.toArray());
  const found = {};
  for (const [name, dataset] of Object.entries({ "shuffle(..., false)": shuffled, "made of toArray": once })) {
    found[name] = await follow(dataset.take(TRAINED), dataset.skip(TRAINED));
    const { sizes, trained, known, right } = found[name];
    console.log(`${name}: ${sizes.join(" and ")} images; ${trained} trained in ${EPOCHS} epochs, of the test ${known};`,
      `labels that mean nothing, right by heart: ${(100 * right).toFixed(0)} %`);
    assert.deepStrictEqual(sizes, [TRAINED, IMAGES - TRAINED]);
  }
  const [leaking, clean] = Object.values(found);
  assert.ok(leaking.trained === IMAGES && leaking.known === IMAGES - TRAINED && leaking.right === 1);
  assert.ok(clean.trained === TRAINED && clean.known === 0 && Math.abs(clean.right - 0.5) < 0.1);
})().catch((error) => { console.error(error); process.exit(1); });
JAVASCRIPT
node split.cjs

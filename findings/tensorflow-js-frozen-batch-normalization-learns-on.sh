#!/usr/bin/env bash
# One would expect a layer with trainable = false to stay as it is while TensorFlow.js trains another one, and batch
# normalization to answer by its stored means then, as it does in Keras, whose layers these are. In TensorFlow.js the flag
# only keeps the optimizer away from gamma and beta: fit still normalizes by the mean of each batch, and still writes moving
# mean and moving variance. It is the very use that the library is for, a ready network in a browser and a new head for a
# user's own photos. The "frozen" part so is another network afterwards, without a message: the network names the new head as
# all that it trains. Whatever was built on that part before answers otherwise: a first head for dark and bright images falls
# from all right to half of them after a second one was trained on brighter photos. The second head is trained on features as
# each batch makes them, not as the part gives them later.
# Keep the frozen part out of fit: let its predict make the features once, and train the head on those. Compare a prediction
# of the frozen part from before and after.
# Seen with @tensorflow/tfjs 4.22.0 on Node 20, 1 December 2026. Sources: call of BatchNormalization in
# https://github.com/tensorflow/tfjs/blob/master/tfjs-layers/src/layers/normalization.ts, which never asks for trainable;
# "Freezing layers" of https://keras.io/guides/transfer_learning/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund @tensorflow/tfjs@4.22.0
cat >freeze.cjs <<'JAVASCRIPT'
console.warn = () => {}; // that tfjs-node would be faster
const assert = require("assert");
const tf = require("@tensorflow/tfjs");

const [SIZE, IMAGES] = [8, 128];

const odd = tf.range(0, IMAGES, 1).mod(2).reshape([IMAGES, 1, 1]);
const places = tf.range(0, SIZE, 1).mod(2).reshape([1, 1, SIZE]).tile([1, SIZE, 1]);
const bars = tf.add(places.mul(odd), places.transpose([0, 2, 1]).mul(tf.sub(1, odd)));

/** Make images of some brightness with bars, upright in every other one. */
function makeImages(brightness, seed) {
  const noise = tf.randomNormal([IMAGES, SIZE, SIZE], 0, 0.1, "float32", seed);
  return bars.mul(0.5).add(brightness).add(noise).expandDims(-1);
}

function makeHead(features, seed) {
  const kernelInitializer = tf.initializers.glorotUniform({ seed });
  return tf.layers.dense({ inputShape: [features], units: 2, activation: "softmax", kernelInitializer });
}

const upright = tf.oneHot(odd.flatten().toInt(), 2);
const bright = tf.range(0, IMAGES, 1).mod(4).greaterEqual(2);
const light = tf.oneHot(bright.toInt(), 2);
const [ours, theirs] = [makeImages(bright.toFloat().reshape([IMAGES, 1, 1]), 1), makeImages(1.5, 2)];

/** Train a base with a first head on one kind of image, freeze it, and train a second head on images of another kind. */
async function run(apart) {
  const kernelInitializer = tf.initializers.heNormal({ seed: 3 });
  const base = tf.sequential({ layers: [
    tf.layers.conv2d({ inputShape: [SIZE, SIZE, 1], filters: 16, kernelSize: 3, strides: 2, kernelInitializer }),
    tf.layers.batchNormalization({ momentum: 0.9 }),
    tf.layers.reLU(),
    tf.layers.flatten(),
  ] });
  const features = base.outputs[0].shape[1];
  const compiled = (layers, rate) => {
    const network = tf.sequential({ layers });
    network.compile({ optimizer: tf.train.adam(rate), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    return network;
  };
  const right = (network, images, labels) => network.evaluate(images, labels, { verbose: 0 })[1].dataSync()[0];
  const options = { epochs: 100, batchSize: 32, shuffle: false, verbose: 0 };
  const first = compiled([base, makeHead(features, 4)], 0.01);
  await first.fit(ours, light, options);

  base.trainable = false;
  base.layers.forEach((layer) => { layer.trainable = false; });
  const before = base.predict(ours).arraySync();
  const found = { before: right(first, ours, light) };
  if (apart) {
    const head = compiled([makeHead(features, 5)], 0.01);
    await head.fit(base.predict(theirs), upright, options);
    found.head = right(head, base.predict(theirs), upright);
  } else {
    const second = compiled([base, makeHead(features, 5)], 0.01);
    found.trainable = second.trainableWeights.map((weight) => weight.name.split("/")[1]);
    await second.fit(theirs, upright, options);
    found.head = right(second, theirs, upright);
  }
  found.after = right(first, ours, light);
  found.moved = tf.sub(base.predict(ours), before).abs().mean().dataSync()[0];
  return found;
}

(async () => {
  await tf.setBackend("cpu");
  console.log("tfjs", tf.version.tfjs);
  const frozen = await run(false);
  console.log("to be trained, says the network:", frozen.trainable.join(", "));
  assert.deepStrictEqual(frozen.trainable, ["kernel", "bias"]);
  const apart = await run(true);
  for (const [name, found] of Object.entries({ "frozen inside fit": frozen, "features made by predict": apart })) {
    const shares = ["before", "after", "head"].map((key) => `${(100 * found[key]).toFixed(0)} %`);
    console.log(`${name}: first head right for ${shares[0]} before and ${shares[1]} after, the new one for ${shares[2]};`,
      `features of the same images moved by ${found.moved.toFixed(3)}`);
  }
  assert.ok(frozen.before === 1 && frozen.after < 0.6 && frozen.moved > 0.1);
  assert.ok(apart.before === 1 && apart.after === 1 && apart.moved === 0 && apart.head > 0.9);
})().catch((error) => { console.error(error); process.exit(1); });
JAVASCRIPT
node freeze.cjs

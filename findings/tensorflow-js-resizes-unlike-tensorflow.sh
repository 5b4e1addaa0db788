#!/usr/bin/env bash
# One would expect tf.image.resizeBilinear in TensorFlow.js to make of an image what tf.image.resize in Python made of it in
# training. Its defaults are those of TensorFlow 1: pixels are counted by their corners, not their centres, and the smaller
# picture lies up to half a pixel further down and to the right. At exactly half the size nothing is averaged any more: every
# second pixel is kept and the others do not count, so that columns of black and white become plain black, where Python gives
# grey. resizeNearestNeighbor takes the corner as well. A network that was trained in Python and answers in a browser so sees
# other pixels than it learned from, by the very line that examples have, resizeBilinear(image, [224, 224]): 16 levels of 255 on
# average in an image of noise, 0.6 in a smooth one, 128 in fine stripes.
# Pass halfPixelCenters: resizeBilinear(image, size, false, true) gives the pixels of Python; compare one image's on both sides.
# Seen with @tensorflow/tfjs 4.22.0 on Node 20, TensorFlow 2.21.0, 30 November 2026. Sources:
# https://github.com/tensorflow/tfjs/issues/4364, https://js.tensorflow.org/api/latest/#image.resizeBilinear
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0
cd "$work"
npm install --silent --no-audit --no-fund @tensorflow/tfjs@4.22.0
cat >resize.cjs <<'JAVASCRIPT'
const fs = require("fs");
const tf = require("@tensorflow/tfjs");

const images = JSON.parse(fs.readFileSync("images.json"));
const found = { version: tf.version.tfjs };
tf.setBackend("cpu").then(() => {
  for (const [name, { pixels, size }] of Object.entries(images)) {
    const image = tf.tensor(pixels);
    found[name] = {
      bilinear: tf.image.resizeBilinear(image, size).arraySync(),
      centred: tf.image.resizeBilinear(image, size, false, true).arraySync(),
      nearest: tf.image.resizeNearestNeighbor(image, size).arraySync(),
    };
  }
  fs.writeFileSync("found.json", JSON.stringify(found));
});
JAVASCRIPT
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import json
import subprocess
from pathlib import Path

import numpy as np
import tensorflow as tf

rng = np.random.default_rng(0)
smooth = tf.image.resize(rng.uniform(0, 255, (8, 8, 1)), (300, 300), "bicubic").numpy()
images = {
    "ramp": (np.arange(8.0)[None, :, None], (1, 4)),
    "columns": (np.tile([0.0, 255.0], (64, 32))[..., None], (32, 32)),
    "noise": (rng.uniform(0, 255, (300, 300, 1)), (224, 224)),
    "smooth": (smooth.astype(float), (224, 224)),
}
given = {name: {"pixels": pixels.tolist(), "size": size} for name, (pixels, size) in images.items()}
Path("images.json").write_text(json.dumps(given))
subprocess.run(["node", "resize.cjs"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
found = json.loads(Path("found.json").read_text())
print("tfjs", found["version"], "tensorflow", tf.__version__)
off = {}
for name, (pixels, size) in images.items():
    python = {how: tf.image.resize(pixels, size, how).numpy() for how in ("bilinear", "nearest")}
    by_js = {how: np.array(values) for how, values in found[name].items()}
    off[name] = [
        float(np.abs(by_js[how] - python[like]).mean())
        for how, like in (("bilinear", "bilinear"), ("centred", "bilinear"), ("nearest", "nearest"))
    ]
    bilinear, centred, nearest = off[name]
    print(f"{name}: resizeBilinear differs by {bilinear:.1f}, with halfPixelCenters {centred:.1f}, nearest {nearest:.1f}")
    if name == "ramp":
        print(f"    0 to 7 at half the size: Python {python['bilinear'].ravel()}, JavaScript {by_js['bilinear'].ravel()}")
        assert python["bilinear"].ravel().tolist() == [0.5, 2.5, 4.5, 6.5]
        assert by_js["bilinear"].ravel().tolist() == [0, 2, 4, 6]
    if name == "columns":
        print(f"    black and white columns: Python {python['bilinear'].mean()}, JavaScript {by_js['bilinear'].mean()}")
        assert np.ptp(python["bilinear"]) == 0 and python["bilinear"].mean() == 127.5
        assert by_js["bilinear"].max() == 0
assert off["noise"][0] > 10 and off["smooth"][0] > 0.5 and off["noise"][2] > 10
assert max(centred for _, centred, _ in off.values()) < 0.01
PYTHON

#!/usr/bin/env bash
# One would expect a model that was never compiled to be saved with its weights and nothing else, and so a classifier that is
# built of a frozen backbone and of a head that was trained by itself on features.
# The head was compiled and fitted, so the classifier's .keras file also holds the head's optimiser: with Adam two more
# numbers for each weight of the head. model.compiled = False on the head does not help; model.optimizer = None does, and
# so does a fresh model of the same layers, head.inputs to head.outputs.
# Whoever compares two files of equal weights, or pays for their size, finds what nobody saved on purpose.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 28 November 2026. Source: found by comparing the files of two equal networks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import io
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf


def optimizer_values(path):
    """Count the numbers in a saved model that lie under the name of an optimiser."""
    found = []
    with h5py.File(io.BytesIO(zipfile.ZipFile(path).read("model.weights.h5"))) as file:
        file.visititems(lambda name, item: found.append(item) if isinstance(item, h5py.Dataset) and "optimizer" in name else None)
        return sum(int(np.prod(item.shape)) for item in found)


backbone = keras.Sequential([keras.Input((64,)), keras.layers.Dense(32, activation="relu")], name="backbone")
inputs = keras.Input((32,))
head = keras.Model(inputs, keras.layers.Dense(1000, activation="softmax")(inputs), name="head")
head.compile("adam", "sparse_categorical_crossentropy")
head.fit(np.ones((8, 32), np.float32), np.zeros(8, np.int32), verbose=0)

pixels = keras.Input((64,))
classifier = keras.Model(pixels, head(backbone(pixels)))
print("keras", keras.__version__, "tensorflow", tf.__version__)
print("the classifier was compiled:", classifier.compiled, "; weights:", classifier.count_params())
sizes = {}
for name in ("as it is", "head.compiled = False", "head.optimizer = None"):
    if name == "head.compiled = False":
        head.compiled = False
    if name == "head.optimizer = None":
        head.optimizer = None
    classifier.save("classifier.keras")
    sizes[name] = (Path("classifier.keras").stat().st_size, optimizer_values("classifier.keras"))
    print(f"{name}: {sizes[name][0]:,} bytes, {sizes[name][1]:,} numbers of an optimiser")
assert not classifier.compiled
assert sizes["as it is"][1] == sizes["head.compiled = False"][1] == 2 * head.count_params() + 2
assert sizes["head.optimizer = None"][1] == 0
assert sizes["as it is"][0] > 2 * sizes["head.optimizer = None"][0]
PYTHON

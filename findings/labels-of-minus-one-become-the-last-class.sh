#!/usr/bin/env bash
# One would expect a label that is missing to be refused, or to be left out. pandas gives a missing name the code -1, which
# scikit-learn too takes for "no label". keras.utils.to_categorical looks that up from the end and makes the last class of it,
# without a word; optax' cross entropy does so too. Images without a label so train the class that comes last in the alphabet.
# The same function of Keras, given a tensor in place of an array, makes a row of zeros; Keras' own loss on JAX takes -1, and
# numbers beyond the last class, at a loss of 0, so that labels counted from 1 train all classes but one with a loss that looks
# good; on TensorFlow it stops with an error, and optax makes NaN of numbers too large.
# With 140 of 200 cats unlabelled, 6 % of the cats are called foxes if those rows are left out, and 74 % if not.
# Drop such rows, or stop: assert labels.min() >= 0 before anything is made of them.
# Seen with Keras 3.15.1 on JAX 0.10.2, optax 0.2.8, pandas 3.1.1, numpy 2.4.6, 30 November 2026. Source: seen by running;
# https://pandas.pydata.org/docs/user_guide/categorical.html names the code, to_categorical is in Keras'
# src/utils/numerical_utils.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 optax==0.2.8 pandas==3.1.1 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import warnings
from pathlib import Path

import jax
import keras
import numpy as np
import optax
import pandas as pd

warnings.simplefilter("error", UserWarning)  # there are none
NAMES = ["cat", "dog", "fox"]
rng = np.random.default_rng(0)
truth = np.repeat([0, 1, 2], 200)
images = (rng.normal(size=(3, 8))[truth] * 1.5 + rng.normal(size=(600, 8))).astype(np.float32)
rows = [NAMES[kind] if number >= 140 else "" for number, kind in enumerate(truth)]  # 140 cats have no label
Path("labels.csv").write_text("\n".join(["file,label", *(f"{number}.jpg,{name}" for number, name in enumerate(rows))]))

print("keras", keras.__version__, "jax", jax.__version__, "optax", optax.__version__, "pandas", pd.__version__)
table = pd.read_csv("labels.csv")
print("in the table:", table["label"].value_counts(dropna=False).to_dict())
column = table["label"].astype("category")
codes = column.cat.codes.to_numpy()
assert list(column.cat.categories) == NAMES and codes.min() == -1
one_hot = keras.utils.to_categorical(codes)
counts = dict(zip(NAMES, one_hot.sum(0).astype(int).tolist(), strict=True))
print("to_categorical of the codes:", counts)
assert counts == {"cat": 60, "dog": 200, "fox": 340}
of_tensor = np.asarray(keras.utils.to_categorical(keras.ops.convert_to_tensor(codes.astype("int32")), 3))
print("to_categorical of the codes as a tensor:", dict(zip(NAMES, of_tensor.sum(0).astype(int).tolist(), strict=True)))
assert of_tensor.sum(0).tolist() == [60, 200, 200]


def losses(label):
    """Return the loss of one label by optax and by Keras."""
    logits = np.float32([[2, 0, 1]])
    by_optax = optax.softmax_cross_entropy_with_integer_labels(logits, np.array([label]))
    by_keras = keras.losses.sparse_categorical_crossentropy(np.array([label]), logits, from_logits=True)
    found = [round(abs(float(value[0])), 2) for value in (by_optax, by_keras)]
    print(f"loss of label {label:2}: optax {found[0]}, keras {found[1]}")
    return found


assert losses(2) == [1.41, 1.41]
assert losses(-1) == [1.41, 0]
too_large = losses(3)
assert np.isnan(too_large[0]) and too_large[1] == 0


def foxes(name, rows):
    """Train on some rows and return the share of cats that are called foxes."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(3, "softmax")])
    network.compile(keras.optimizers.Adam(0.01), "categorical_crossentropy")
    network.fit(images[rows], one_hot[rows], epochs=20, verbose=0)
    share = float((network.predict(images[truth == 0], verbose=0).argmax(1) == 2).mean())
    print(f"{name}: {share:.0%} of the cats are called foxes")
    return share


assert foxes("trained without the rows that have no label", codes >= 0) < 0.1
assert foxes("trained on all rows", codes >= -1) > 0.3
PYTHON

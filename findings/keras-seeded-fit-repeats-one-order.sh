#!/usr/bin/env bash
# One would expect fit(x, y, shuffle=True) to shuffle anew before every epoch, with a seed as well as without: so says its
# documentation. Without a seed it does. Once keras.utils.set_random_seed was called, as every reproducible training does,
# NumPy arrays come in one order, drawn once and repeated in each epoch; the same images share a batch to the end.
# A comparison of seeds so compares fixed orders, and batch normalisation sees the same groups again and again.
# Pass a tf.data.Dataset with .shuffle(len(x)), which does draw anew after the same call.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: seen by running; the promise:
# https://keras.io/api/models/model_training_apis/#fit-method
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

EPOCHS, BATCH = 4, 4
x, y = np.arange(16, dtype=np.float32)[:, None], np.zeros((16, 1), np.float32)


class Network(keras.Model):
    """A network that writes down which examples it learns from."""

    def __init__(self):
        super().__init__()
        self.dense, self.seen = keras.layers.Dense(1), []

    def train_step(self, data):
        self.seen += data[0].numpy().ravel().astype(int).tolist()
        return super().train_step(data)

    def call(self, inputs):
        return self.dense(inputs)


def orders(data, **options):
    network = Network()
    network.compile("sgd", "mse", run_eagerly=True)
    network.fit(*data, epochs=EPOCHS, verbose=0, **options)
    return [tuple(network.seen[at : at + len(x)]) for at in range(0, EPOCHS * len(x), len(x))]


print("keras", keras.__version__, "tensorflow", tf.__version__)
without = orders((x, y), batch_size=BATCH, shuffle=True)
keras.utils.set_random_seed(1)
seeded = orders((x, y), batch_size=BATCH, shuffle=True)
keras.utils.set_random_seed(1)
dataset = orders((tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x)).batch(BATCH),), shuffle=False)
for name, found in {"no seed": without, "seed": seeded, "seed, Dataset.shuffle": dataset}.items():
    print(f"{name}: {len(set(found))} orders in {EPOCHS} epochs, the first two {found[0]} {found[1]}")
    assert all(sorted(order) == list(range(len(x))) for order in found)
assert len(set(without)) == EPOCHS
assert len(set(seeded)) == 1
assert seeded[0] != tuple(range(len(x)))
assert len(set(dataset)) == EPOCHS
PYTHON

#!/usr/bin/env bash
# One would expect a training that BackupAndRestore resumes at its third epoch to see the third order of its shuffled data.
# Weights, optimiser and the number of the epoch come back; the place in the data does not. A seeded tf.data shuffle begins
# anew in the new process, so that epochs 3 and 4 see the orders of epochs 1 and 2 once more, batch for batch. Nothing says so,
# and the losses look as they should.
# On machines that are taken away every hour a training sees a few orders again and again. Skip in the data what was done:
# data.repeat().skip(epoch * steps) on the indices, before anything costly.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 28 November 2026. Source: found by comparing a resumed with an uninterrupted training.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
cat > train.py <<'PYTHON'
"""Train four epochs on numbers that are shuffled; tell the order of each epoch. `train.py BACKUP [STOP]`."""
import json
import sys

import keras
import numpy as np
import tensorflow as tf

backup, stop = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None
keras.utils.set_random_seed(0)
orders = {}


class Interrupted(Exception):
    pass


class Watch(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == stop:
            raise Interrupted
        self.epoch = epoch


watch = Watch()


def note(number):
    orders.setdefault(watch.epoch, []).append(int(number[0]))
    return number


def noted(number):
    return tf.ensure_shape(tf.numpy_function(note, [number], tf.float32), (1,))


numbers = tf.data.Dataset.from_tensor_slices(np.arange(6, dtype=np.float32)[:, None])
data = numbers.shuffle(6, seed=1).map(noted).map(lambda number: (number, number)).batch(3)
network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
network.compile(keras.optimizers.SGD(0.001), "mse")
try:
    network.fit(data, epochs=4, callbacks=[keras.callbacks.BackupAndRestore(backup), watch], verbose=0)
except Interrupted:
    pass
print(json.dumps({str(epoch + 1): order for epoch, order in orders.items()}))
PYTHON
export KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=
venv/bin/python -c 'import keras, tensorflow; print("keras", keras.__version__, "tensorflow", tensorflow.__version__)'
whole=$(venv/bin/python train.py one)
first=$(venv/bin/python train.py two 2)
rest=$(venv/bin/python train.py two)
printf 'uninterrupted: %s\ninterrupted:   %s\nresumed:       %s\n' "$whole" "$first" "$rest"
venv/bin/python - "$whole" "$first" "$rest" <<'PYTHON'
import json
import sys

whole, first, rest = map(json.loads, sys.argv[1:])
assert len({tuple(order) for order in whole.values()}) == 4
assert first == {epoch: whole[epoch] for epoch in ("1", "2")}
assert list(rest) == ["3", "4"]
assert (rest["3"], rest["4"]) == (whole["1"], whole["2"])
PYTHON

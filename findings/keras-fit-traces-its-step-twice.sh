#!/usr/bin/env bash
# One would expect `fit` to trace its training step once, into the graph that all steps then run. With TensorFlow it
# traces it twice: the optimizer makes its slots (momenta, velocities) and the metrics their sums inside of the first
# trace, and a `tf.function` that has made variables is traced anew without them. The first trace, forward, backward and
# update, is thrown away. For a network of many layers that is half of the seconds before the first step: 11 s against 6
# s for an EfficientNet. Whoever trains many networks, one for each fold, trial or member, pays it for each.
# `model.optimizer.build(model.trainable_variables)` after `compile` makes the slots before, and `model.compute_metrics`
# on one example of zeros, then `model.reset_metrics()`, the sums. With both the step is traced once; with one of them
# it is still traced twice. The weights that are learned are the same, to the bit.
# Seen with Keras 3.15.1 and TensorFlow 2.21.0 on Linux, 28 November 2026. Source: a profile of short trainings, in
# which the training step was called twice for one `fit`.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cat > "$work/traces.py" <<'PYTHON'
"""Count how often a layer is called in Python while `fit` runs three epochs, with variables made beforehand and not."""
import sys
import time

import keras
import numpy as np
import tensorflow as tf


class Counting(keras.layers.Layer):
    count = 0

    def call(self, x, training=None):
        self.count += bool(training)
        return x


def fit(slots, sums):
    keras.utils.set_random_seed(0)
    counting, x = Counting(), keras.Input((16, 16, 3))
    y = counting(x)
    for _ in range(20):
        y = keras.layers.ReLU()(keras.layers.BatchNormalization()(keras.layers.Conv2D(8, 3, padding="same")(y)))
    model = keras.Model(x, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(y)))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    if slots:
        model.optimizer.build(model.trainable_variables)
    if sums:
        model.compute_metrics(None, np.zeros(1, int), keras.ops.zeros((1, 3)))
        model.reset_metrics()
    images, labels = np.random.default_rng(0).random((64, 16, 16, 3), np.float32), np.arange(64) % 3
    counting.count, started = 0, time.process_time()
    model.fit(images, labels, epochs=3, shuffle=False, verbose=0)
    return counting.count, time.process_time() - started, model.get_weights()


fit(True, True)  # the first `fit` of a process takes longer
print("Keras", keras.__version__, "TensorFlow", tf.__version__)
(twice, slow, first), (once, fast, second) = fit(False, False), fit(True, True)
half = fit(True, False)[0], fit(False, True)[0]
print(f"as it comes:                 the step was traced {twice} times; {slow:.1f} s of processor time")
print(f"slots and sums made before: the step was traced {once} time;  {fast:.1f} s of processor time")
same = all((a == b).all() for a, b in zip(first, second))
print("with one of the two made before:", *half, "times")
print("equal weights after training:", same)
sys.exit(not (twice == 2 and once == 1 and half == (2, 2) and same))
PYTHON
TF_CPP_MIN_LOG_LEVEL=3 "$work/venv/bin/python" "$work/traces.py" 2> "$work/errors" || { tail -3 "$work/errors"; echo "the behaviour has changed"; exit 1; }
echo "as described: fit traces its step twice, unless its variables are there"

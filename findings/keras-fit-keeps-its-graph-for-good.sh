#!/usr/bin/env bash
# One would expect that a network which nobody holds any more is gone, and that a process that trains one network after
# another, as a search for settings does, needs as much memory for the hundredth as for the first.
# What happens: every `fit` of Keras on TensorFlow leaves the graph of its training step behind, until the process ends.
# The optimizer adds up the gradients of all replicas by `all_reduce`, even where there is one, which is made by
# `tf.custom_gradient`; that registers a gradient function under a new name in a global list for every graph that is
# traced, and the function holds the graph. Neither dropping the model, nor `gc.collect()`, nor
# `keras.backend.clear_session()` helps. A graph grows with the number of layers, not of weights: ten trainings of 33
# dense layers of eight units leave 500 MB or more (the step is traced twice). A SiLU, or a function of one's own with
# `tf.custom_gradient`, leaves one behind too.
# For people who train classifiers: tune and cross-validate in a process per training; or take the names that begin with
# `CustomGradient-` and came in during `fit` out of `tensorflow.python.framework.ops.gradient_registry._registry`
# afterwards, as is shown below: it is private, but memory stays flat.
# Keras 3.15.1, TensorFlow 2.21.0, Python 3.11, 28 November 2026. Source: tensorflow/python/ops/custom_gradient.py
# (_graph_mode_decorator) and tensorflow/python/distribute/distribute_lib.py (all_reduce), keras/src/backend/tensorflow/
# optimizer.py (_all_reduce_sum_gradients).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cat > "$work/graphs.py" <<'PYTHON'
import gc
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["KERAS_BACKEND"] = "3", "tensorflow"
import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import ops

registered = ops.gradient_registry._registry


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def train():
    layers = [keras.layers.Dense(8) for _ in range(32)]
    network = keras.Sequential([keras.Input((8,)), *layers, keras.layers.Dense(1)])
    network.compile("adam", "mse")
    network.fit(np.ones((8, 8)), np.ones((8, 1)), verbose=0)


def look(name):
    gc.collect()
    keras.backend.clear_session()
    gc.collect()
    graphs = sum(isinstance(one, tf.Graph) and len(one.get_operations()) > 500 for one in gc.get_objects())
    print(f"{name}: {graphs} graphs of a training step, {memory():.0f} MB", flush=True)
    return graphs


print("keras", keras.__version__, "tensorflow", tf.__version__)
train()
first = look("after 1 training ")
for _ in range(10):
    train()
kept = look("after 11 trainings")
for name in [name for name in registered if name.startswith("CustomGradient-")]:
    del registered[name]
left = look("names taken out   ")
for _ in range(10):
    there = set(registered)
    train()
    for name in set(registered) - there:
        del registered[name]
after = look("10 more, each so  ")
sys.exit(not (first > 0 and kept == 11 * first and left == after == 0))
PYTHON
"$work/venv/bin/python" "$work/graphs.py" 2> "$work/errors" || { tail -3 "$work/errors"; echo "the behaviour has changed"; exit 1; }
echo "as described: fit keeps its graph, until the name of the gradient function is taken out"

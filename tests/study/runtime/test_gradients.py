# ruff: noqa: E402 - Keras is started before anything imports it
"""No graph outlives the model it is of: TensorFlow would keep that of every training until the process ends."""

from study.runtime import backend

backend.start()

import gc
import weakref

import keras
import numpy as np
import tensorflow as tf

from study.runtime.gradients import gradients_forgotten


def trained_steps():
    """Train a network, and return its graphs, weakly; a SiLU has a gradient of its own."""
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="silu"), keras.layers.Dense(1)])
    network.compile("sgd", "mse")
    there = {id(graph) for graph in graphs()}
    network.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
    return [weakref.ref(graph) for graph in graphs() if id(graph) not in there]


def graphs():
    return [one for one in gc.get_objects() if isinstance(one, tf.Graph)]


def test_the_graph_of_a_training_goes_with_it():
    with gradients_forgotten():
        steps = trained_steps()
    gc.collect()
    assert steps, "no graph was seen: this test cannot fail"
    assert not [step for step in steps if step() is not None]


def test_without_it_tensorflow_keeps_them():
    steps = trained_steps()
    gc.collect()
    kept = [step for step in steps if step() is not None]
    assert kept, "TensorFlow or Keras keeps no graph any more: study/runtime/gradients.py is not needed"


def test_gradients_from_before_stay():
    @tf.custom_gradient
    def doubled(x):
        return 2 * x, lambda upstream: 10 * upstream

    before = tf.function(doubled).get_concrete_function(tf.TensorSpec(()))
    with gradients_forgotten():
        tf.function(doubled).get_concrete_function(tf.TensorSpec(()))
    x = tf.constant(1.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = before(x)
    assert float(tape.gradient(y, x)) == 10

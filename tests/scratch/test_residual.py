"""A residual connection adds what came in, and hands its gradient on; as in Keras."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from scratch.activations import Activation
from scratch.affine import Affine
from scratch.gradient_check import check_layer
from scratch.optimizers import SGD
from scratch.residual import Residual
from scratch.train import weights_and_gradients


@pytest.fixture
def block():
    rng = np.random.default_rng(0)
    inner = [Affine(4, 6, rng), Activation("tanh"), Affine(6, 4, rng)]
    for layer in inner:
        layer.params = {name: w.astype(np.float64) for name, w in layer.params.items()}
    return Residual(inner)


def test_it_computes_what_keras_computes(block):
    x = np.random.default_rng(1).normal(size=(3, 4))
    first, second = keras.layers.Dense(6, "tanh", dtype="float64"), keras.layers.Dense(4, dtype="float64")
    for layer, own in ((first, block.inner[0]), (second, block.inner[2])):
        layer.build((None, own.params["w"].shape[0]))
        layer.set_weights([own.params["w"], own.params["b"]])
    with tf.GradientTape() as tape:
        inputs = tf.constant(x)
        tape.watch(inputs)
        outputs = keras.layers.Add(dtype="float64")([inputs, second(first(inputs))])
        loss = tf.reduce_sum(outputs**2)
    out = block.forward(x)
    np.testing.assert_allclose(out, outputs, atol=1e-6)
    np.testing.assert_allclose(block.backward(2 * out), tape.gradient(loss, inputs), atol=1e-6)


def test_its_gradients_are_right(block):
    errors = check_layer(block, np.random.default_rng(1).normal(size=(3, 4)))
    assert set(errors) == {"x", "0.w", "0.b", "2.w", "2.b"}
    assert max(errors.values()) < 1e-6


def test_an_optimiser_moves_the_inner_weights(block):
    before = block.inner[0].params["w"].copy()
    block.backward(block.forward(np.ones((2, 4))))
    weights, gradients, _ = weights_and_gradients([block])
    SGD(0.1).step(weights, gradients)
    assert np.abs(block.inner[0].params["w"] - before).max() > 1e-3


def test_shapes_that_cannot_be_added_are_refused():
    block = Residual([Affine(4, 6, np.random.default_rng(0))])
    with pytest.raises(ValueError, match=r"adds what came in, \(3, 4\), to \(3, 6\): shapes must be equal"):
        block.forward(np.ones((3, 4)))

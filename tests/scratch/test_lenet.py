"""LeNet of scratch/ equals its Keras twin, and learns the drawings."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from benchmarks.lenet import by_numpy, drawings, twin
from models.parts.head import classifier, head
from models.parts.weights import build_backbone
from scratch import lenet, losses, train
from scratch.optimizers import Momentum


def images(count=8, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, lenet.SIDE, lenet.SIDE, 3)), np.eye(3)[rng.integers(3, size=count)]


def in_float64(layers):
    for layer in layers:
        layer.params = {name: w.astype(float) for name, w in layer.params.items()}
    return layers


@pytest.mark.parametrize("make", [lenet.lenet, lenet.modern])
def test_a_network_equals_its_keras_twin(make):
    layers = in_float64(make(3, 3, np.random.default_rng(0)))
    model = twin(layers, (32, 32, 3), "float64")
    x, t = images()
    source = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(source)
        y = model(source, training=True)
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, dtype="float64")(t, y)
    expected_x, expected = tape.gradient(loss, (source, model.trainable_variables))
    answer = train.forward(layers, x, training=True)
    value, grad = losses.cross_entropy(answer, t)
    np.testing.assert_allclose(answer, y, atol=1e-5)
    assert value == pytest.approx(float(loss), abs=1e-5)
    np.testing.assert_allclose(train.backward(layers, grad), expected_x, atol=1e-4)
    _, gradients, _ = train.weights_and_gradients(layers)
    for ours, theirs in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(train.predict(layers, x, 3), model(x, training=False), atol=1e-5)


def test_the_model_lenet_is_this_one_from_pixels_to_probabilities():
    layers = lenet.lenet(3, 3, np.random.default_rng(0))
    model = classifier(build_backbone("lenet", lenet.SIDE, "none"), head(84, 3, 0.0))
    model.set_weights([w for layer in layers for w in layer.params.values()])
    pixels = np.random.default_rng(1).integers(0, 256, (8, 32, 32, 3)).astype(np.float32)
    expected = keras.ops.softmax(train.predict(layers, lenet.scaled(pixels), 3))
    np.testing.assert_allclose(model(pixels), expected, atol=1e-5)


def test_three_steps_of_lenet_equal_keras():
    layers = in_float64(lenet.lenet(3, 3, np.random.default_rng(0)))
    model = twin(layers, (32, 32, 3), "float64")
    model.compile(
        keras.optimizers.SGD(0.05, 0.9), keras.losses.CategoricalCrossentropy(from_logits=True, dtype="float64")
    )
    optimizer = Momentum(0.05, 0.9)
    for seed in range(3):
        x, t = images(seed=seed)
        train.backward(layers, losses.cross_entropy(train.forward(layers, x, training=True), t)[1])
        weights, gradients, _ = train.weights_and_gradients(layers)
        optimizer.step(weights, gradients)
        model.train_on_batch(x, t)
    for ours, theirs in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.slow
def test_lenet_learns_the_drawings():
    parts = drawings()
    layers = lenet.modern(3, 3, np.random.default_rng(0))
    assert by_numpy(layers, parts, epochs=6) >= 0.75

"""Gradients along the layers and the iterations, and where they vanish."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()


import keras
import numpy as np
import pytest
import tensorflow as tf
from small import network, pixels

from models.parts.graph import build_layer_graph
from models.parts.head import head_on
from models.parts.options import ArchitectureOptions, last_initializer
from models.parts.weights import build_backbone
from study.inspect.gradients import trace
from study.inspect.statistics import activations

L = keras.layers


def layers(activation, initialiser, depth, width, kind=L.Dense, **more):
    """Some layers; an initialiser that is a number is a normal one of that standard deviation."""
    made = [initialiser] * depth
    if isinstance(initialiser, float):
        made = [keras.initializers.RandomNormal(stddev=initialiser, seed=seed) for seed in range(depth)]
    return [kind(width, **more, activation=activation, kernel_initializer=one) for one in made]


def deep(activation, initialiser, depth=8, width=16):
    *hidden, last = layers(activation, initialiser, depth + 1, width)
    last = L.Dense(3, "softmax", kernel_initializer=last.kernel_initializer)
    return network(L.Rescaling(1 / 64, -2), L.Flatten(), *hidden, last)


def deep_convolutions(activation, initialiser):
    hidden = layers(activation, initialiser, 6, 8, L.Conv2D, kernel_size=3, padding="same")
    return network(L.Rescaling(1 / 64, -2), *hidden, L.GlobalAveragePooling2D(), L.Dense(3, "softmax"))


def first_to_last(model, steps=1, size=12, **compiled):
    model.compile(**{"optimizer": "sgd", "loss": keras.losses.CategoricalCrossentropy()} | compiled)
    groups = [step.kernels for step in build_layer_graph(model).steps_with_kernels()]
    return trace(model, groups, [(pixels(32, size), np.eye(3)[np.arange(32) % 3])] * steps)


def test_measured_is_the_gradient_of_the_loss_at_every_step():
    model = deep("relu", "he_normal", depth=2)
    x, y = pixels(32), np.eye(3)[np.arange(32) % 3]
    kernel = model.layers[2].kernel
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, model(x)))
    expected = tf.norm(tape.gradient(loss, kernel.value)).numpy()
    found = first_to_last(model, steps=20, optimizer=keras.optimizers.SGD(0.01))
    assert found.norms.shape == (20, 3)
    assert found.norms[0, 0] == pytest.approx(expected, rel=1e-3)
    assert found.losses[0] == pytest.approx(float(loss), rel=1e-3)
    assert found.losses[-1] < found.losses[0]  # it does learn


def test_penalties_pull_at_weights_but_are_not_measured():
    def run(l2):
        model = deep("relu", "he_normal", depth=2)
        for step in build_layer_graph(model).steps_with_kernels():
            step.kernels[0].regularizer = keras.regularizers.L2(l2)
        found = first_to_last(model, steps=5, optimizer=keras.optimizers.SGD(0.01))
        return found.norms[0], np.abs(model.layers[2].kernel).mean()

    (plain, large), (pulled, small) = run(0.0), run(1.0)
    np.testing.assert_allclose(plain, pulled, rtol=1e-5)
    assert small < 0.95 * large


RATIOS = [
    ("dense", "sigmoid", 1.0, 0, 0.05),
    ("dense", "sigmoid", 0.01, 0, 1e-9),
    ("dense", "sigmoid", "glorot_normal", 0, 1e-3),
    ("dense", "relu", "he_normal", 0.1, 10),
    ("conv", "sigmoid", 1.0, 0, 0.05),
    ("conv", "relu", "he_normal", 0.1, 10),
]


@pytest.mark.parametrize(("kind", "activation", "initialiser", "low", "high"), RATIOS)
def test_gradients_vanish_in_deep_sigmoid_networks_and_not_with_he_and_relu(kind, activation, initialiser, low, high):
    model = deep(activation, initialiser) if kind == "dense" else deep_convolutions(activation, initialiser)
    norms = first_to_last(model).norms[0]
    assert low <= norms[0] / norms[-1] < high


@pytest.mark.parametrize(
    ("recipe", "low", "high"),
    [
        (ArchitectureOptions("sigmoid", "normal", 1.0, norm="none", depth=20, width=4), 0, 0.05),
        (ArchitectureOptions("relu", "he", norm="none", depth=20, width=4), 0.1, 20),
    ],
)
def test_so_they_do_in_a_plain_stack_of_such_a_recipe(recipe, low, high):
    keras.utils.set_random_seed(0)
    model = head_on(build_backbone("plain", 32, "none", recipe), 3, 0.0, last_initializer(recipe))
    norms = first_to_last(model, size=32).norms[0]
    assert low <= norms[0] / norms[-1] < high


def test_wide_normal_weights_saturate_a_sigmoid():
    def saturated(std):
        model = network(L.Rescaling(1 / 64, -2), L.Flatten(), *layers("sigmoid", std, 4, 100))
        found = [one.saturated for one in activations(build_layer_graph(model), pixels(32), False).values()]
        return found[2:]  # rescaled, flat, then the layers

    assert min(saturated(1.0)) > 0.4
    assert max(saturated(0.1)) < 0.1

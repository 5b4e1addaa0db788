"""Values and gradients in a deep stack keep their size where the formulas say so, and vanish or explode elsewhere."""

from itertools import pairwise

import numpy as np
import pytest

from scratch import deep
from scratch.affine import Affine

WIDTHS = [256] * 9 + [3]


def data(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(100, 256)), np.eye(3)[rng.integers(3, size=100)]


def stack(activation, name):
    return deep.stack(WIDTHS, activation, deep.FIRST_WEIGHTS[name], np.random.default_rng(0))


def test_a_stack_has_its_widths_and_no_activation_at_its_end():
    layers = stack("relu", "he")
    shapes = [layer.params["w"].shape for layer in layers if layer.params]
    assert shapes == list(pairwise(WIDTHS))
    assert isinstance(layers[-1], Affine)
    assert [values.shape for values in deep.activations(layers, data()[0])] == [(100, 256)] * 8


@pytest.mark.parametrize(
    ("activation", "name", "low", "high"),
    [
        ("relu", "he", 0.5, 2),  # kept
        ("relu", "xavier", 0, 0.15),  # a factor of 1 / sqrt(2) a layer
        ("relu", "std 1", 1e3, np.inf),
        ("tanh", "std 0.01", 0, 1e-4),
        ("tanh", "std 1", 0.9, 1.1),  # saturated: all at -1 or 1
        ("sigmoid", "zeros", 0, 1e-6),
    ],
)
def test_the_size_of_the_last_values_over_that_of_the_first(activation, name, low, high):
    outputs = deep.activations(stack(activation, name), data()[0])
    sizes = [np.sqrt(np.mean(values**2)) if activation == "relu" else values.std() for values in outputs]
    assert low <= sizes[-1] / max(sizes[0], 1e-6) <= high


def test_gradients_vanish_through_sigmoids_and_not_through_relu_with_he():
    x, t = data()
    through_sigmoid = deep.gradient_norms(stack("sigmoid", "xavier"), x, t)
    through_relu = deep.gradient_norms(stack("relu", "he"), x, t)
    assert len(through_sigmoid) == len(WIDTHS) - 1
    assert through_sigmoid[0] < 1e-3 * through_sigmoid[-1]
    assert through_relu[0] > 0.1 * through_relu[-1]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_with_zeros_no_matrix_gets_a_gradient(activation):
    assert deep.gradient_norms(stack(activation, "zeros"), *data()) == [0] * (len(WIDTHS) - 1)

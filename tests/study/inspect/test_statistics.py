"""The figures of activations and weights."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import math

import keras
import numpy as np
import pytest
from small import network, pixels

from models.parts.graph import build_layer_graph
from study.inspect.statistics import (
    activations,
    evenly_spaced,
    first_filters,
    max_images_in_memory,
    tensor_stats,
    weights,
)

L = keras.layers


def test_numbers_of_activations():
    found = tensor_stats(np.array([0, 0, 1, 3], np.float32))
    assert (found.mean, found.zero, found.saturated) == (1, 0.5, None)
    assert found.std == pytest.approx(np.sqrt(1.5))
    assert found.counts.sum() == 2
    sigmoid = tensor_stats(np.array([0.001, 0.5, 0.995, 0.98], np.float32), (0, 1))
    assert sigmoid.saturated == 0.5
    assert (sigmoid.edges[0], sigmoid.edges[-1]) == (0, 1)
    relu6 = tensor_stats(np.array([0, 3, 6, 6], np.float32), (-math.inf, 6))
    assert (relu6.zero, relu6.saturated) == (0.25, 0.5)  # zeros are told apart
    broken = tensor_stats(np.array([np.nan, 1], np.float32))
    assert math.isnan(broken.mean)
    assert broken.counts.sum() == 1


def test_activations_are_those_of_each_layer():
    model = network(L.Rescaling(1 / 255), L.Flatten(), L.Dense(5, "tanh", name="tanh"), L.Dropout(0.5, name="dropped"))
    x = pixels()
    found = activations(build_layer_graph(model), x, training=False)
    expected = np.asarray(model(x))
    assert found["tanh"].mean == pytest.approx(expected.mean(), abs=1e-6)
    assert found["tanh"].saturated == pytest.approx((np.abs(expected) > 0.98).mean())
    assert "dropped" not in found


def test_as_in_training_normalisation_goes_by_the_pictures_and_forgets_them():
    model = network(L.BatchNormalization(name="norm"))
    before = [np.array(one) for one in model.get_weights()]
    graph = build_layer_graph(model)
    assert activations(graph, pixels(), training=True)["norm"].std == pytest.approx(1, abs=1e-2)
    assert activations(graph, pixels(), training=False)["norm"].std > 50
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_weights_near_zero_are_counted():
    model = network(L.Conv2D(1, 1, name="conv"))
    model.layers[0].set_weights([np.array([0, 5e-4, 1]).reshape(1, 1, 3, 1), np.zeros(1)])
    found = weights(build_layer_graph(model).steps[0])
    assert found.zero == pytest.approx(2 / 3)
    assert found.mean == pytest.approx(1.0005 / 3)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([L.Conv2D(5, 3)], (5, 3, 3, 3)),
        ([L.Flatten(), L.Dense(7)], (7, 12, 12, 3)),
        ([L.GlobalAveragePooling2D(), L.Dense(7)], None),
        ([L.Flatten()], None),
    ],
)
def test_first_filters_are_pictures_where_they_can_be(layers, shape):
    model = network(*layers)
    found = first_filters(build_layer_graph(model))
    assert (found and found[1].shape) == shape
    if shape:  # the first filter answers to itself
        kernel = np.moveaxis(found[1], 0, -1).reshape(found[0].kernels[0].shape)
        np.testing.assert_array_equal(kernel, found[0].kernels[0])


def test_large_networks_are_shown_fewer_pictures():
    few = max_images_in_memory(build_layer_graph(network(L.Conv2D(512, 3, padding="same"), size=192)))
    assert 2 <= few < max_images_in_memory(build_layer_graph(network(L.Conv2D(2, 3))))


@pytest.mark.parametrize(("count", "most"), [(3, 5), (5, 5), (54, 16)])
def test_some_of_many_are_the_first_the_last_and_between(count, most):
    found = evenly_spaced(range(count), most)
    assert len(found) == len(set(found)) == min(count, most)
    assert (found[0], found[-1]) == (0, count - 1)

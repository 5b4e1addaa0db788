"""Networks within networks step by step, and what a place of each step depends on."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import network, pixels

from models.parts.graph import build_layer_graph
from models.parts.options import ArchitectureOptions
from models.parts.weights import build_backbone
from study.inspect.receptive_field import receptive_fields

L = keras.layers


def nested():
    inner = network(L.Conv2D(2, 3, name="one"), L.GlobalAveragePooling2D(name="pool"))
    inputs = keras.Input((12, 12, 3))
    shared = L.Dense(2, name="two")
    return keras.Model(inputs, shared(shared(inner(inputs))))


def test_models_within_models_are_opened():
    model = nested()
    graph = build_layer_graph(model)
    assert [step.name for step in graph.steps] == ["one", "pool", "two", "two-2"]
    assert [step.name for step in graph.steps_with_kernels()] == ["one", "two"]
    found = graph.submodel([graph.steps[-1].output])(pixels())
    np.testing.assert_array_equal(keras.tree.flatten(found)[0], model(pixels()))


def branches():
    inputs = keras.Input((48, 60, 3))
    x = L.Conv2D(2, 3, 2, "same")(L.ZeroPadding2D(((1, 0), (2, 1)))(inputs))
    left = L.AveragePooling2D(2, 2, "same")(L.DepthwiseConv2D(5, padding="same")(x))
    right = L.Conv2D(2, (1, 3), 2, "same")(x)
    return keras.Model(inputs, L.Conv2D(2, 3, dilation_rate=2)(L.Add()([left, right])))


def chain(*layers):
    return lambda: keras.Sequential([keras.Input((48, 60, 3)), *layers])


CHAINS = {
    "same": chain(L.Conv2D(2, 5, 2, "same"), L.AveragePooling2D(2), L.Conv2D(2, 3, padding="same")),
    "valid": chain(L.Conv2D(2, (3, 1), 2), L.BatchNormalization(), L.SeparableConv2D(2, 3), L.AveragePooling2D(3, 2)),
    "branches": branches,
}


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS)
def test_a_place_depends_on_its_receptive_field_and_on_nothing_else(make):
    keras.utils.set_random_seed(0)
    model = make()
    field = receptive_fields(build_layer_graph(model))[build_layer_graph(model).steps[-1].name]
    image = tf.constant(np.random.default_rng(0).normal(size=(1, 48, 60, 3)).astype(np.float32))
    place = [side // 2 for side in model.output_shape[1:3]]
    with tf.GradientTape() as tape:
        tape.watch(image)
        value = tf.reduce_sum(model(image)[0, place[0], place[1]])
    support = np.abs(tape.gradient(value, image).numpy()[0]).sum(axis=-1)
    for side, span in enumerate(field):
        seen = np.flatnonzero(support.sum(axis=1 - side))
        limits = np.clip([span.first + place[side] * span.stride, span.last + place[side] * span.stride],
                         0, support.shape[side] - 1)  # fmt: skip
        assert (seen[0], seen[-1]) == tuple(limits)
        assert span.size < support.shape[side]  # else the test would say nothing


def test_global_pooling_sees_everything_and_so_does_all_behind_it():
    fields = receptive_fields(build_layer_graph(nested()))
    assert [span.size for span in fields["one"]] == [3, 3]
    assert [span.size for name in ("pool", "two-2") for span in fields[name]] == [math.inf] * 4


def test_coordinates_do_not_change_what_a_place_sees():
    plain, told = (build_backbone("lenet", 32, "none", ArchitectureOptions(coordinates=on)) for on in (False, True))
    fields = [receptive_fields(build_layer_graph(network)) for network in (plain, told)]
    names = [step.name for step in build_layer_graph(plain).steps if step.kernels and len(step.output.shape) == 4]
    assert names
    assert [fields[0][name] for name in names] == [fields[1][name] for name in names]

# ruff: noqa: E402 - Keras is started before anything imports it
"""Keras has the private parts that the program relies on; a failure says which function has to be mended."""

from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest

from models.parts.graph import build_layer_graph
from models.parts.keras_private import flatten_layers, forget_new_variables, is_graph, run_graph

L = keras.layers


def mend(function):
    return (
        f"Keras {keras.__version__} is unlike 3.15, for which models/parts/keras_private.py was written: "
        f"{function} in that file has to be mended"
    )


class Block(keras.layers.Layer):
    """A layer that holds layers and is no model."""

    def __init__(self):
        super().__init__(name="block")
        self.inner, self.norm = L.Dense(4, name="inner"), L.BatchNormalization(name="norm")

    def call(self, x):
        return self.norm(self.inner(x))


def nested():
    """A model in a chain in a model; a block; a layer that is used twice; arithmetic between layers."""
    features = keras.Input((4,), name="features")
    deepest = keras.Model(features, L.Dense(4, name="deep")(features), name="deepest")
    chain = keras.Sequential([keras.Input((4,), name="link"), L.Dense(4, name="first"), deepest], name="chain")
    image, twice = keras.Input((4,), name="image"), L.Dense(4, name="twice")
    x = twice(twice(chain(image)))
    return keras.Model(image, Block()(x) + x, name="whole")


def test_every_layer_is_listed_those_within_layers_too():
    network = nested()
    assert hasattr(network, "_flatten_layers"), mend("flatten_layers")
    names = [layer.name for layer in flatten_layers(network)]
    expected = "whole image chain link first deepest features deep twice block inner norm"
    assert set(expected.split()) <= set(names), mend("flatten_layers")
    assert names[0] == "whole", mend("flatten_layers")
    assert len(names) == len(set(names)), mend("flatten_layers")


def test_functional_models_and_nothing_else_are_graphs():
    network = nested()
    chain = network.get_layer("chain")
    assert is_graph(network), mend("is_graph")
    assert is_graph(chain.get_layer("deepest")), mend("is_graph")
    for other in (chain, network.get_layer("twice"), network.get_layer("block"), network.operations[-1]):
        assert not is_graph(other), mend("is_graph")


@pytest.mark.parametrize("given", ["an input", "what another layer made"])
def test_a_graph_runs_on_other_inputs_layer_by_layer(given):
    network, called = nested(), []

    def call(layer, *arguments, **named):
        called.append(layer.name)
        return layer(*arguments, **named)

    image = keras.Input((4,), name="other")
    tensor = image if given == "an input" else L.Rescaling(1.0)(image)
    assert hasattr(network, "_run_through_graph"), mend("run_graph")
    output = run_graph(network, [tensor], call)
    assert called[:4] == ["chain", "twice", "twice", "block"], mend("run_graph")
    assert len(called) == 5, mend("run_graph")
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    again = keras.Model(image, output).predict(x, verbose=0)
    np.testing.assert_array_equal(again, network.predict(x, verbose=0), err_msg=mend("run_graph"))


def test_a_network_of_all_that_is_flattened():
    flat = build_layer_graph(nested())
    names = [step.name for step in flat.steps]
    assert names[:5] == ["first", "deep", "twice", "twice-2", "block"]
    assert len(names) == 6
    x = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    assert flat.model().predict(x, verbose=0).shape == (3, 4)


def test_variables_that_are_forgotten_never_get_values():
    with keras.StatelessScope():
        layer = keras.layers.Dense(2)
        layer.build((None, 1 << 45))  # more than any computer has
        assert layer.kernel.shape == (1 << 45, 2)
        forget_new_variables()

"""A network in 8-bit integers answers nearly as in float32, by ranges of what it meets."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest

import models
from data.drawn.draw import draw
from models.parts.weights import build_backbone
from study.inference import int8, openvino_ir
from study.inference.engine import smallest_cosine
from study.inference.frozen import FrozenBackbone
from study.runtime import hardware

pytestmark = pytest.mark.skipif(not hardware.openvino_available(), reason="needs OpenVINO")


def drawings(count, size, first=0):
    images = (draw("cat", seed, size).image for seed in range(first, first + count))
    return np.stack([np.asarray(image.resize((size, size))) for image in images])


@pytest.fixture(scope="module")
def network():
    """A convolution, a depthwise one, and a dense layer."""
    keras.utils.set_random_seed(0)
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Rescaling(1 / 255)(inputs)
    x = keras.layers.Conv2D(8, 3, activation="relu6")(x)
    x = keras.layers.DepthwiseConv2D(3, activation="relu")(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return FrozenBackbone(keras.Model(inputs, keras.layers.Dense(16)(x))).converted


def names_of(model):
    return [operation.get_type_name() for operation in model.get_ordered_ops()]


def test_answers_are_near_those_of_float32_and_not_the_same(network):
    seen, new = drawings(12, 32), drawings(12, 32, first=100)
    exact = openvino_ir.compile(network, "float32")(new)
    rounded = openvino_ir.compile(int8.quantized(network, seen), "float32")(new)
    assert rounded.shape == exact.shape == (12, 16)
    assert 0.99 < smallest_cosine(exact, rounded) < 1 - 1e-9


def test_what_goes_into_each_layer_is_rounded_and_the_network_stays_as_it_was(network):
    before = names_of(network)
    rounded = int8.quantized(network, drawings(2, 32))
    assert names_of(network) == before
    assert "FakeQuantize" not in before
    layers = [operation for operation in rounded.get_ordered_ops() if operation.get_type_name() in int8.AXES]
    assert [layer.get_type_name() for layer in layers] == ["Convolution", "GroupConvolution", "MatMul"]
    for layer in layers:
        kinds = [layer.input_value(i).get_node().get_type_name() for i in range(2)]
        assert kinds == ["FakeQuantize", "FakeQuantize"]


def test_each_output_of_a_layer_has_weights_of_a_scale_of_its_own(network):
    layers = int8._layers(network)
    shapes = [int8._largest(layer).shape for layer in layers]
    weights = [tuple(layer.input_value(1).get_partial_shape().to_shape()) for layer in layers]
    assert weights[:2] == [(8, 3, 3, 3), (8, 1, 1, 3, 3)]
    assert shapes[:2] == [(8, 1, 1, 1), (8, 1, 1, 1, 1)]
    assert np.prod(shapes[2]) == 16
    for layer, of_layer in zip(layers, weights, strict=True):
        largest = int8._largest(layer)
        assert np.broadcast_shapes(largest.shape, of_layer) == of_layer
        assert largest.max() == pytest.approx(np.abs(int8._constant(layer).data).max(), rel=1e-6)


def test_a_range_is_the_mean_of_what_the_images_reach(network):
    dark, light = (np.full((1, 32, 32, 3), level, np.uint8) for level in (51, 204))
    first = next(iter(int8.ranges(network, np.concatenate([dark, light])).values()))
    assert first == (0.0, 127.5)  # OpenVINO makes the scaling to 0..1 part of the first weights


def test_a_layer_that_gets_nothing_but_zeros_has_a_range_all_the_same(network):
    black = np.zeros((2, 32, 32, 3), np.uint8)
    assert next(iter(int8.ranges(network, black).values())) == (0.0, int8.SMALLEST)
    assert np.isfinite(openvino_ir.compile(int8.quantized(network, black), "float32")(black)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", models.available("classify"))
def test_every_model_stays_near(name):
    keras.utils.set_random_seed(0)
    converted = FrozenBackbone(build_backbone(name, 64, "none")).converted
    exact = openvino_ir.compile(converted, "float32")(drawings(6, 64, first=50))
    rounded = openvino_ir.compile(int8.quantized(converted, drawings(12, 64)), "float32")(drawings(6, 64, first=50))
    assert smallest_cosine(exact, rounded) > 0.95

"""A frozen network in 8-bit integers, for OpenVINO on a CPU: what goes into a layer and its weights are rounded.

Each convolution and dense layer multiplies integers, as by Jacob et al., "Quantization and Training of Neural Networks
for Efficient Integer-Arithmetic-Only Inference" (https://arxiv.org/abs/1712.05877): weights of -127 to 127 with a scale
for each output, activations of 0 to 255 with one scale, whose range is what some images reach. OpenVINO finds the
rounding in the graph (its operation FakeQuantize) and computes in integers from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from study.inference import openvino_ir
from study.runtime.hardware import import_openvino

if TYPE_CHECKING:
    import openvino

Source = tuple[str, int]  # name of an operation and the number of its output
Range = tuple[float, float]

LEVELS, WEIGHT_LEVELS = 256, 255
SMALLEST = 1e-6  # width of a range: of a layer that only ever gets zeros it must not be zero
# Kind of layer -> axes of its weights that belong to one output.
AXES = {"Convolution": slice(1, None), "GroupConvolution": slice(2, None), "MatMul": slice(None)}


def quantized(model: openvino.Model, images: np.ndarray) -> openvino.Model:
    """Return a network that rounds to 8-bit integers; the one given stays as it is.

    Args:
        model: for one image at a time, uint8 (1, size, size, 3).
        images: some that it will meet, uint8 (n, size, size, 3), by which the ranges are chosen.
    """
    reached, rounded = ranges(model, images), {}
    copy = model.clone()
    for layer in _layers(copy):
        source = layer.input_value(0)
        key = _key(source)
        if key not in rounded:  # several layers may read the same
            rounded[key] = _round(source, *map(np.float32, reached[key]), LEVELS)
        layer.input(0).replace_source_output(rounded[key])
        weights = layer.input_value(1)
        largest = _largest(layer)
        layer.input(1).replace_source_output(_round(weights, -largest, largest, WEIGHT_LEVELS))
    copy.validate_nodes_and_infer_types()
    return copy


def ranges(model: openvino.Model, images: np.ndarray) -> Mapping[Source, Range]:
    """Return the range of what goes into each layer: the mean over the images of its smallest and largest value.

    The mean, as the extremes of all images would leave fewer levels for what is usual: cosine similarities of features
    to those of float32 were 0.953 and more so, 0.944 and more with the extremes (960 photos, EfficientNet-Lite0).
    """
    from openvino import opset13 as operations

    copy = model.clone()
    sources = {_key(layer.input_value(0)): layer.input_value(0) for layer in _layers(copy)}
    ends = []
    for source in sources.values():
        axes = operations.constant(np.arange(len(source.get_partial_shape())))
        ends += [operations.reduce_min(source, axes, True), operations.reduce_max(source, axes, True)]
    measured = import_openvino().Model(ends, copy.get_parameters())
    found = [float(values.mean()) for values in openvino_ir.compile_all(measured, "float32")(images)]
    pairs = zip(found[::2], found[1::2], strict=True)
    return {
        key: (min(low, 0.0), max(high, 0.0, min(low, 0.0) + SMALLEST))
        for key, (low, high) in zip(sources, pairs, strict=True)
    }


def _layers(model: openvino.Model) -> list[openvino.Node]:
    """Return the layers that multiply by weights."""
    found = [operation for operation in model.get_ordered_ops() if operation.get_type_name() in AXES]
    return [layer for layer in found if _constant(layer) is not None]


def _constant(layer: openvino.Node) -> openvino.Node | None:
    """Return the constant that a layer's weights are; None where they are computed."""
    node = layer.input_value(1).get_node()
    while node.get_type_name() in ("Convert", "Reshape"):
        node = node.input_value(0).get_node()
    return node if node.get_type_name() == "Constant" else None


def _largest(layer: openvino.Node) -> np.ndarray:
    """Return the largest absolute weight of each output, in a shape that goes with the weights."""
    shape = tuple(layer.input_value(1).get_partial_shape().to_shape())
    weights = np.abs(np.array(_constant(layer).data, np.float32).reshape(shape))
    axes = tuple(range(len(shape)))[AXES[layer.get_type_name()]]
    if layer.get_type_name() == "MatMul":
        axes = axes[-1:] if layer.get_attributes()["transpose_b"] else axes[:-1]
    return np.maximum(weights.max(axis=axes, keepdims=True), SMALLEST)


def _round(source: openvino.Output, low: np.ndarray, high: np.ndarray, levels: int) -> openvino.Output:
    from openvino import opset13 as operations

    ends = [operations.constant(np.asarray(end, np.float32)) for end in (low, high)]
    return operations.fake_quantize(source, *ends, *ends, levels).output(0)


def _key(source: openvino.Output) -> Source:
    return source.get_node().get_friendly_name(), source.get_index()

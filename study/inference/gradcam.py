"""Grad-CAM: where in an image a network sees the class it names (Selvaraju et al., https://arxiv.org/abs/1610.02391)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from errors import UserError
from models.parts.graph import LayerGraph, Step, build_layer_graph
from study.runtime import by_backend
from study.runtime.hardware import HEADS

AT_ONCE = 8  # images
FEW = 4  # images: so many are done one by one before a graph would be traced
CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)


def grad_cam(
    network: keras.Model,
    pixels: np.ndarray,
    classes: Sequence[int],
    layer: str | None = None,
    seen: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Return for each image the places that speak for a class.

    The gradient of the class' score, before softmax, is averaged over all places of a layer's maps: that weighs each
    map, and what their sum has above zero is the answer (equations 1 and 2 of the paper). It is scaled up to the
    image's size. Of backbones side by side, the sums of all of them are added up, each by its share of the score.

    Args:
        network: raw RGB 0..255, (batch, size, size, 3) -> (batch, classes), functional or sequential.
        pixels: (n, size, size, 3), or squares of several sizes, (n, height, largest, 3).
        classes: index of the class asked about, n of them.
        layer: its name; by default those of `targets`.
        seen: what gives the last maps of a frozen backbone faster than Keras, of pixels in uint8; it is asked where
            nothing has to be differentiated.

    Returns:
        float32 (n, size, size), 0..1 with the highest place of each image at 1; all 0 where nothing speaks for the
        class.

    Raises:
        UserError: there is no such layer, or it has no maps.
    """
    graph = build_layer_graph(network)
    steps = targets(graph, layer)
    before_softmax, finish = _scores(graph)
    maps = [step.output for step in steps]
    kernels = kernels_of_averages(graph, maps)
    if not kernels and keras.config.backend() == HEADS:
        raise UserError("Grad-CAM of this network needs gradients, which OpenVINO does not compute.")
    rest = None if kernels else keras.Model([*maps, graph.image], before_softmax)
    at_once = AT_ONCE if len(pixels) > FEW else 1
    if not (seen and kernels and len(maps) == 1):
        before, traces = graph.submodel(maps), at_once > 1 or keras.config.backend() == HEADS
        seen = traced(before, pixels.shape[1:]) if traces else partial(before, training=False)
    chosen, side = np.eye(graph.steps[-1].output.shape[-1])[classes], pixels.shape[2]
    heats = [np.zeros((0, *grid_of(maps), 1), np.float32)]
    for first in range(0, len(pixels), at_once):
        rows = slice(first, first + at_once)
        if kernels:
            found = zip(maps_of(seen, pixels[rows]), slopes_of_averages(kernels, maps, chosen[rows]), strict=True)
        else:
            asked = keras.ops.convert_to_tensor(chosen[rows], "float32")
            score = lambda last, asked=asked: keras.ops.sum(finish(last) * asked)  # noqa: E731
            found = maps_and_slopes(seen, rest, pixels[rows], score)
        heats.append(np.maximum(_added_up(list(found)), 0))
    heat = np.concatenate(heats)
    heat = keras.ops.convert_to_numpy(keras.ops.image.resize(heat, (side, side), "bilinear"))[..., 0]
    highest = heat.max(axis=(1, 2), keepdims=True)
    return np.divide(heat, highest, out=np.zeros_like(heat), where=highest > 0).astype(np.float32)


def target(graph: LayerGraph, layer: str | None = None) -> Step:
    """Return the named step, by default the last one whose maps are as large as those of the last convolution.

    After it comes pooling, in which places are lost.

    Raises:
        UserError: there is no such layer, it has no maps, or the network has no convolution.
    """
    spatial = [step for step in graph.steps if step.spatial]
    if layer is not None:
        if matching := [step for step in spatial if step.name == layer]:
            return matching[0]
        known = any(step.name == layer for step in graph.steps)
        why = "its output is no map of height × width" if known else "no such layer"
        some = ", ".join(step.name for step in spatial[-3:]) or "none"
        raise UserError(f"--layer takes a layer with maps, such as {some}. Received: {layer} ({why})")
    return _last_with_places(graph.steps)


def targets(graph: LayerGraph, layer: str | None = None) -> list[Step]:
    """Return the named step, or that of each backbone that stands beside others, as `target` chooses it."""
    if layer is not None:
        return [target(graph, layer)]
    for step in reversed(graph.steps):
        if isinstance(step.layer, keras.layers.Concatenate) and all(len(one.shape) == 2 for one in step.inputs):
            branches = [_before(graph, tensor) for tensor in step.inputs]
            convolutions = [id(one) for branch in branches for one in branch if isinstance(one.layer, CONVOLUTIONS)]
            if convolutions and len(set(convolutions)) == len(convolutions):  # else heads on one backbone
                return [_last_with_places(branch) for branch in branches]
    return [target(graph)]


def _before(graph: LayerGraph, tensor: keras.KerasTensor) -> list[Step]:
    """Return the steps that a tensor is computed by."""
    needed, found = {id(tensor)}, []
    for step in reversed(graph.steps):
        if id(step.output) in needed:
            needed.update(map(id, step.inputs))
            found.append(step)
    return found[::-1]


def _last_with_places(steps: Sequence[Step]) -> Step:
    spatial = [step for step in steps if step.spatial]
    convolutions = [step for step in spatial if isinstance(step.layer, CONVOLUTIONS)]
    if not convolutions:
        raise UserError("Grad-CAM needs a network with a convolution over more than one place; this one has none.")
    size = convolutions[-1].output.shape[1:3]
    return [step for step in spatial if step.output.shape[1:3] == size][-1]


def kernels_of_averages(graph: LayerGraph, maps: Sequence[keras.KerasTensor]) -> list[np.ndarray]:
    """Return the rows of the last dense layer's kernel that the channels of each maps have; none of another network.

    Where a network ends in global average pooling and one dense layer, the score is a sum over places and channels, and
    its gradient stands in the kernel: nothing has to be differentiated (Zhou et al., https://arxiv.org/abs/1512.04150).
    """
    behind, after = {id(tensor) for tensor in maps}, []
    for step in graph.steps:
        if any(id(tensor) in behind for tensor in step.inputs):
            behind.add(id(step.output))
            after.append(step)
    kinds = [type(step.layer) for step in after]
    layers = keras.layers
    plain = {layers.GlobalAveragePooling2D, layers.Dropout, layers.Concatenate, layers.Dense}
    dense = [step for step in after if type(step.layer) is layers.Dense]
    pooled = [step for step in after if type(step.layer) is layers.GlobalAveragePooling2D]
    joined = [step for step in after if type(step.layer) is layers.Concatenate]
    if not plain.issuperset(kinds) or dense != after[-1:] or len(joined) > 1 or len(pooled) != len(maps):
        return []
    if any(layer.layer.keepdims for layer in pooled) or len(dense[0].inputs[0].shape) != 2:
        return []
    order = [id(tensor) for tensor in joined[0].inputs] if joined else [id(step.output) for step in pooled]
    places = [next((id(step.output) for step in pooled if step.inputs[0] is one), 0) for one in maps]
    if sorted(order) != sorted(places):
        return []
    kernel = keras.ops.convert_to_numpy(dense[0].layer.kernel)
    ends = np.cumsum([maps[places.index(one)].shape[-1] for one in order])
    parts = dict(zip(order, np.split(kernel, ends[:-1]), strict=True))
    return [parts[one] for one in places]


def slopes_of_averages(
    kernels: Sequence[np.ndarray], maps: Sequence[keras.KerasTensor], chosen: np.ndarray
) -> list[np.ndarray]:
    """Return the gradient of each maps, which is the same at all places: (n, 1, 1, channels).

    `chosen`: 1 at the class asked about, (n, classes).
    """
    return [
        (chosen @ kernel.T / np.prod(one.shape[1:3]))[:, None, None] for kernel, one in zip(kernels, maps, strict=True)
    ]


def grid_of(maps: Sequence[keras.KerasTensor | np.ndarray]) -> tuple[int, int]:
    """Return height and width of the finest of several maps, (n, height, width, channels) each."""
    return max(tuple(one.shape[1:3]) for one in maps)


def _added_up(parts: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the sum of maps, weighed by their slopes, (n, height, width, 1): of several, on the finest grid."""
    grid, total = grid_of([maps for maps, _ in parts]), 0
    for maps, slopes in parts:
        share = (slopes.mean(axis=(1, 2), keepdims=True) * maps).sum(axis=-1, keepdims=True)
        if (own := share.shape[1:3]) != grid:  # fewer places, of which each has more of the score
            scaled = keras.ops.convert_to_numpy(keras.ops.image.resize(share, grid, "bilinear"))
            share = scaled * (own[0] * own[1] / (grid[0] * grid[1]))
        total = total + share
    return total


def traced(network: keras.Model, shape: tuple[int, ...]) -> Callable[[keras.KerasTensor], Any]:
    """Return the network as a graph, which lets go of what a layer made once the next ones have read it.

    Called as it is, Keras holds the maps of all layers to the end: 100 MB an image of EfficientNet-Lite0.
    """
    if keras.config.backend() != "tensorflow":
        return network.predict_on_batch
    import tensorflow as tf

    signature = [tf.TensorSpec([None, *shape], tf.float32)]
    return tf.function(lambda image: network(image, training=False), input_signature=signature, autograph=False)


def maps_of(seen: Callable[[keras.KerasTensor], Any], pixels: np.ndarray) -> list[np.ndarray]:
    """Return maps of a network, float32, as NumPy's arrays."""
    found = keras.tree.flatten(seen(pixels.astype(np.float32)))  # Keras gives a single one bare
    return [keras.ops.convert_to_numpy(one) for one in found]


def maps_and_slopes(
    seen: Callable[[keras.KerasTensor], Any],
    rest: keras.Model,
    pixels: np.ndarray,
    score: Callable[[keras.KerasTensor], keras.KerasTensor],
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return maps of a network, each with the gradient, with respect to it, of `score` of what the rest makes of them.

    Only what comes after the maps is recorded: the gradient need not go back through the layers before them.

    Args:
        seen: pixels -> maps.
        rest: these maps and the pixels -> anything that is computed from them.
        pixels: what the network takes.
        score: makes one number of what the rest makes.

    Returns:
        Two arrays of each maps' shape, float32.
    """
    inputs = keras.ops.convert_to_tensor(pixels, "float32")
    maps = keras.tree.flatten(seen(inputs))  # Keras gives a single one bare
    slopes = by_backend.value_gradients(lambda maps: score(rest([*maps, inputs], training=False)), maps)
    return [(keras.ops.convert_to_numpy(one), slope) for one, slope in zip(maps, slopes, strict=True)]


def _scores(graph: LayerGraph) -> tuple[keras.KerasTensor, Callable[[keras.KerasTensor], keras.KerasTensor]]:
    """Return a tensor near the end of the network and the function that makes scores before softmax of it."""
    last = graph.steps[-1]
    if isinstance(last.layer, keras.layers.Softmax) or (
        isinstance(last.layer, keras.layers.Activation) and last.layer.activation is keras.activations.softmax
    ):
        return last.inputs[0], lambda scores: scores
    if isinstance(last.layer, keras.layers.Dense) and last.layer.activation is keras.activations.softmax:
        dense = last.layer

        def finish(features: keras.KerasTensor) -> keras.KerasTensor:
            scores = keras.ops.matmul(features, dense.kernel)
            return scores + dense.bias if dense.use_bias else scores

        return last.inputs[0], finish
    return last.output, lambda scores: scores

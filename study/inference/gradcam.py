"""Grad-CAM: where in an image a network sees the class it names (Selvaraju et al., https://arxiv.org/abs/1610.02391)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import keras
import numpy as np

from errors import UserError
from models.parts.graph import LayerGraph, Step, build_layer_graph

AT_ONCE = 4  # images: of each the maps of all layers are held, so that the gradient can go back through them
CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.SeparableConv2D)


def grad_cam(network: keras.Model, pixels: np.ndarray, classes: Sequence[int], layer: str | None = None) -> np.ndarray:
    """Return for each image the places that speak for a class.

    The gradient of the class' score, before softmax, is averaged over all places of a layer's maps: that weighs each
    map, and what their sum has above zero is the answer (equations 1 and 2 of the paper). It is scaled up to the
    image's size.

    Args:
        network: raw RGB 0..255, (batch, size, size, 3) -> (batch, classes), functional or sequential.
        pixels: (n, size, size, 3).
        classes: index of the class asked about, n of them.
        layer: its name; by default that of `target`.

    Returns:
        float32 (n, size, size), 0..1 with the highest place of each image at 1; all 0 where nothing speaks for the
        class.

    Raises:
        UserError: there is no such layer, or it has no maps.
    """
    graph = build_layer_graph(network)
    step = target(graph, layer)
    before_softmax, finish = _scores(graph)
    probe, chosen = graph.submodel([step.output, before_softmax]), np.eye(graph.steps[-1].output.shape[-1])[classes]
    heats = [np.zeros((0, *step.output.shape[1:3], 1), np.float32)]
    for first in range(0, len(pixels), AT_ONCE):
        rows = slice(first, first + AT_ONCE)
        asked = keras.ops.convert_to_tensor(chosen[rows], "float32")
        score = lambda last, asked=asked: keras.ops.sum(finish(last) * asked)  # noqa: E731
        maps, slopes = maps_and_slopes(probe, pixels[rows], score)
        heats.append(np.maximum((slopes.mean(axis=(1, 2), keepdims=True) * maps).sum(axis=-1, keepdims=True), 0))
    heat = np.concatenate(heats)
    heat = keras.ops.convert_to_numpy(keras.ops.image.resize(heat, pixels.shape[1:3], "bilinear"))[..., 0]
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
    convolutions = [step for step in spatial if isinstance(step.layer, CONVOLUTIONS)]
    if not convolutions:
        raise UserError("Grad-CAM needs a network with a convolution over more than one place; this one has none.")
    size = convolutions[-1].output.shape[1:3]
    return [step for step in spatial if step.output.shape[1:3] == size][-1]


def maps_and_slopes(
    probe: keras.Model, pixels: np.ndarray, score: Callable[[keras.KerasTensor], keras.KerasTensor]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first output of a network and the gradient, with respect to it, of `score` of the second output.

    Args:
        probe: pixels -> [maps, anything that is computed from the maps].
        pixels: (n, size, size, 3).
        score: makes one number of the second output.

    Returns:
        Two arrays of the maps' shape, float32.
    """
    import tensorflow as tf

    inputs = tf.convert_to_tensor(pixels, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)  # so that every step is recorded, also where nothing learns
        maps, last = probe(inputs, training=False)
        value = score(last)
    return maps.numpy(), tape.gradient(value, maps, unconnected_gradients=tf.UnconnectedGradients.ZERO).numpy()


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

"""The numbers of `inspect`: what each layer puts out, and how its weights lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np

from models.parts.graph import LayerGraph, Step

BINS = 40
EDGE = 0.01  # of the range of an activation function, where it is all but flat
NEARLY_ZERO = 1e-3  # a weight that adds nothing
RANGES = {"sigmoid": (0, 1), "tanh": (-1, 1), "hard_sigmoid": (0, 1), "softsign": (-1, 1), "relu6": (-math.inf, 6)}
MAX_VALUES = 64e6  # of all layers together: a quarter of a gigabyte
MAX_IMAGES = 64
MAX_MAPS = 5  # layers whose feature maps are shown


@dataclass(frozen=True)
class TensorStats:
    """Numbers and a histogram of many values.

    Args:
        mean: of all.
        std: their standard deviation.
        zero: share that is exactly 0 (of activations) or nearly (of weights).
        saturated: share within a hundredth of the range from an end of it; None where the function has no such ends.
        counts: histogram of the values that are not exactly 0.
        edges: of its bins, one more than counts.
    """

    mean: float
    std: float
    zero: float
    saturated: float | None
    counts: np.ndarray
    edges: np.ndarray


def activations(graph: LayerGraph, pixels: np.ndarray, training: bool) -> dict[str, TensorStats]:
    """Return what each step puts out for some images, by its name; of dropout nothing is told.

    Args:
        graph: the network.
        pixels: (n, size, size, 3), or whatever the network takes.
        training: as in training, normalisation by the statistics of these images; else as it answers.
    """
    steps = [step for step in graph.steps if not isinstance(step.layer, keras.layers.Dropout)]
    probe = graph.submodel([step.output for step in steps])
    kept = (
        [(variable, keras.ops.convert_to_numpy(variable)) for variable in probe.non_trainable_variables]
        if training
        else []
    )
    outputs = keras.tree.flatten(probe(pixels.astype(np.float32), training=training))
    for variable, value in kept:  # normalisation has moved its statistics on
        variable.assign(value)
    summaries = {}
    for i, step in enumerate(steps):
        values, outputs[i] = keras.ops.convert_to_numpy(outputs[i]), None
        summaries[step.name] = tensor_stats(values, saturation_range(step))
    return summaries


def max_images_in_memory(graph: LayerGraph) -> int:
    """Return how many images' activations fit into memory at once."""
    per_image = sum(math.prod(step.output.shape[1:]) for step in graph.steps)
    return int(min(MAX_IMAGES, max(2, MAX_VALUES // per_image)))


def weights(step: Step) -> TensorStats:
    """Return how the kernels of a step lie."""
    values = np.concatenate([keras.ops.convert_to_numpy(kernel).ravel() for kernel in step.kernels])
    stats = tensor_stats(values)
    near = float((np.abs(values) < NEARLY_ZERO).mean())
    return TensorStats(stats.mean, stats.std, near, None, stats.counts, stats.edges)


def saturation_range(step: Step) -> tuple[float, float] | None:
    """Return the values at which a step's activation function gets flat, infinite at an end that is told as zeros."""
    layer = step.layer
    if isinstance(layer, keras.layers.ReLU) and layer.max_value is not None:
        return -math.inf, float(layer.max_value)
    return RANGES.get(activation_name(step))


def activation_name(step: Step) -> str:
    """Return the name of the activation function that a step ends with; "" for none."""
    layer = step.layer
    function = getattr(layer, "activation", None)
    if function is None:
        kinds = (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.PReLU, keras.layers.ELU, keras.layers.Softmax)
        return type(layer).__name__.lower() if isinstance(layer, kinds) else ""
    name = getattr(function, "__name__", type(function).__name__).lower()
    return "" if name == "linear" else name


def tensor_stats(values: np.ndarray, ends: tuple[float, float] | None = None) -> TensorStats:
    """Return numbers and histogram of an array; values that are no numbers are left out of the histogram.

    The histogram reaches from end to end of `ends`, where they are finite, else over all but the outermost
    thousandths, which the outer bins take.
    """
    values = values.astype(np.float32).ravel()
    finite = values[np.isfinite(values) & (values != 0)]
    low, high = np.percentile(finite, (0.1, 99.9)) if len(finite) else (0, 1)
    if ends:
        low, high = (max(low, 0) if math.isinf(ends[0]) else ends[0]), ends[1]
    if high - low < 1e-12:
        low, high = low - 0.5, high + 0.5
    counts, edges = np.histogram(np.clip(finite, low, high), BINS, (float(low), float(high)))
    saturated = None
    if ends:
        margin = EDGE * (high - low)
        upper = values > ends[1] - margin
        lower = values < ends[0] + margin
        saturated = float((upper | lower).mean())
    wide = values.astype(np.float64)
    return TensorStats(float(wide.mean()), float(wide.std()), float((values == 0).mean()), saturated, counts, edges)


def evenly_spaced(items: Sequence, most: int) -> list:
    """Return at most so many of some items, the first and the last among them, at even distances."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def first_filters(graph: LayerGraph) -> tuple[Step, np.ndarray] | None:
    """Return the first step with kernels and its filters as images, float32 (filters, height, width, 3 or 1).

    A convolution's filters are such; so are the weights of a dense layer on an image laid flat. None for others.
    """
    steps = graph.steps_with_kernels()
    if not steps:
        return None
    kernel = keras.ops.convert_to_numpy(steps[0].kernels[0])
    image = tuple(graph.image.shape[1:])
    if kernel.ndim == 2 and len(image) == 3 and kernel.shape[0] == math.prod(image):
        kernel = kernel.reshape(*image, -1)
    if kernel.ndim != 4 or kernel.shape[2] not in (1, 3):
        return None
    return steps[0], np.moveaxis(kernel, -1, 0)


def map_steps(graph: LayerGraph) -> list[Step]:
    """Return the last step of each size of maps that ends with an activation function: what the feature maps show."""
    ending = [step for step in graph.steps if step.spatial and activation_name(step)]
    last = {step.output.shape[1:3]: step for step in ending or [step for step in graph.steps if step.spatial]}
    return evenly_spaced(list(last.values()), MAX_MAPS)

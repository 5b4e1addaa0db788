"""How much of the image a place of each layer sees: its receptive field, from kernel sizes and strides.

The arithmetic is that of https://distill.pub/2019/computing-receptive-fields, positions included, so that branches of
different kernels join rightly. Normalisation is taken place by place, though its statistics come from everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras

from models.parts.graph import LayerGraph, Step


@dataclass(frozen=True)
class Span:
    """What the places along one side see: place i sees the pixels from first + i * stride to last + i * stride.

    Pixels are counted from 0; those outside the image are padding. Infinite: the whole side.
    """

    first: float
    last: float
    stride: float

    @property
    def size(self) -> float:
        """Return the pixels that a place sees along this side."""
        return self.last - self.first + 1


PIXEL = Span(0, 0, 1)
EVERYTHING = Span(-math.inf, math.inf, math.inf)
NOTHING = Span(math.inf, -math.inf, 0)  # of what is counted up, whatever the image is: `--coordinates`
COUNTED = ("OnesLike", "ZerosLike")
Field = tuple[Span, Span]  # height, width


def receptive_fields(graph: LayerGraph) -> dict[str, Field]:
    """Return the field of each step's output by its name; beyond the image's edge it goes on into the padding."""
    known: dict[int, Field] = {id(graph.image): (PIXEL, PIXEL)}
    fields = {}
    for step in graph.steps:
        seen = [known[id(tensor)] for tensor in step.inputs if known[id(tensor)][0] is not NOTHING]
        if type(step.layer).__name__ in COUNTED or (step.inputs and not seen):
            field = (NOTHING, NOTHING)
        else:
            field = _after(step, seen) if seen else (EVERYTHING, EVERYTHING)
        fields[step.name] = known[id(step.output)] = field
    return fields


def _after(step: Step, seen: list[Field]) -> Field:
    shapes = [tensor.shape for tensor in (*step.inputs, step.output)]
    if any(len(shape) != 4 for shape in shapes):
        return EVERYTHING, EVERYTHING
    if len(seen) > 1:
        return _joined([field[0] for field in seen]), _joined([field[1] for field in seen])
    height, width = (_along(step, side, seen[0][side]) for side in (0, 1))
    return height, width


def _joined(spans: list[Span]) -> Span:
    """Return what is seen by any of several branches, of one stride unless one of them sees everything."""
    if EVERYTHING in spans or len({span.stride for span in spans}) > 1:
        return EVERYTHING
    return Span(min(span.first for span in spans), max(span.last for span in spans), spans[0].stride)


def _along(step: Step, side: int, seen: Span) -> Span:
    """Return the span after a step along height (0) or width (1)."""
    if seen == EVERYTHING:
        return EVERYTHING
    layer, before, after = step.layer, step.inputs[0].shape[1 + side], step.output.shape[1 + side]
    if isinstance(layer, keras.layers.ZeroPadding2D):
        padding = layer.padding[side][0] * seen.stride
        return Span(seen.first - padding, seen.last - padding, seen.stride)
    if isinstance(layer, keras.layers.Cropping2D):
        cut = layer.cropping[side][0] * seen.stride
        return Span(seen.first + cut, seen.last + cut, seen.stride)
    kernel = getattr(layer, "pool_size", None) or getattr(layer, "kernel_size", None)
    if kernel is None or "Transpose" in type(layer).__name__:
        return seen if before == after else EVERYTHING  # one place after the other, or a kind that is not known here
    dilation = _of_side(getattr(layer, "dilation_rate", 1), side)
    stride, reach = _of_side(layer.strides, side), (_of_side(kernel, side) - 1) * dilation
    # "same" as TensorFlow means it: an odd rest of the padding goes to the end
    padding = max(0, (after - 1) * stride + reach + 1 - before) // 2 if layer.padding == "same" else 0
    return Span(seen.first - padding * seen.stride, seen.last + (reach - padding) * seen.stride, seen.stride * stride)


def _of_side(value: int | tuple[int, ...], side: int) -> int:
    return value if isinstance(value, int) else value[side]

"""What the page of `inspect --page` holds of a network: its steps, their weights and what they make of some images."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from errors import UserError
from models.parts.graph import LayerGraph, Step, build_layer_graph
from study.inspect.apart import DROPPED, WHOLE, Details, take_apart
from study.inspect.receptive_field import Field, receptive_fields
from study.inspect.source import NamedImage
from study.inspect.statistics import evenly_spaced

MOST_STEPS = 24  # of a network that is shown whole; of a longer one these:
FIRST, MIDDLE, LAST = 4, 5, 3
LANDMARKS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D, keras.layers.MaxPooling2D, keras.layers.Add)
MOST_MAPS, LEAST_MAPS, MAP_VALUES = 16, 4, 65_536  # of a step; the larger they are, the fewer
WHOLE_VALUES = 262_144  # of one image: maps that are embedded with all their channels, for the step behind them
MOST_UNITS, DENSE_WEIGHTS = 128, 131_072  # of a dense layer
VECTOR_VALUES = 16_384
MOST_IMAGES = 3
EXACT_BYTES = 3_000_000  # up to this the page keeps float32
MOST_BYTES = 6_000_000  # of all arrays in float16; base64 makes a third more of them
BY_CHANNEL = ("depthwise", "norm", "scale", "pool", "activation", "add", "mean", "softmax")


@dataclass(frozen=True)
class Part:
    """A step that the page shows: how its values come about, and the tensors that it reads and writes."""

    step: Step
    details: Details
    inputs: tuple[int, ...]
    output: int


def explain(
    classifier: keras.Model,
    images: Sequence[NamedImage],
    class_names: Sequence[str],
    exact_bytes: int = EXACT_BYTES,
) -> dict[str, Any]:
    """Return all that the page shows, as JSON can hold it; arrays are text, see `pack`.

    Args:
        classifier: raw RGB 0..255, (batch, size, size, 3) -> (batch, classes).
        images: to show; of those that take too much room only the first.
        class_names: in the order of the answers.
        exact_bytes: arrays that take more together are rounded to float16.

    Raises:
        UserError: the network gives no numbers for an image.
    """
    graph = build_layer_graph(classifier)
    tensors, parts = _parts(graph)
    shapes = [tuple(tensor.shape[1:]) for tensor in tensors]
    parts = [_within_room(part, shapes) for part in parts]
    stored = _stored(parts, shapes)
    units = [_units(part, shapes, stored) for part in parts]
    kept = [_cut(part.details, number) for part, number in zip(parts, units, strict=True)]
    weights = sum(value.size for details in kept for value in details.values() if isinstance(value, np.ndarray))
    each = sum(math.prod(shape[:-1]) * number for shape, number in zip(shapes, stored, strict=True))
    shown = images[: max(1, min(MOST_IMAGES, (MOST_BYTES // 2 - weights) // each))]
    exact = 4 * (weights + each * len(shown)) <= exact_bytes
    arrays = _run(graph, tensors, shown)
    fields = receptive_fields(graph)
    steps = [
        _described(part, details, number, fields[part.step.name], exact)
        for part, details, number in zip(parts, kept, units, strict=True)
    ]
    for part, step in zip(parts, steps, strict=True):
        if part.details.get("activation", {}).get("name") == "softmax":
            scores = arrays[part.inputs[0]] @ part.details["kernel"]
            step["scores"] = pack(scores if part.details["bias"] is None else scores + part.details["bias"], True)
    return {
        "exact": exact,
        "classes": list(class_names),
        "images": _named(shown, arrays[parts[-1].output], class_names),
        "steps": steps,
        "tensors": [pack(array[..., :number], exact) for array, number in zip(arrays, stored, strict=True)],
        "channels": [shape[-1] for shape in shapes],
        "all_steps": sum(not isinstance(step.layer, DROPPED) for step in graph.steps),
        "dropped": sum(isinstance(step.layer, DROPPED) for step in graph.steps),
    }


def pack(values: np.ndarray, exact: bool) -> dict[str, Any]:
    """Return an array as text: its bytes in base64, little-endian. float16 is in shares of the largest value."""
    scale, kind = 1.0, "uint8" if values.dtype == np.uint8 else "float32" if exact else "float16"
    if kind == "float16":
        scale = float(np.abs(values).max(initial=0)) or 1.0
    raw = values if kind == "uint8" else (values / np.float32(scale)).astype(kind).astype(f"<f{4 if exact else 2}")
    return {
        "kind": kind,
        "shape": list(values.shape),
        "scale": scale,
        "data": base64.b64encode(np.ascontiguousarray(raw).tobytes()).decode(),
    }


def chosen_steps(graph: LayerGraph) -> list[Step]:
    """Return the steps to show: all, or of many the first, the last and some of those between that shape the maps."""
    steps = [step for step in graph.steps if not isinstance(step.layer, DROPPED) and _has_places(step.output.shape)]
    if len(steps) <= MOST_STEPS:
        return steps
    between = [step for step in steps[FIRST:-LAST] if isinstance(step.layer, LANDMARKS)] or steps[FIRST:-LAST]
    return [*steps[:FIRST], *evenly_spaced(between, MIDDLE), *steps[-LAST:]]


def _has_places(shape: Sequence[int | None]) -> bool:
    """Say whether a tensor is maps, or a vector."""
    return len(shape) in (2, 4) and None not in shape[1:]


def _parts(graph: LayerGraph) -> tuple[list[keras.KerasTensor], list[Part]]:
    """Return the tensors that are read or written by the steps shown, the image first, and these steps."""
    before = {id(step.output): step.inputs[0] for step in graph.steps if isinstance(step.layer, DROPPED)}
    tensors, places = [graph.image], {id(graph.image): 0}

    def place(tensor: keras.KerasTensor) -> int:
        while id(tensor) in before:
            tensor = before[id(tensor)]
        if id(tensor) not in places:
            places[id(tensor)] = len(tensors)
            tensors.append(tensor)
        return places[id(tensor)]

    parts = []
    for step in chosen_steps(graph):
        readable = all(_has_places(tensor.shape) for tensor in step.inputs)
        inputs = tuple(place(tensor) for tensor in step.inputs) if readable else ()
        parts.append(Part(step, take_apart(step) if inputs else {"kind": "maps"}, inputs, place(step.output)))
    return tensors, parts


def _within_room(part: Part, shapes: Sequence[tuple[int, ...]]) -> Part:
    """Return a step, without its details where the maps before it are too large to be embedded whole."""
    room = (WHOLE_VALUES if len(shapes[place]) == 3 else VECTOR_VALUES for place in part.inputs)
    large = any(math.prod(shapes[place]) > most for place, most in zip(part.inputs, room, strict=True))
    if part.details["kind"] in WHOLE and large:
        return Part(part.step, {"kind": "maps", "large": True}, part.inputs, part.output)
    return part


def _stored(parts: Sequence[Part], shapes: Sequence[tuple[int, ...]]) -> list[int]:
    """Return how many channels of each tensor are embedded, the first ones of many."""
    whole = {0, *(place for part in parts if part.details["kind"] in WHOLE for place in part.inputs)}

    def number(place: int, shape: tuple[int, ...]) -> int:
        if place in whole:
            return shape[-1]
        if len(shape) == 1:
            return min(shape[0], VECTOR_VALUES)
        return min(shape[-1], MOST_MAPS, max(LEAST_MAPS, MAP_VALUES // (shape[0] * shape[1])))

    return [number(place, shape) for place, shape in enumerate(shapes)]


def _units(part: Part, shapes: Sequence[tuple[int, ...]], stored: Sequence[int]) -> int:
    """Return how many maps, or values of a vector, a step shows: those whose inputs and weights are embedded."""
    kind, shape = part.details["kind"], shapes[part.output]
    number = stored[part.output]
    if kind in BY_CHANNEL:
        number = min([number, *(stored[place] for place in part.inputs)])
    if kind == "dense":
        number = min(number, MOST_UNITS, max(LEAST_MAPS, DENSE_WEIGHTS // shapes[part.inputs[0]][0]))
    return min(number, MOST_MAPS) if len(shape) == 3 else number


def _cut(details: Mapping[str, Any], units: int) -> Details:
    """Return the details with the weights of the units that are shown."""
    return {key: value[..., :units] if isinstance(value, np.ndarray) else value for key, value in details.items()}


def _run(graph: LayerGraph, tensors: Sequence[keras.KerasTensor], images: Sequence[NamedImage]) -> list[np.ndarray]:
    """Return what the tensors hold for some images, (images, …), the images themselves as uint8."""
    pixels = np.stack([image.pixels for image in images])
    outputs = graph.submodel(tensors[1:])(pixels.astype(np.float32), training=False)
    arrays = [np.asarray(keras.ops.convert_to_numpy(array), np.float32) for array in keras.tree.flatten(outputs)]
    for image, *values in zip(images, *arrays, strict=True):
        if not all(np.isfinite(array).all() for array in values):
            raise UserError(
                f"The network gives no numbers (nan) for {image.name}: there is nothing to show. Train again."
            )
    return [pixels.astype(np.uint8), *arrays]


def _named(images: Sequence[NamedImage], answers: np.ndarray, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """Return what is said of the images: name, true class, the class that the network names and how sure it is."""
    return [
        {
            "name": image.name,
            "label": image.label,
            "predicted": class_names[int(answer.argmax())],
            "probability": float(answer.max()),
        }
        for image, answer in zip(images, answers, strict=True)
    ]


def _described(part: Part, details: Mapping[str, Any], units: int, field: Field, exact: bool) -> dict[str, Any]:
    """Return a step as the page has it. What is one number a channel stays float32."""
    values = {
        key: pack(value, exact or value.ndim == 1) if isinstance(value, np.ndarray) else value
        for key, value in details.items()
    }
    sees = [[span.first, span.last, span.stride] for span in field]
    return {
        "name": part.step.name,
        "layer": type(part.step.layer).__name__,
        "shape": list(part.step.output.shape[1:]),
        "units": units,
        "inputs": list(part.inputs),
        "output": part.output,
        "sees": sees if np.isfinite(sees).all() else None,
        **values,
    }

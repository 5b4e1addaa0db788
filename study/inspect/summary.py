"""Describe a model before it is trained: its layers, its size and its cost for one image."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import models
from data.squares import sides_of, text_of
from models.parts.options import ArchitectureOptions
from study.runtime import console
from study.runtime.format import format_value
from study.settings.declare import flag

if TYPE_CHECKING:
    import keras

    from models.parts.spec import Spec


def print_models() -> dict[str, Any]:
    """Print all models in one table, without importing Keras, and return them."""
    usable, broken = models.usable()
    specs = {name: model.SPEC for name, model in usable.items()}
    rows = [[name, ", ".join(spec.weights) or "none", spec.image_size, spec.summary] for name, spec in specs.items()]
    for line in broken:
        console.to_error(line)
    console.table("Models", ("name", "weights", "pixels", "what it is"), rows, left=4)
    return {"models": [facts_of(name, spec) for name, spec in specs.items()], "unusable": broken}


def facts_of(name: str, spec: Spec) -> dict[str, Any]:
    """Return what is known of a model before it is built."""
    return {
        "model": name,
        "summary": spec.summary,
        "task": spec.task,
        "image_size": spec.image_size,
        "weights": spec.weights,
        "learning": spec.learning,
    }


def print_model(name: str, image_size: int | None, options: ArchitectureOptions) -> dict[str, Any]:
    """Print a model's layers, totals, cost and origin, and return them.

    It is built with random weights; nothing is downloaded.
    """
    from models.parts.weights import build_backbone

    spec = models.get(name).SPEC
    network = build_backbone(name, image_size, "none", options)
    size = spec.size(image_size)
    layers = [facts_of_layer(layer) for layer in leaf_layers(network)]
    rows = [
        [
            layer["name"],
            layer["type"],
            " × ".join(map(str, layer["output"])),
            f"{layer['parameters']:,}",
            f"{layer['multiply_adds']:,}",
        ]
        for layer in layers
    ]
    console.table(name, ("layer", "type", "output", "parameters", "multiply-adds"), rows, left=2)
    total = network.count_params()
    trainable = sum(math.prod(variable.shape) for variable in network.trainable_variables)
    cost = sum(layer["multiply_adds"] for layer in layers)
    features = network.output_shape[-1]
    of_scratch = f": {trainable:,} learn from scratch, {total - trainable:,} never (statistics)"
    of_pixels = " of every pixel" if spec.task == "segment" else ""
    for key, value in (
        ("what it is", spec.summary),
        ("parameters", f"{total:,}{'' if spec.parts else of_scratch}"),
        ("frozen backbone", f"0 of {total:,} learn, and {features + 1:,} of the head for each class"),
        ("multiply-adds", f"{cost:,} for one image"),
        ("size", f"{4 * total / 2**20:.1f} MiB in memory as float32"),
        ("input", f"{text_of(size)} pixels, RGB 0..255, scaled inside"),
        ("output", f"{features:,} features{of_pixels}, then Dropout and a softmax over the classes: the head"),
        ("learning", ", ".join(spec.learning)),
        ("weights", spec.weights_source),
        ("paper", spec.source),
        *supported_options(spec),
        *own_defaults(spec),
        *from_scratch_defaults(name, spec),
    ):
        console.print(f"{key:<16} {value}")
    return {
        **facts_of(name, spec),
        "image_size": sides_of(size)[0],
        "parameters": total,
        "trainable_parameters": trainable,
        "multiply_adds": cost,
        "bytes": 4 * total,
        "features": features,
        "weights_source": spec.weights_source,
        "paper": spec.source,
        "supports": spec.supports,
        "defaults_from_scratch": spec.defaults_from_scratch,
        "layers": layers,
    }


def supported_options(spec: Spec) -> list[tuple[str, str]]:
    """Return the options that the network supports, with its own values, as (key, text)."""
    own = {"dropout_at": "head", "coordinates": "off"} | dict(spec.defaults)
    parts = [f"{flag(option)} {own[option]}" for option in spec.supports]
    return [("supports", ", ".join(parts) or "no option of the network: its layers are fixed")]


def own_defaults(spec: Spec) -> list[tuple[str, str]]:
    """Return the defaults of other flags that the model replaces by its own, as (key, text)."""
    own = {key: value for key, value in spec.defaults.items() if key not in spec.supports}
    return [("defaults", flags_text(own))] if own else []


def flags_text(values: Mapping[str, Any]) -> str:
    """Return settings as flags."""
    return " ".join(f"{flag(key)} {format_value(value, as_flag=True)}" for key, value in values.items())


def from_scratch_defaults(name: str, spec: Spec) -> list[tuple[str, str]]:
    """Return what the model changes where it learns from a folder of images, as (key, text)."""
    if not spec.defaults_from_scratch:
        return []
    from models.parts.weights import build_backbone

    size = spec.defaults_from_scratch.get("image_size", spec.image_size)
    chosen = {
        entry.name: spec.defaults_from_scratch[entry.name]
        for entry in fields(ArchitectureOptions)
        if entry.name in spec.defaults_from_scratch
    }
    network = build_backbone(name, size, "none", ArchitectureOptions(**chosen))
    cost = sum(multiply_adds(layer) for layer in leaf_layers(network))
    return [
        ("with --data", flags_text(spec.defaults_from_scratch)),
        ("", f"which has {network.count_params():,} parameters and {cost:,} multiply-adds for one image"),
    ]


def leaf_layers(network: keras.Model) -> Iterator[keras.layers.Layer]:
    """Yield the layers in order, those of nested models instead of the models."""
    for layer in network.layers:
        if hasattr(layer, "layers"):
            yield from leaf_layers(layer)
        else:
            yield layer


def multiply_adds(layer: keras.layers.Layer) -> int:
    """Return the multiply-adds of a convolution or dense layer for one image: its kernel's size at every position."""
    if getattr(layer, "kernel", None) is None:
        return 0
    positions = layer.output.shape[1:-1]  # height and width of a convolution's output; nothing for a dense layer
    return math.prod(layer.kernel.shape) * math.prod(positions)


def facts_of_layer(layer: keras.layers.Layer) -> dict[str, Any]:
    """Return what a table of layers says of one."""
    return {
        "name": layer.name,
        "type": type(layer).__name__,
        "output": list(layer.output.shape[1:]),
        "parameters": layer.count_params(),
        "multiply_adds": multiply_adds(layer),
    }

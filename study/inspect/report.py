"""`inspect.html` and `inspect.json`: what was seen in a network, in words, images and numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from study.inspect import figures as inspect_figures
from study.inspect.collect import Inspection, Layer
from study.inspect.receptive_field import Field
from study.inspect.statistics import EDGE, NEARLY_ZERO
from study.pages.blocks import Figure, Table
from study.pages.render import render
from study.runtime.environment import machine
from study.runtime.format import format_value
from study.runtime.result import plain
from study.settings.resolve import as_json
from study.settings.train import FIELDS

SLOW, HARDLY = 0.1, 1e-3  # times the gradient of the last layer: how the first layers then learn
LEARNING_HEADER = ("layer", "output", "sees", "gradient", "gradient at the end", "weights' std", "std at the end")
OUTPUT_HEADER = ("layer", "kind", "output", "sees", "mean", "std", "zero %", "saturated %")


def summary_sentences(inspection: Inspection) -> list[str]:
    """Return what the gradients and activations say, a sentence each."""
    layers = inspection.learning
    if not layers:
        return ["No layer has weights that learn."]
    lengths = [float(layer.gradients[0]) for layer in layers]
    first, last = lengths[0], lengths[-1]
    sentences = [
        f"In the first batch the gradient of {layers[0].name} is {_times(first, last)} that of {layers[-1].name}"
    ]
    if not math.isfinite(first + last):
        sentences = ["The gradients are no numbers: the network is of no use as it is."]
    elif not any(lengths):
        sentences = ["In the first batch all gradients are 0: nothing learns."]
    elif without := [layer.name for layer, length in zip(layers, lengths, strict=True) if not length]:
        sentences[0] += f"; that of {len(without)} of {len(layers)} layers is 0, such as {without[0]}."
    elif first < HARDLY * last:
        sentences[0] += ": it vanishes on its way back, and the first layers hardly learn."
    elif first < SLOW * last:
        sentences[0] += ": it shrinks on its way back, and the first layers learn slowly."
    elif last < SLOW * first:
        sentences[0] += (
            ": it grows on its way back, and a step that suits the last layers may be too long for the first."
        )
    elif min(lengths) < SLOW * max(lengths):
        least = layers[lengths.index(min(lengths))].name
        sentences[0] += (
            f": both are of similar size, but that of {least} is {_times(min(lengths), last)} that of the last."
        )
    else:
        sentences[0] += ": the gradients of all layers are of similar size."
    saturated = [layer for layer in inspection.active if (layer.outputs.saturated or 0) > 0.5]
    if saturated:
        sentences.append(
            f"{len(saturated)} of {len(inspection.active)} activations are saturated in most places, where the "
            f"function is flat, such as {saturated[0].name}: {saturated[0].outputs.saturated:.0%}."
        )
    if dead := [layer for layer in inspection.active if layer.outputs.zero > 0.95]:
        sentences.append(
            f"{len(dead)} of {len(inspection.active)} activations are zero nearly everywhere, such as {dead[0].name}: "
            f"{dead[0].outputs.zero:.0%}."
        )
    losses = inspection.losses
    if math.isfinite(first + last) and not all(math.isfinite(layer.gradients.sum()) for layer in layers):
        sentences.append("Along the iterations gradients became no numbers: the steps are too long.")
    sentences.append(
        f"Loss of a batch over {len(losses)} iterations: {losses[0]:.3g} to {losses[-1]:.3g}, at a learning rate of "
        f"{inspection.subject.stage.learning_rate:g} with batches of {inspection.subject.stage.batch_size}."
    )
    return sentences


def _times(first: float, last: float) -> str:
    return f"{first / last:.2g} times" if last else "infinitely many times"


def learning_rows(inspection: Inspection) -> list[tuple[str, ...]]:
    """Return a row for each layer with weights."""
    return [
        (
            layer.name,
            _shape(layer.shape),
            field_text(layer.field),
            f"{layer.gradients[0]:.2e}",
            f"{layer.gradients[-1]:.2e}",
            f"{layer.weights.std:.3g}",
            f"{layer.weights_after.std:.3g}",
        )
        for layer in inspection.learning
    ]


def output_rows(inspection: Inspection) -> list[tuple[str, ...]]:
    """Return a row for each layer with an output worth a number."""
    return [
        (
            layer.name,
            layer.kind,
            _shape(layer.shape),
            field_text(layer.field),
            f"{layer.outputs.mean:.3g}",
            f"{layer.outputs.std:.3g}",
            f"{100 * layer.outputs.zero:.1f}",
            "" if layer.outputs.saturated is None else f"{100 * layer.outputs.saturated:.1f}",
        )
        for layer in inspection.layers
        if layer.outputs is not None
    ]


def field_text(field: Field) -> str:
    """`11 × 11`, or `everything`."""
    sizes = [span.size for span in field]
    return "everything" if math.isinf(max(sizes)) else " × ".join(f"{size:.0f}" for size in sizes)


def _shape(shape: Iterable[int]) -> str:
    return " × ".join(map(str, shape))


def as_numbers(inspection: Inspection, command: str, seconds: float) -> dict[str, Any]:
    """Return the content of `inspect.json`; what is no number is null."""
    return plain(
        {
            "schema": 1,
            "model": inspection.subject.model,
            "network": inspection.subject.what,
            "created": datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": command,
            "settings": as_json(inspection.subject.settings),
            "pictures": inspection.images,
            "batch_size": inspection.subject.stage.batch_size,
            "learning_rate": inspection.subject.stage.learning_rate,
            "losses": inspection.losses.tolist(),
            "layers": [_numbers(layer) for layer in inspection.layers],
            "grad_cam": {
                "layer": ", ".join(inspection.cam_layers),
                "pictures": [
                    {"path": heat.image.name, "predicted": heat.label, "probability": heat.probability}
                    for heat in inspection.heat_maps
                ],
            },
            "seconds": round(seconds, 2),
            **machine(),
        }
    )


def _numbers(layer: Layer) -> dict[str, Any]:
    content: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "output": list(layer.shape),
        "receptive_field": [span.size for span in layer.field],
        "stride": [span.stride for span in layer.field],
    }
    if layer.outputs is not None:
        content["activation"] = {name: getattr(layer.outputs, name) for name in ("mean", "std", "zero", "saturated")}
    if layer.gradients is not None:
        for name, values in (("weights", layer.weights), ("weights_after", layer.weights_after)):
            content[name] = {"mean": values.mean, "std": values.std, "nearly_zero": values.zero}
        content["gradient_norms"] = layer.gradients.tolist()
    return content


def write(folder: Path, inspection: Inspection, command: str) -> None:
    """Draw all images into the folder and write `inspect.html`, which holds them too."""
    subject, drawn = inspection.subject, draw(inspection)
    for name, figure in drawn.items():
        (folder / f"{name}.png").write_bytes(figure.image)
    page = render(
        "inspect.html.jinja",
        model=subject.model,
        network=subject.what,
        created=f"{datetime.now():%Y-%m-%d %H:%M}",
        command=command,
        told=summary_sentences(inspection),
        figures=drawn,
        cam_layers=inspection.cam_layers,
        cam_grid=inspection.cam_grid,
        batch_size=subject.stage.batch_size,
        pictures=inspection.images,
        edge=f"{EDGE:.0%}",
        untrained=subject.untrained,
        active=len(inspection.active),
        most_panels=inspect_figures.MAX_PANELS,
        nearly_zero=f"{NEARLY_ZERO:g}",
        filters=filter_summary(inspection),
        first_picture=inspection.heat_maps[0].image.name,
        learning=Table(LEARNING_HEADER, learning_rows(inspection)),
        weights=Table(
            ("layer", "nearly zero %", f"after {len(inspection.losses)} iterations %"), weight_rows(inspection)
        ),
        layers=Table(OUTPUT_HEADER, output_rows(inspection), (0, 1)),
        settings=Table(("setting", "value"), setting_rows(inspection), (0, 1)),
    )
    (folder / "inspect.html").write_text(page, encoding="utf-8", errors="replace")


def draw(inspection: Inspection) -> dict[str, Figure]:
    """Return the figures by the names of their files, those for which the network has something to show."""
    heats = inspect_figures.heats(inspection.heat_maps)
    drawn = {"grad_cam": Figure(heats, "Images, and the places that speak for the class named")}
    if inspection.learning:
        gradients = inspect_figures.gradients(inspection.learning)
        weights = inspect_figures.weight_histograms(inspection.learning, len(inspection.losses))
        drawn["gradients"] = Figure(gradients, "Length of the gradient, layer by layer, over time")
        drawn["weights"] = Figure(weights, "Histograms of each layer's weights")
    activations = inspect_figures.activation_histograms(inspection.active)
    drawn["activations"] = Figure(activations, "Histograms of what each layer puts out")
    if inspection.filters:
        drawn["filters"] = Figure(inspect_figures.filters(inspection.filters[1]), "Filters of the first layer")
    if inspection.feature_maps:
        maps = inspect_figures.feature_maps(inspection.feature_maps)
        drawn["feature_maps"] = Figure(maps, "Maps of some layers for one image")
    return drawn


def filter_summary(inspection: Inspection) -> dict[str, Any]:
    """Return what is said of the filters of the first layer."""
    if not inspection.filters:
        return {}
    name, kernels = inspection.filters
    number, height, width = kernels.shape[:3]
    drawn = min(number, inspect_figures.MAX_FILTERS)
    return {"layer": name, "drawn": drawn, "number": number, "height": height, "width": width}


def weight_rows(inspection: Inspection) -> list[tuple[str, ...]]:
    """Return how many weights of each layer are nearly zero, before and after the iterations, in %."""
    return [
        (layer.name, f"{100 * layer.weights.zero:.1f}", f"{100 * layer.weights_after.zero:.1f}")
        for layer in inspection.learning
    ]


def setting_rows(inspection: Inspection) -> list[tuple[str, str]]:
    """Return the settings of train that `inspect` obeys."""
    settings = as_json(inspection.subject.settings).items()
    return [(name, format_value(value, name)) for name, value in settings if FIELDS[name].metadata["inspected"]]

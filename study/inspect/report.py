"""`inspect.html` and `inspect.json`: what was seen in a network, in words, pictures and numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from study.inspect import figures as inspect_figures
from study.inspect.collect import Layer, Look
from study.inspect.receptive_field import Field
from study.inspect.statistics import EDGE, NEARLY_ZERO
from study.pages.html import STYLE, picture, table
from study.runs.report import shown
from study.runtime.environment import machine
from study.settings.resolve import as_json
from study.settings.train import FIELDS

Draw = Callable[[str, bytes, str], str]  # name, PNG, text in its place -> HTML

SLOW, HARDLY = 0.1, 1e-3  # times the gradient of the last layer: how the first layers then learn
LEARNING_HEADER = ("layer", "output", "sees", "gradient", "gradient at the end", "weights' std", "std at the end")
OUTPUT_HEADER = ("layer", "kind", "output", "sees", "mean", "std", "zero %", "saturated %")


def words(look: Look) -> list[str]:
    """Return what the gradients and activations say, a sentence each."""
    layers = look.learning
    if not layers:
        return ["No layer has weights that learn."]
    first, last = (float(layers[at].gradients[0]) for at in (0, -1))
    told = [f"In the first batch the gradient of {layers[0].name} is {_times(first, last)} that of {layers[-1].name}"]
    if not math.isfinite(first + last):
        told = ["The gradients are no numbers: the network is of no use as it is."]
    elif not first and not last:
        told = ["In the first batch all gradients are 0: nothing learns."]
    elif first < HARDLY * last:
        told[0] += ": it vanishes on its way back, and the first layers hardly learn."
    elif first < SLOW * last:
        told[0] += ": it shrinks on its way back, and the first layers learn slowly."
    elif last < SLOW * first:
        told[0] += ": it grows on its way back, and a step that suits the last layers may be too long for the first."
    else:
        told[0] += ": all layers learn at a like pace."
    saturated = [layer for layer in look.active if (layer.outputs.saturated or 0) > 0.5]
    if saturated:
        told.append(
            f"{len(saturated)} of {len(look.active)} activations are saturated in most places, where the function is "
            f"flat, such as {saturated[0].name}: {saturated[0].outputs.saturated:.0%}."
        )
    if dead := [layer for layer in look.active if layer.outputs.zero > 0.95]:
        told.append(
            f"{len(dead)} of {len(look.active)} activations are zero nearly everywhere, such as {dead[0].name}: "
            f"{dead[0].outputs.zero:.0%}."
        )
    losses = look.losses
    if math.isfinite(first + last) and not all(math.isfinite(layer.gradients.sum()) for layer in layers):
        told.append("Along the iterations gradients became no numbers: the steps are too long.")
    told.append(
        f"Loss of a batch over {len(losses)} iterations: {losses[0]:.3g} to {losses[-1]:.3g}, at a learning rate of "
        f"{look.subject.stage.learning_rate:g} with batches of {look.subject.stage.batch_size}."
    )
    return told


def _times(first: float, last: float) -> str:
    return f"{first / last:.2g} times" if last else "infinitely many times"


def learning_rows(look: Look) -> list[tuple[str, ...]]:
    """Return a row for each layer with weights."""
    return [
        (
            layer.name,
            _shape(layer.shape),
            sees(layer.field),
            f"{layer.gradients[0]:.2e}",
            f"{layer.gradients[-1]:.2e}",
            f"{layer.weights.std:.3g}",
            f"{layer.weights_after.std:.3g}",
        )
        for layer in look.learning
    ]


def output_rows(look: Look) -> list[tuple[str, ...]]:
    """Return a row for each layer with an output worth a number."""
    return [
        (
            layer.name,
            layer.kind,
            _shape(layer.shape),
            sees(layer.field),
            f"{layer.outputs.mean:.3g}",
            f"{layer.outputs.std:.3g}",
            f"{100 * layer.outputs.zero:.1f}",
            "" if layer.outputs.saturated is None else f"{100 * layer.outputs.saturated:.1f}",
        )
        for layer in look.layers
        if layer.outputs is not None
    ]


def sees(field: Field) -> str:
    """`11 × 11`, or `everything`."""
    sizes = [span.size for span in field]
    return "everything" if math.isinf(max(sizes)) else " × ".join(f"{size:.0f}" for size in sizes)


def _shape(shape: Iterable[int]) -> str:
    return " × ".join(map(str, shape))


def numbers(look: Look, command: str, seconds: float) -> dict[str, Any]:
    """Return the content of `inspect.json`; what is no number is null."""
    return _finite(
        {
            "schema": 1,
            "model": look.subject.model,
            "network": look.subject.what,
            "created": datetime.now().astimezone().isoformat(timespec="seconds"),
            "command": command,
            "settings": as_json(look.subject.settings),
            "pictures": look.pictures,
            "batch_size": look.subject.stage.batch_size,
            "learning_rate": look.subject.stage.learning_rate,
            "losses": look.losses.tolist(),
            "layers": [_numbers(layer) for layer in look.layers],
            "grad_cam": {
                "layer": look.cam_layer,
                "pictures": [
                    {"path": heat.picture.name, "predicted": heat.label, "probability": heat.probability}
                    for heat in look.heats
                ],
            },
            "seconds": round(seconds, 2),
            **machine(),
        }
    )


def _numbers(layer: Layer) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": layer.name,
        "kind": layer.kind,
        "output": list(layer.shape),
        "receptive_field": [span.size for span in layer.field],
        "stride": [span.stride for span in layer.field],
    }
    if layer.outputs is not None:
        told["activation"] = {name: getattr(layer.outputs, name) for name in ("mean", "std", "zero", "saturated")}
    if layer.gradients is not None:
        for name, values in (("weights", layer.weights), ("weights_after", layer.weights_after)):
            told[name] = {"mean": values.mean, "std": values.std, "nearly_zero": values.zero}
        told["gradient_norms"] = layer.gradients.tolist()
    return told


def _finite(value: Any) -> Any:  # noqa: ANN401
    """Return the same with None in place of numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write(folder: Path, look: Look, command: str) -> None:
    """Draw all pictures into the folder and write `inspect.html`, which holds them too."""

    def draw(name: str, png: bytes, text: str) -> str:
        (folder / f"{name}.png").write_bytes(png)
        return picture(png, text)

    subject, told = look.subject, words(look)
    body = [
        f"<h1>Inside {escape(subject.model)}: {escape(subject.what)}</h1>",
        f"<p class=note>{datetime.now():%Y-%m-%d %H:%M} · <code>{escape(command)}</code></p>",
        f"<p class=big>{escape(told[0])}</p>",
        *(f"<p>{escape(sentence)}</p>" for sentence in told[1:]),
        *_grad_cam(look, draw),
        *_gradients(look, draw),
        *_activations(look, draw),
        *_weights(look, draw),
        *_filters(look, draw),
        "<h2>All layers</h2>",
        table(OUTPUT_HEADER, output_rows(look)),
        "<p class=note>Sees: the receptive field, pixels of the picture that one place of the output depends on, "
        "height and width, from kernel sizes and strides; beyond the picture's edge it goes on into the padding. "
        "Normalisation, whose statistics come from everywhere, is not counted.</p>",
        "<h2>Settings</h2>",
        table(
            ("setting", "value"),
            [(name, shown(value, name)) for name, value in as_json(subject.settings).items() if _counts(name)],
        ),
    ]
    title = f"inside {subject.model} · study-classification"
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style><body>{''.join(body)}</body></html>"
    )
    (folder / "inspect.html").write_text(page, encoding="utf-8", errors="replace")


def _grad_cam(look: Look, draw: Draw) -> list[str]:
    height, width, _ = look.cam_shape
    return [
        "<h2>Where it looks: Grad-CAM</h2>",
        draw("grad_cam", inspect_figures.heats(look.heats), "Pictures, and the places that speak for the class named"),
        f"<p class=note>Bright: the place speaks for the class that the network names. From the {height} × {width} "
        f"maps of <code>{escape(look.cam_layer)}</code>, each weighed by the mean gradient of the class' score "
        "(<a href='https://arxiv.org/abs/1610.02391'>Selvaraju et al., 2017</a>), and scaled up: it is no sharper than "
        "those maps. A network that has not learned looks anywhere.</p>",
    ]


def _gradients(look: Look, draw: Draw) -> list[str]:
    if not look.learning:
        return []
    penalties = "The loss alone: penalties (--l1, --l2) take part in the steps, but not in what is measured."
    return [
        "<h2>Gradients</h2>",
        draw(
            "gradients", inspect_figures.gradients(look.learning), "Length of the gradient, layer by layer, over time"
        ),
        f"<p class=note>Length of the loss' gradient by each layer's kernel, from the first layer (dark) to the last "
        f"(light), on batches of {look.subject.stage.batch_size} training pictures. {penalties}</p>",
        table(LEARNING_HEADER, learning_rows(look)),
    ]


def _activations(look: Look, draw: Draw) -> list[str]:
    mode = (
        "Normalisation goes by these pictures, as in training."
        if look.subject.untrained
        else "Normalisation goes by its stored statistics, as in an answer."
    )
    few = _some(len(look.active))
    return [
        "<h2>Activations, layer by layer</h2>",
        draw(
            "activations", inspect_figures.activation_histograms(look.active), "Histograms of what each layer puts out"
        ),
        f"<p class=note>Of {look.pictures} training pictures; values of exactly 0 are left out and counted above. "
        f"Saturated: within {EDGE:.0%} of the range from an end of it, where the function is flat and lets no gradient "
        f"through. {mode}{few}</p>",
    ]


def _weights(look: Look, draw: Draw) -> list[str]:
    if not look.learning:
        return []
    steps = len(look.losses)
    rows = [
        (layer.name, f"{100 * layer.weights.zero:.1f}", f"{100 * layer.weights_after.zero:.1f}")
        for layer in look.learning
    ]
    return [
        "<h2>Weights, layer by layer</h2>",
        draw("weights", inspect_figures.weight_histograms(look.learning, steps), "Histograms of each layer's weights"),
        f"<p class=note>L2 and weight decay draw all weights towards 0, in proportion to their size; L1 draws all by "
        f"the same amount, which leaves many at 0. The table counts those nearer to 0 than {NEARLY_ZERO:g}."
        f"{_some(len(look.learning))}</p>",
        table(("layer", "nearly zero %", f"after {steps} iterations %"), rows),
    ]


def _some(number: int) -> str:
    most = inspect_figures.MOST_PANELS
    return f" Drawn are {most} of {number} layers, at even distances." if number > most else ""


def _filters(look: Look, draw: Draw) -> list[str]:
    body = []
    if look.filters:
        name, kernels = look.filters
        height, width = kernels.shape[1:3]
        body = [
            "<h2>Filters of the first layer</h2>",
            draw("filters", inspect_figures.filters(kernels), "Filters of the first layer"),
            f"<p class=note>{min(len(kernels), inspect_figures.MOST_FILTERS)} of {len(kernels)} filters of "
            f"<code>{escape(name)}</code>, {height} × {width}, each on a scale of its own: grey is 0. Red, green, blue "
            "in the order in which the layer is given them (resnet: blue first).</p>",
        ]
    if look.maps:
        body += [
            "<h2>Feature maps of the first picture</h2>",
            draw("feature_maps", inspect_figures.feature_maps(look.maps), "Maps of some layers for one picture"),
            f"<p class=note><code>{escape(look.heats[0].picture.name)}</code>. The last layer of each size, and of it "
            "the maps that differ most from place to place; each on a scale of its own.</p>",
        ]
    return body


def _counts(name: str) -> bool:
    """Say whether `inspect` obeys a setting of train."""
    return FIELDS[name].metadata["inspected"]

"""The images of `inspect`. Colours are safe for the colour-blind."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from study.inspect.collect import HeatMap, Layer
from study.inspect.statistics import TensorStats, evenly_spaced
from study.pages.figures import STYLE, WIDTH, cut, plt, png, short, whole_numbers
from study.pages.palette import BLUE, GREY, VERMILION

MAX_PANELS = 16  # histograms
MAX_NAMED = 24  # layers; beyond, their names would overlap and they are numbered
MAX_FILTERS, MAX_MAPS = 64, 12
MIN_COLUMNS = 6  # of small images: room for their heading
FLOOR = 1e-12  # a gradient that is drawn as vanished, on a logarithmic axis


def activation_histograms(layers: Sequence[Layer]) -> bytes:
    """Draw what each layer puts out, without the zeros, whose share stands above."""
    figure, panels = _panels(layers)
    for ax, layer in panels:
        values = layer.outputs
        _bars(ax, values)
        notes = [f"mean {values.mean:.3g}, std {values.std:.3g}"]
        notes += [f"zero {values.zero:.0%}"] if values.zero else []
        notes += [f"saturated {values.saturated:.0%}"] if values.saturated is not None else []
        ax.set_title(f"{cut(layer.name, 26)}\n{notes[0]}\n{', '.join(notes[1:])}", fontsize=9)
    return png(figure)


def weight_histograms(layers: Sequence[Layer], steps: int) -> bytes:
    """Draw the weights of each layer, before and after the iterations."""
    figure, panels = _panels(layers)
    for ax, layer in panels:
        _bars(ax, layer.weights, label="before")
        after = layer.weights_after
        ax.stairs(_shares(after), after.edges, color=VERMILION, lw=1.4, label=f"after {steps} iterations")
        ax.set_title(f"{cut(layer.name, 26)}\nstd {layer.weights.std:.3g}", fontsize=9)
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return png(figure)


def gradients(layers: Sequence[Layer]) -> bytes:
    """Draw the length of each layer's gradient: at the first iteration, and along all."""
    norms = np.stack([layer.gradients for layer in layers])
    norms = np.where(np.isfinite(norms), np.maximum(norms, FLOOR), np.nan)  # a gap, not a gradient that vanished
    positions, colours = range(1, len(layers) + 1), colormaps["viridis"](np.linspace(0, 0.92, len(layers)))
    with plt.rc_context(STYLE):
        figure, (left, right) = plt.subplots(1, 2, figsize=(WIDTH, 4.8), layout="constrained")
        left.vlines(positions, np.fmin.reduce(norms[:, 0]) / 2, norms[:, 0], color=GREY, lw=1)
        left.scatter(positions, norms[:, 0], color=colours, zorder=3)
        drawn = f", at least {FLOOR:g}" if (norms == FLOOR).any() else ""
        left.set(yscale="log", ylabel=f"length of the gradient{drawn}", title="At the first iteration")
        if len(layers) <= MAX_NAMED:
            left.set_xticks(positions, [cut(layer.name, 22) for layer in layers], rotation=60, ha="right", fontsize=9)
        else:
            left.set_xlabel("layer with weights, the first to the last")
        labelled = {0, len(layers) - 1} if len(layers) > 8 else set(range(len(layers)))
        for i, (layer, row) in enumerate(zip(layers, norms, strict=True)):
            label = cut(layer.name, 22) if i in labelled else None
            right.plot(range(1, len(row) + 1), row, color=colours[i], marker="o", markersize=2.5, lw=1.2, label=label)
        right.set(yscale="log", xlabel="iteration", title="Along the iterations")
        whole_numbers(right)
        for ax in (left, right):
            ax.grid(alpha=0.25)
            _decades(ax, norms)
        figure.legend(*right.get_legend_handles_labels(), loc="outside lower right", ncols=4, fontsize=9)
        return png(figure)


def _decades(ax: Axes, norms: np.ndarray) -> None:
    """Label a logarithmic axis with plain numbers; one that is short has some between the powers of ten."""
    few = np.fmax.reduce(norms, axis=None) < 100 * np.fmin.reduce(norms, axis=None)
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,)))
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_formatter(NullFormatter())


def filters(kernels: np.ndarray) -> bytes:
    """Draw filters, (n, height, width, 1 or 3), each with its own scale: grey is 0."""
    largest = np.abs(kernels).max(axis=(1, 2, 3), keepdims=True)
    shown = 0.5 + 0.5 * kernels / np.maximum(largest, 1e-12)
    return _sheet([(list(shown[:MAX_FILTERS]), "")], columns=16)


def feature_maps(maps: Mapping[str, np.ndarray]) -> bytes:
    """Draw the maps of some layers that differ most from place to place; bright is high."""
    rows = []
    for name, array in maps.items():
        order = np.argsort(-array.std(axis=(0, 1)), kind="stable")[:MAX_MAPS]
        height, width, channels = array.shape
        rows.append(([array[..., i] for i in order], f"{name}: {len(order)} of {channels}, {height} × {width}"))
    return _sheet(rows, columns=MAX_MAPS)


def heats(heat_maps: Sequence[HeatMap]) -> bytes:
    """Draw each image and, below it, the places that speak for the class named."""
    columns = len(heat_maps)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(2, columns, figsize=(2.3 * columns, 5.2), layout="constrained", squeeze=False)
        for ax in axes.flat:
            ax.axis("off")
        for (above, below), heat in zip(axes.T, heat_maps, strict=False):
            image = heat.image
            for ax in (above, below):
                ax.imshow(image.shown)
            below.imshow(heat.map, cmap="inferno", alpha=0.6, vmin=0, vmax=1)
            true = f"true: {cut(image.label)}\n" if image.label is not None else ""
            above.set_title(f"{true}named: {cut(heat.label)} ({heat.probability:.0%})", fontsize=9)
            below.text(
                0.5, -0.04, short(image.name, 26), fontsize=8, color=GREY, ha="center", va="top",
                transform=below.transAxes,
            )  # fmt: skip
        return png(figure)


def _panels(layers: Sequence[Layer]) -> tuple[Figure, list[tuple[Axes, Layer]]]:
    """Return a figure with a panel for each of some layers, four in a row."""
    chosen = evenly_spaced(layers, MAX_PANELS)
    rows = math.ceil(len(chosen) / 4)
    with plt.rc_context(STYLE | {"font.size": 9}):
        figure, axes = plt.subplots(rows, 4, figsize=(WIDTH, 2.3 * rows + 0.3), layout="constrained", squeeze=False)
        for ax in axes.flat[len(chosen) :]:
            ax.axis("off")
        for ax in axes[:, 0]:
            ax.set_ylabel("share of values")
    return figure, list(zip(axes.flat, chosen, strict=False))


def _bars(ax: Axes, values: TensorStats, label: str = "") -> None:
    ax.stairs(_shares(values), values.edges, fill=True, color=BLUE, alpha=0.75, label=label)


def _shares(values: TensorStats) -> np.ndarray:
    return values.counts / max(1, values.counts.sum())


def _sheet(rows: Sequence[tuple[list[np.ndarray], str]], columns: int) -> bytes:
    """Draw small images in rows, each row or several of them under a heading."""
    lines = [
        (images[first : first + columns], heading if first == 0 else "")
        for images, heading in rows
        for first in range(0, len(images), columns)
    ]
    with plt.rc_context(STYLE):
        side, shown = WIDTH / columns, max(MIN_COLUMNS, *(len(images) for images, _ in lines))
        gap = 0.3 if any(heading for _, heading in lines) else 0.04
        size = (side * shown, (side + gap) * len(lines))
        figure, axes = plt.subplots(len(lines), shown, figsize=size, squeeze=False)
        # No "constrained" layout: a long heading would widen its column.
        figure.subplots_adjust(0, 0, 1, 1 - gap / size[1], wspace=0.04 / side, hspace=gap / side)
        for ax in axes.flat:
            ax.axis("off")
        for row, (images, heading) in zip(axes, lines, strict=True):
            row[0].set_title(heading, loc="left", fontsize=10)
            for ax, image in zip(row, images, strict=False):
                if image.ndim == 2:
                    ax.imshow(image, cmap="viridis")
                else:
                    ax.imshow(image, cmap="gray", vmin=0, vmax=1)  # the map is for those of one channel
        return png(figure)

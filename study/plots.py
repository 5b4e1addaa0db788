"""The pictures of a run: learning curves, confusion matrix, worst mistakes. Colours are safe for the colour-blind."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import matplotlib as mpl
import numpy as np

mpl.use("Agg")  # draws into files, needs no screen
with mpl.rc_context():
    import matplotlib_fontja  # noqa: F401 - registers IPAexGothic, for class names in Japanese
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from rich.cells import cell_len, set_cell_size

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#666666"  # Okabe and Ito's palette
FONTS = ["DejaVu Sans", "IPAexGothic"]  # the first that has a character draws it
MOST_NUMBERED = 40  # classes; beyond, the numbers of a confusion matrix would overlap and only colours are drawn
STYLE = {
    "text.parse_math": False,
    "font.family": FONTS,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def curves(history: Sequence[Mapping[str, Any]], kept_epoch: int, path: Path) -> None:
    """Draw loss and accuracy over the epochs of all stages; the kept epoch is marked."""
    epochs = [row["epoch"] for row in history]
    changes = [b["epoch"] - 0.5 for a, b in pairwise(history) if a["stage"] != b["stage"]]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
        for ax, key in zip(axes, ("loss", "accuracy"), strict=True):
            style = {"marker": "o", "markersize": 3}
            ax.plot(epochs, [row[key] for row in history], color=BLUE, label="training", **style)
            ax.plot(epochs, [row[f"val_{key}"] for row in history], color=ORANGE, ls="--", label="validation", **style)
            for change in changes:
                ax.axvline(change, color=GREY, lw=1, label="fine-tuning begins")
            ax.axvline(kept_epoch, color=GREY, ls=":", lw=1.5, label=f"kept: epoch {kept_epoch}")
            ax.set(xlabel="epoch", ylabel=key, title=key.capitalize())
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.grid(alpha=0.25)
        axes[0].legend()
        save(figure, path)


def confusion(
    matrix: Sequence[Sequence[int]], class_names: Sequence[str], title: str, path: Path, unit: int = 1
) -> None:
    """Draw a confusion matrix: counts in units of so many, coloured by the share of their true class."""
    counts = np.array(matrix)
    class_names = [cut(name) for name in class_names]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(4.6, 0.62 * len(class_names) + 2.4), 24)
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(side + 1, side), layout="constrained")
        drawn = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts if len(counts) <= MOST_NUMBERED else np.zeros((0, 0))):
            colour = "white" if shares[row, column] > 0.55 else "black"
            ax.text(column, row, f"{count // unit:,}", ha="center", va="center", color=colour)
        ticks = range(len(class_names))
        turned = len(class_names) > 5 or max(map(cell_len, class_names)) > 9  # else names would run into each other
        turn = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if turned else {}
        points = min(11, 0.7 * 72 * side / len(class_names))
        ax.set_xticks(ticks, class_names, fontsize=points, **turn)
        ax.set_yticks(ticks, class_names, fontsize=points)
        ax.set(xlabel="predicted class", ylabel="true class", title=title)
        figure.colorbar(drawn, ax=ax, label="share of the true class", shrink=0.8)
        save(figure, path)


def mistakes(wrong: Sequence[Mapping[str, Any]], total: int, path: Path) -> None:
    """Draw the worst mistakes, the surest first. Each has `pixels`, `label`, `predicted`, `probability` and `path`."""
    columns = 5
    rows = -(-len(wrong) // columns)
    with plt.rc_context(STYLE):
        layout = {"figsize": (12, 3.1 * rows + 0.6), "layout": "constrained" if rows else None}
        figure, axes = plt.subplots(max(1, rows), columns, squeeze=False, **layout)
        for ax in axes.flat:
            ax.axis("off")
        for ax, entry in zip(axes.flat, wrong, strict=False):
            ax.imshow(entry["pixels"])
            label, predicted = (cut(entry[name], 14) for name in ("label", "predicted"))
            ax.set_title(f"true: {label}\npredicted: {predicted}, {100 * entry['probability']:.0f} %", fontsize=9)
            ax.text(
                0.5, -0.03, short(entry["path"]), fontsize=8, color=GREY, ha="center", va="top", transform=ax.transAxes
            )
        shown = f"the {len(wrong)} surest of {total}" if total > len(wrong) else f"all {total}"
        figure.suptitle(f"Mistakes on the test part: {shown}" if total else "No mistakes on the test part")
        save(figure, path)


def short(text: str, longest: int = 30) -> str:
    """Keep the end of a path: the file's name."""
    return text if len(text) <= longest else "…" + text[-longest + 1 :]


def cut(name: str, longest: int = 20) -> str:
    """Keep the beginning of a class name; a Japanese letter is as wide as two."""
    return name if cell_len(name) <= longest else set_cell_size(name, longest - 1).rstrip() + "…"


def save(figure: Figure, file: Path | BinaryIO) -> None:
    """Write a figure as PNG and let go of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # an emoji in a file name: drawn as a box
        figure.savefig(file, dpi=100, format="png")
    plt.close(figure)

"""Images side by side, each with a line above it, and confusion matrices: both as pictures for a phone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_images(axes: np.ndarray, images: Sequence[np.ndarray], titles: Sequence[str] = ()) -> None:
    """Draw images 0..255, one a place; places beyond the last image stay empty."""
    for ax in axes.flat:
        ax.axis("off")
    for number, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(np.clip(np.rint(image), 0, 255).astype(np.uint8))
        if number < len(titles):
            ax.set_title(titles[number], fontsize=12)


def draw_confusion(ax: Axes, matrix: np.ndarray, names: Sequence[str]) -> None:
    """Draw a confusion matrix: counts, coloured by the share of their true class."""
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        dark = shares[row, column] > 0.55
        ax.text(column, row, f"{count}", ha="center", va="center", fontsize=13, color="white" if dark else "black")
    ax.set_xticks(range(len(names)), names, rotation=30)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="predicted class", ylabel="true class")
    ax.spines[:].set_visible(False)

"""Pictures with their masks, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Patch

from study.plots import STYLE, cut, save, short
from study.segment import palette

ACROSS = 3  # pictures in a row, each with two masks


def masks(
    pictures: np.ndarray,
    true: np.ndarray,
    predicted: np.ndarray,
    titles: Sequence[str],
    names: Sequence[str],
    path: Path,
) -> None:
    """Draw picture, true mask and predicted mask of each, from the worst to the best.

    Args:
        pictures: uint8 (n, size, size, 3).
        true: class of each pixel, uint8 (n, size, size).
        predicted: the same as the network has it.
        titles: of each picture, two lines.
        names: of the classes, background first.
        path: of the PNG.
    """
    colours = palette(len(names))
    rows = -(-len(pictures) // ACROSS)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows, 3 * ACROSS, figsize=(14, 1.75 * rows + 0.9), layout="constrained", squeeze=False
        )
        for ax in axes.flat:
            ax.axis("off")
        for at, title in enumerate(titles):
            row, column = divmod(at, ACROSS)
            three = (pictures[at], colours[true[at]], colours[predicted[at]])
            for ax, shown in zip(axes[row, 3 * column :], three, strict=False):
                ax.imshow(shown)
            name, score = title.split("\n")
            axes[row, 3 * column].set_title(short(name, 22), fontsize=8, loc="left")
            axes[row, 3 * column + 1].set_title("true", fontsize=8)
            axes[row, 3 * column + 2].set_title(f"predicted, {score}", fontsize=8)
        keys = [Patch(color=colour / 255, label=cut(name)) for name, colour in zip(names, colours, strict=True)]
        figure.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 8), frameon=False)
        figure.suptitle("Validation pictures, from the worst mean IoU to the best")
        save(figure, path)

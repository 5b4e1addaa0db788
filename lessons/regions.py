"""What a network of two inputs answers everywhere: a picture of its decision regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from study.pages.palette import CLASSES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "os^"  # a class is told by its shape too


def draw(
    ax: Axes, decide: Callable[[np.ndarray], np.ndarray], x: np.ndarray, classes: np.ndarray, margin: float = 0.5
) -> None:
    """Colour each place by the class that is answered there, and mark the points by the class that they are of.

    Args:
        ax: where to draw.
        decide: places (n, 2) -> numbers of classes (n,).
        x: the points, (n, 2).
        classes: their numbers, (n,).
        margin: how much is shown around them.
    """
    (left, bottom), (right, top) = x.min(axis=0) - margin, x.max(axis=0) + margin
    across, up = np.meshgrid(np.linspace(left, right, 121), np.linspace(bottom, top, 121))
    answers = decide(np.stack([across.ravel(), up.ravel()], axis=1)).reshape(across.shape)
    numbers = range(int(max(classes.max(), answers.max())) + 1)
    edges = np.arange(len(numbers) + 1) - 0.5
    ax.contourf(across, up, answers, levels=edges, colors=CLASSES[: len(numbers)], alpha=0.3)
    for number in numbers:
        points = x[classes == number].T
        ax.plot(*points, MARKERS[number], color=CLASSES[number], markeredgecolor="black", markersize=9)
    ax.set(xlim=(left, right), ylim=(bottom, top))

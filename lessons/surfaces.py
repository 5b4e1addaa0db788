"""Loss surfaces of two weights, on which the ways of optimisers can be drawn: a valley, a saddle, that of a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scratch.optimizers import Optimizer

FAR = 1e6  # a weight beyond this does not come back


@dataclass(frozen=True)
class Surface:
    """A loss of two weights.

    Args:
        loss: (x, y) -> loss; of arrays too.
        gradient: (x, y) -> (dloss/dx, dloss/dy).
        start: where a descent begins.
        window: of the drawing, (left, right, bottom, top).
    """

    loss: Callable
    gradient: Callable[[float, float], tuple[float, float]]
    start: tuple[float, float]
    window: tuple[float, float, float, float]


VALLEY = Surface(lambda x, y: x**2 / 20 + y**2, lambda x, y: (x / 10, 2 * y), (-7.0, 2.0), (-8, 8, -3, 3))
SADDLE = Surface(lambda x, y: x**2 - y**2, lambda x, y: (2 * x, -2 * y), (-1.5, 1e-3), (-2, 2, -2, 2))


def descend(optimizer: Optimizer, surface: Surface, steps: int) -> np.ndarray:
    """Return the way of an optimiser, float64 (steps + 1, 2), its start first; shorter where it runs away."""
    weights = [np.array([value]) for value in surface.start]
    way = [surface.start]
    for _ in range(steps):
        slopes = surface.gradient(float(weights[0][0]), float(weights[1][0]))
        optimizer.step(weights, [np.array([slope]) for slope in slopes])
        way.append((float(weights[0][0]), float(weights[1][0])))
        if max(map(abs, way[-1])) > FAR:
            break
    return np.array(way)


def draw(ax: Axes, surface: Surface, ways: Sequence[np.ndarray], levels: int = 12) -> None:
    """Draw the surface's level lines, and ways on it: each with a circle at its start and a cross at its end."""
    left, right, bottom, top = surface.window
    x, y = np.meshgrid(np.linspace(left, right, 101), np.linspace(bottom, top, 101))
    loss = surface.loss(x, y)
    low, high = loss.min(), loss.max()
    lines = low + (high - low) * np.linspace(0, 1, levels) ** 2  # closer where the ground is flat
    ax.contour(x, y, loss, levels=lines, colors="#bbbbbb", linewidths=0.8)
    for way in ways:
        (line,) = ax.plot(*way.T, marker=".", markersize=4, linewidth=1.4)
        ax.plot(*way[0], marker="o", color=line.get_color())
        ax.plot(*way[-1], marker="x", markersize=9, markeredgewidth=2.5, color=line.get_color())
    ax.set(xlim=(left, right), ylim=(bottom, top))


def of_line(x: np.ndarray, y: np.ndarray) -> Surface:
    """Return the mean squared error of the line w x + b at points (n,), over w and b; training begins at 0, 0."""

    def loss(w: np.ndarray, b: np.ndarray) -> np.ndarray:
        return np.mean((np.multiply.outer(w, x) + np.asarray(b)[..., None] - y) ** 2, axis=-1)

    def gradient(w: float, b: float) -> tuple[float, float]:
        error = w * x + b - y
        return 2 * float(np.mean(error * x)), 2 * float(np.mean(error))

    return Surface(loss, gradient, (0.0, 0.0), (-1.0, 5.0, -2.0, 4.0))

"""Which values a normalisation averages over: found by changing them one by one, and drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import ListedColormap

from study.pages.palette import ORANGE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scratch.layer import Layer

SHAPE = (4, 2, 2, 4)  # images, height, width, channels


def reached(layer: Layer, shape: tuple[int, int, int, int] = SHAPE) -> np.ndarray:
    """Say which inputs change the first output in training, bool of that shape; the first input is one of them."""
    x = np.random.default_rng(0).normal(size=shape)
    first = layer.forward(x, training=True)[0, 0, 0, 0]
    changes = np.zeros(shape, bool)
    for index in np.ndindex(shape):
        nudged = x.copy()
        nudged[index] += 1
        changes[index] = abs(layer.forward(nudged, training=True)[0, 0, 0, 0] - first) > 1e-9
    return changes


def draw_reached(ax: Axes, changes: np.ndarray) -> None:
    """Draw a box for each image and channel, with its pixels: coloured where they change the first output."""
    count, height, width, channels = changes.shape
    flat = changes.transpose(0, 1, 3, 2).reshape(count * height, channels * width).astype(float)
    flat[0, 0] = 2  # the value itself
    ax.imshow(flat, cmap=ListedColormap(["#eeeeee", ORANGE, VERMILION]), vmin=0, vmax=2)
    for row in range(count + 1):
        ax.axhline(row * height - 0.5, color="black", linewidth=1.2)
    for column in range(channels + 1):
        ax.axvline(column * width - 0.5, color="black", linewidth=1.2)
    ax.set_xticks([(column + 0.5) * width - 0.5 for column in range(channels)], range(1, channels + 1))
    ax.set_yticks([(row + 0.5) * height - 0.5 for row in range(count)], range(1, count + 1))
    ax.set(xlabel="channel", ylabel="image")
    ax.tick_params(length=0)

"""How the values in each layer are distributed: one histogram a layer, the first at the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from study.pages.palette import BLUE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 40


def draw(ax: Axes, layers: Mapping[int, np.ndarray], low: float, high: float) -> None:
    """Draw a histogram a layer, all of one height, with the standard deviation of its values beside it.

    A bar is as high as the square root of its count, so that low ones are seen beside a peak.

    Args:
        ax: where to draw.
        layers: number of a layer -> its values.
        low: the left end; what is below is drawn there.
        high: the right end; what is above is drawn there.
    """
    edges = np.linspace(low, high, BINS + 1)
    for place, values in enumerate(layers.values()):
        counts = np.sqrt(np.histogram(np.clip(values, low, high), edges)[0])
        floor = -float(place)
        ax.stairs(floor + 0.8 * counts / counts.max(), edges, baseline=floor, fill=True, color=BLUE, alpha=0.75)
        ax.text(high, floor + 0.12, f" {values.std():.2g}", fontsize=11, color="#1a1a1a")
    ax.set(xlim=(low, high), ylim=(1 - len(layers), 1))
    ax.set_yticks(-np.arange(len(layers)), [str(number) for number in layers])

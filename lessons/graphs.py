"""A computation as a chain of boxes: values go to the right above, gradients come back to the left below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from study.pages.palette import BLUE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Node:
    """A value on the way to the loss.

    Args:
        name: what it is called.
        value: what came out going forward.
        gradient: the slope of the loss along it.
        operation: what leads to the next one, such as "+ b"; nothing at the last.
        slope: of that operation, by which the gradient is multiplied on its way back.
    """

    name: str
    value: float
    gradient: float
    operation: str = ""
    slope: float = 1.0


def draw_chain(ax: Axes, nodes: Sequence[Node]) -> None:
    """Draw the chain, the first node on the left."""
    ax.set(xlim=(-0.45, len(nodes) - 0.55), ylim=(-1.15, 1.05))
    ax.axis("off")
    for place, node in enumerate(nodes):
        frame = {"boxstyle": "round,pad=0.35", "facecolor": "white", "edgecolor": "#666666"}
        ax.text(place, 0, node.name, ha="center", va="center", bbox=frame)
        ax.text(place, 0.42, f"{node.value:.3f}", ha="center", va="center", color=BLUE)
        ax.text(place, -0.42, f"{node.gradient:.3f}", ha="center", va="center", color=VERMILION)
        if place + 1 < len(nodes):
            for height, ends, colour, text in (
                (0.42, (place + 0.3, place + 0.72), BLUE, node.operation),
                (-0.42, (place + 0.72, place + 0.3), VERMILION, f"× {node.slope:.3g}"),
            ):
                arrow = {"arrowstyle": "-|>", "color": colour, "linewidth": 1.6}
                ax.annotate("", (ends[1], height), (ends[0], height), arrowprops=arrow)
                ax.text(place + 0.51, height * 1.9, text, ha="center", va="center", color=colour, fontsize=11)
    ax.text(-0.4, 1.0, "forward: values →", color=BLUE, va="center", fontsize=11)
    ax.text(-0.4, -1.1, "← backward: gradients", color=VERMILION, va="center", fontsize=11)

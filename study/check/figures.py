"""The images of `check`: histograms and the map. Colours are safe for the colour-blind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.pages.figures import STYLE, cut, plt, png
from study.pages.palette import BLUE, CLASSES, GREY, VERMILION

# To eight colours seven markers: with no common factor, 56 pairs come before the first one again.
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
MAX_COLOURED = 24  # classes on the map; beyond, marks can no longer be told apart and the smallest classes are grey
BINS = 40


def sizes(sides: Sequence[float]) -> bytes:
    """Draw how long the longer sides are."""
    bins = bin_edges(sides)
    with plt.rc_context(STYLE):
        figure, ax = panel("Size of the images", "longer side in pixels")
        ax.hist(np.clip(sides, bins[0], bins[-1]), bins, color=BLUE)
        return png(figure)


def shapes(aspects: Sequence[float]) -> bytes:
    """Draw width : height, as far to the left of 1 for upright images as to the right for wide ones."""
    most = max(2.0, *(max(aspect, 1 / aspect) for aspect in aspects))
    most = min(most, 8.0)  # a strip or two would squeeze all others into the middle; they are drawn at the edge
    bins = np.geomspace(1 / most, most, BINS + 1)
    with plt.rc_context(STYLE):
        figure, ax = panel("Shape of the images", "width : height")
        ax.hist(np.clip(aspects, bins[0], bins[-1]), bins, color=BLUE)
        ax.set_xscale("log")
        marks = {1 / 4: "1:4", 1 / 2: "1:2", 1: "1:1", 2: "2:1", 4: "4:1"}
        if most < 4:  # else they would run into each other
            marks |= {3 / 4: "3:4", 4 / 3: "4:3"}
        shown = {place: name for place, name in marks.items() if 1 / most <= place <= most}
        ax.set_xticks(list(shown), list(shown.values()))
        ax.set_xticks([], minor=True)
        return png(figure)


def crops(lost: Sequence[float], limit: float) -> bytes:
    """Draw how much of each image the square crop cuts away; `limit` is where a finding begins."""
    with plt.rc_context(STYLE):
        figure, ax = panel("What --resize crop cuts away", "share of the image in %")
        ax.hist(100 * np.array(lost), np.linspace(0, 100, BINS + 1), color=BLUE)
        ax.axvline(100 * limit, color=VERMILION, ls="--", label=f"more than {limit:.0%}: a finding")
        ax.legend(fontsize=10)
        return png(figure)


def class_histogram(own: Sequence[float], everyone: Sequence[float], title: str, unit: str, bins: np.ndarray) -> bytes:
    """Draw the histogram of a class over that of all images, both as shares, so that they compare."""
    with plt.rc_context(STYLE):
        figure, ax = panel(title, unit, "share of the images in %")
        for values, style in ((own, {"color": BLUE}), (everyone, {"histtype": "step", "color": GREY, "lw": 1.5})):
            weights = np.full(len(values), 100 / max(1, len(values)))
            label = "this class" if values is own else "all classes"
            ax.hist(np.clip(values, bins[0], bins[-1]), bins, weights=weights, label=label, **style)
        ax.legend(fontsize=10)
        return png(figure)


def bin_edges(values: Sequence[float]) -> np.ndarray:
    """Return the edges of bins of a pixel or more up to where 99 % of the values lie; the last one takes the rest."""
    low, high = min(values), float(np.percentile(values, 99))
    beyond = max(0.0, BINS - (high - low)) / 2  # where all images have one size
    return np.linspace(low - beyond, high + beyond, BINS + 1)


def scatter(
    coordinates: np.ndarray,
    labels: Sequence[str],
    class_names: Sequence[str],
    explained_variance: tuple[float, float],
    highlighted: list[int],
) -> bytes:
    """Draw the map: one mark an image in the colour of its class, and a number at each row of `highlighted`."""
    counts, of = Counter(labels), np.array(labels)
    shown = [name for name in class_names if name in dict(counts.most_common(MAX_COLOURED))]
    others = ~np.isin(of, shown)
    columns = 4 if max(map(len, shown)) <= 8 else 2  # of the legend; Japanese letters are twice as wide
    rows = -(-(len(shown) + 1) // columns)
    size = float(np.clip(3e4 / max(1, len(of)), 6, 40))
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(6.8, 5.8 + 0.28 * rows), layout="constrained")
        if others.any():
            label = f"{len(counts) - len(shown)} other classes"
            ax.scatter(*coordinates[others].T, s=size, color="#BBBBBB", linewidths=0, label=label)
        for i, name in enumerate(shown):
            style = {"color": CLASSES[i % len(CLASSES)], "marker": MARKERS[i % len(MARKERS)]}
            ax.scatter(*coordinates[of == name].T, s=size, alpha=0.55, linewidths=0, label=cut(name), **style)
        ax.autoscale_view()
        places = ax.transData.transform(coordinates[list(highlighted)]) * 72 / figure.dpi if len(highlighted) else []
        for number, (row, offset) in enumerate(zip(highlighted, label_offsets(places), strict=True), 1):
            ax.plot(*coordinates[row], "o", ms=9, mfc="none", mec="black", mew=1.2)
            behind = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1}
            at = {"xytext": offset, "textcoords": "offset points", "ha": "center", "va": "center"}
            ax.annotate(str(number), coordinates[row], bbox=behind, **at)
        first, second = (
            f"direction {i} ({share:.0%} of the differences)" for i, share in enumerate(explained_variance, 1)
        )
        ax.set(xlabel=first, ylabel=second, title="Map of all images: what is alike lies together")
        # Named one by one: Matplotlib would leave out a class whose name begins with _.
        marks, labels = list(ax.collections), [str(mark.get_label()) for mark in ax.collections]
        legend = figure.legend(marks, labels, loc="outside lower center", ncols=columns, fontsize=10, frameon=False)
        for handle in legend.legend_handles:
            handle.set(alpha=1, sizes=[45])
        return png(figure)


def label_offsets(places: np.ndarray) -> list[tuple[int, int]]:
    """Return where the label of each point stands, from the point: in the corner that is farthest from all others.

    Args:
        places: of the points on the figure, in points of 1/72 inch, (n, 2).
    """
    corners = [(x, y) for x in (10, -10) for y in (10, -10)]
    found = []
    for i, place in enumerate(places):
        labels = [other + offset for other, offset in zip(places, found, strict=False)]
        others = np.array([*places[:i], *places[i + 1 :], *labels, place - 1000])
        free = [np.linalg.norm(others - place - corner, axis=1).min() for corner in corners]
        found.append(corners[int(np.argmax(free))])
    return found


def panel(title: str, unit: str, count: str = "images") -> tuple[Figure, Axes]:
    """Return one small figure; several stand side by side on the page, or below each other on a telephone."""
    figure, ax = plt.subplots(figsize=(5.2, 3.1))
    figure.subplots_adjust(left=0.17, right=0.96, bottom=0.19, top=0.9)  # a "constrained" layout takes twice the time
    ax.set(title=title, xlabel=unit, ylabel=count)
    ax.grid(axis="y", alpha=0.25)
    ax.set_axisbelow(True)
    return figure, ax

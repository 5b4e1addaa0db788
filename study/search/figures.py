"""The figures of a search: how it went on, what mattered, and which values good trials have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.pages.figures import STYLE, WIDTH, cut, plt, png, whole_numbers
from study.pages.palette import BLUE, LIGHT_GREY, VERMILION
from study.search.space import Choice, Entry, Range

SHOWN = 300  # lines of parallel coordinates, the best; more would hide each other
TOP = 0.1  # the share of the trials that is drawn in the foreground


@dataclass(frozen=True)
class Point:
    """One trial: its number, accuracy and loss on validation, its flags as texts, and its rank, the best being 0.

    One that was ended early has no rank.
    """

    number: int
    accuracy: float
    loss: float
    texts: Mapping[str, str]
    rank: int | None


def history(points: Sequence[Point]) -> bytes:
    """Draw accuracy and loss of each trial, and around those of the best a ring."""
    panels = (
        ("accuracy on validation, %", [100 * point.accuracy for point in points]),
        ("loss on validation", [point.loss for point in points]),
    )
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 4.4), layout="constrained")
        for ax, (name, heights) in zip(axes, panels, strict=True):
            kinds = (
                (lambda point: point.rank is not None, "ran to its end", {"color": BLUE, "s": 20}),
                (lambda point: point.rank is None, "ended early", {"facecolor": "none", "edgecolor": LIGHT_GREY}),
                (lambda point: point.rank == 0, "the best", {"facecolor": "none", "edgecolor": VERMILION, "s": 110}),
            )
            for belongs, label, style in kinds:
                some = [(point.number, y) for point, y in zip(points, heights, strict=True) if belongs(point)]
                if some:
                    ax.scatter(*zip(*some, strict=True), label=label, **{"s": 20, "lw": 1.3} | style)
            is_loss = name.startswith("loss")
            low, high = np.percentile(heights, (10, 90))  # a few bad trials would flatten all others
            margin = 0.6 * (high - low) + 1e-3
            if high > low:
                ax.set_ylim(
                    bottom=None if is_loss else max(min(heights) - 0.1 * margin, low - margin),
                    top=min(max(heights) + 0.1 * margin, high + margin) if is_loss else None,
                )
            ax.set(xlabel="trial", ylabel=name)
            whole_numbers(ax)
            ax.grid(alpha=0.25)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
        return png(figure)


def importances(shares: Mapping[str, float]) -> bytes:
    """Draw the importance of each setting, the greatest on top."""
    names = sorted(shares, key=shares.__getitem__)
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(WIDTH, 0.9 + 0.45 * len(names)), layout="constrained")
        bars = ax.barh([name.replace("_", "-") for name in names], [shares[name] for name in names], color=BLUE)
        ax.bar_label(bars, fmt="%.2f", padding=4)
        ax.set(xlabel="importance", xlim=(0, 1.15 * max(shares.values())))
        return png(figure)


def parallel(entries: Sequence[Entry], points: Sequence[Point]) -> bytes:
    """Draw each trial that ran to its end as a line through its values; the best tenth in the foreground."""
    ended = sorted((point for point in points if point.rank is not None), key=lambda point: point.rank)[:SHOWN]
    front = max(1, round(TOP * len(ended)))
    accuracies = [100 * point.accuracy for point in ended]
    low, high = min(accuracies), max(accuracies)
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(WIDTH, 5), layout="constrained")
        for rank, point in reversed(list(enumerate(ended))):
            height = (100 * point.accuracy - low) / (high - low) if high > low else 0.5
            places = [place(entry, point.texts.get(entry.name)) for entry in entries]
            style = {"color": VERMILION, "lw": 1.6} if rank < front else {"color": LIGHT_GREY, "lw": 0.7, "alpha": 0.6}
            ax.plot(range(len(entries) + 1), [*places, height], **style)
        for x, entry in enumerate(entries):
            axis(ax, x, [(place(entry, text), text) for text in ticks(entry)])
        axis(ax, len(entries), [(0, f"{low:.1f}"), (1, f"{high:.1f}")] if high > low else [(0.5, f"{low:.1f}")])
        names = [cut(entry.name.replace("_", "-"), 18) for entry in entries]
        ax.set_xticks(range(len(entries) + 1), [*names, "accuracy, %"])
        ax.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(entries) + 0.35))
        ax.spines[["left", "bottom"]].set_visible(False)
        ax.tick_params(length=0)
        return png(figure)


def axis(ax: plt.Axes, x: int, labels: Sequence[tuple[float, str]]) -> None:
    """Draw one upright axis with its labels."""
    ax.axvline(x, ymin=0.06 / 1.12, ymax=1.06 / 1.12, color="black", lw=0.8)
    for y, text in labels:
        box = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
        ax.text(x + 0.03, y, cut(text, 14), fontsize=9, va="center", bbox=box)


def place(entry: Entry, text: str | None) -> float:
    """Return where a value stands on its axis, 0..1; NaN, which draws no line, where a trial has none."""
    if text is None:
        return float("nan")
    if isinstance(entry, Choice):
        return entry.choices.index(text) / (len(entry.choices) - 1) if len(entry.choices) > 1 else 0.5
    value, low, high = float(text), entry.low, entry.high
    if entry.log:
        value, low, high = np.log([value, low, high])
    return float((value - low) / (high - low))


def ticks(entry: Entry) -> Sequence[str]:
    """Return the values that are written at an axis: of a range its ends and what stands between."""
    if isinstance(entry, Choice):
        return entry.choices
    assert isinstance(entry, Range)
    middle = (entry.low * entry.high) ** 0.5 if entry.log else (entry.low + entry.high) / 2
    return [
        f"{float(entry.text(value)):g}"
        for value in dict.fromkeys((entry.low, round(middle) if entry.whole else middle, entry.high))
    ]

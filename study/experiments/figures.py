"""Learning curves of several combinations in one image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, stdev

from study.pages.figures import STYLE, WIDTH, cut, plt, save, whole_numbers
from study.pages.palette import LINES

MAX_DRAWN = len(LINES)
DASHES = ("-", "--", "-.", ":")

Runs = Sequence[Sequence[Mapping[str, float]]]


def mean_and_spread(runs: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of every epoch, over the runs that reached it; of one run the latter is 0."""
    reached = [[run[i] for run in runs if len(run) > i] for i in range(max(map(len, runs)))]
    return [mean(values) for values in reached], [stdev(values) if len(values) > 1 else 0.0 for values in reached]


def curves(drawn: Mapping[str, Runs], path: Path, score: str = "accuracy", column: str = "val_accuracy") -> None:
    """Draw validation loss and score, label -> epochs of each seed: the mean, and one standard deviation around.

    `score`: what it is called. `column`: its name in an epoch.
    """
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 4.6), layout="constrained")
        for ax, (key, name) in zip(axes, (("val_loss", "loss"), (column, score)), strict=True):
            for i, (label, runs) in enumerate(list(drawn.items())[:MAX_DRAWN]):
                middle, width = mean_and_spread([[row[key] for row in run] for run in runs])
                epochs = range(1, len(middle) + 1)
                low, high = ([m + sign * w for m, w in zip(middle, width, strict=True)] for sign in (-1, 1))
                style = {"color": LINES[i], "ls": DASHES[i % len(DASHES)]}
                ax.plot(epochs, middle, label=cut(label, 40), marker="o", markersize=3, **style)
                ax.fill_between(epochs, low, high, color=LINES[i], alpha=0.15, lw=0)
            ax.set(xlabel="epoch", ylabel=name, title=f"Validation {name}")
            whole_numbers(ax)
            ax.grid(alpha=0.25)
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=4 if max(map(len, labels)) < 22 else 2)
        save(figure, path)

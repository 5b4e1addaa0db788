"""Figures of a training: its learning curves, and how far its probabilities can be taken at their word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from study.pages.figures import STYLE, WIDTH, plt, save
from study.pages.palette import BLUE, GREY, VERMILION


def curves(history: Sequence[Mapping[str, Any]], kept_epoch: int, path: Path) -> None:
    """Draw loss and accuracy over the epochs of all stages; the kept epoch is marked."""
    epochs = [row["epoch"] for row in history]
    changes = [b["epoch"] - 0.5 for a, b in pairwise(history) if a["stage"] != b["stage"]]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 4.2), layout="constrained")
        for ax, key in zip(axes, ("loss", "accuracy"), strict=True):
            style = {"marker": "o", "markersize": 3}
            ax.plot(epochs, [row[key] for row in history], color=BLUE, label="training", **style)
            ax.plot(
                epochs, [row[f"val_{key}"] for row in history], color=VERMILION, ls="--", label="validation", **style
            )
            for change in changes:
                ax.axvline(change, color=GREY, lw=1, label="fine-tuning begins")
            ax.axvline(kept_epoch, color=GREY, ls=":", lw=1.5, label=f"kept: epoch {kept_epoch}")
            ax.set(xlabel="epoch", ylabel=key, title=key.capitalize())
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.grid(alpha=0.25)
        axes[0].legend()
        save(figure, path)


def members(history: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw loss and accuracy on validation of each member of an ensemble, and of the first of them together."""
    numbers = range(1, len(history) + 1)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 4.2), layout="constrained")
        for ax, key in zip(axes, ("loss", "accuracy"), strict=True):
            known = [(number, row[f"val_{key}"]) for number, row in zip(numbers, history, strict=True)]
            known = [(number, value) for number, value in known if value != ""]
            ax.plot(*zip(*known, strict=True) if known else ([], []), color=BLUE, ls="", marker="o", label="each alone")
            together = [row[f"ensemble_val_{key}"] for row in history]
            ax.plot(numbers, together, color=VERMILION, marker="o", markersize=3, label="the first ones together")
            ax.set(xlabel="member", ylabel=key, title=f"{key.capitalize()} on validation")
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.grid(alpha=0.25)
        axes[0].legend()
        save(figure, path)


def reliability(bins: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw the share of right answers over the mean probability of each bin, with its 95 % interval."""
    x, y = ([bin[key] for bin in bins] for key in ("probability", "right"))
    ends = [[bin["right"] - bin["low"] for bin in bins], [bin["high"] - bin["right"] for bin in bins]]
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(5.4, 5), layout="constrained")
        low = min(0.9, *x, *(bin["low"] for bin in bins))
        ax.plot([low, 1], [low, 1], color=GREY, lw=1, label="perfectly calibrated")
        ax.errorbar(x, y, ends, color=BLUE, marker="o", ls="", capsize=3, label="test images")
        ax.set(
            xlabel="probability of the answer", ylabel="share of right answers", title="Reliability on the test split"
        )
        ax.grid(alpha=0.25)
        ax.legend()
        save(figure, path)

"""Figures of a training: its learning curves."""

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

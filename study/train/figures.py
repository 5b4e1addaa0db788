"""Figures of a training: its learning curves, and how far its probabilities can be taken at their word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from study.pages.figures import STYLE, WIDTH, plt, save, whole_numbers
from study.pages.language import one_of
from study.pages.palette import BLUE, GREY, VERMILION


def curves(history: Sequence[Mapping[str, Any]], kept_epoch: int, path: Path, language: str = "en") -> None:
    """Draw loss and accuracy over the epochs of all stages; the kept epoch is marked."""
    say = one_of(language)
    titles = {"loss": say("Loss", "損失"), "accuracy": say("Accuracy", "正解率")}
    epochs = [row["epoch"] for row in history]
    changes = [b["epoch"] - 0.5 for a, b in pairwise(history) if a["stage"] != b["stage"]]
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(WIDTH, 4.2), layout="constrained")
        for ax, (key, title) in zip(axes, titles.items(), strict=True):
            style = {"marker": "o", "markersize": 3}
            ax.plot(epochs, [row[key] for row in history], color=BLUE, label=say("training", "訓練"), **style)
            validation = [row[f"val_{key}"] for row in history]
            ax.plot(epochs, validation, color=VERMILION, ls="--", label=say("validation", "検証"), **style)
            for change in changes:
                ax.axvline(change, color=GREY, lw=1, label=say("fine-tuning begins", "ファインチューニング開始"))
            kept = say(f"kept: epoch {kept_epoch}", f"採用：エポック {kept_epoch}")
            ax.axvline(kept_epoch, color=GREY, ls=":", lw=1.5, label=kept)
            ax.set(xlabel=say("epoch", "エポック"), ylabel=say(key, title), title=title)
            whole_numbers(ax)
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
            whole_numbers(ax)
            ax.grid(alpha=0.25)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        save(figure, path)


def reliability(bins: Sequence[Mapping[str, float]], path: Path, language: str) -> None:
    """Draw the share of right answers over the mean probability of each bin, with its 95 % interval."""
    say = one_of(language)
    x, y = ([bin[key] for bin in bins] for key in ("probability", "right"))
    ends = [[bin["right"] - bin["low"] for bin in bins], [bin["high"] - bin["right"] for bin in bins]]
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(5.4, 5), layout="constrained")
        low = min(0.9, *x, *(bin["low"] for bin in bins))
        ax.plot([low, 1], [low, 1], color=GREY, lw=1, label=say("perfectly calibrated", "完全な較正"))
        images = say("test images", "テスト画像")
        ax.errorbar(x, y, ends, color=BLUE, marker="o", ls="", capsize=3, label=images)
        ax.set(
            xlabel=say("probability of the answer", "予測の確率"),
            ylabel=say("share of right answers", "正解の割合"),
            title=say("Reliability on the test split", "テストデータの信頼度図"),
        )
        ax.grid(alpha=0.25)
        figure.legend(loc="outside lower center", ncols=2)
        save(figure, path)

"""Figures of predictions: the confusion matrix, the worst mistakes, images with their masks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.patches import Patch
from rich.cells import cell_len

from study.pages.figures import STYLE, WIDTH, cut, plt, save, short
from study.pages.language import one_of
from study.pages.palette import GREY

ACROSS = 2  # images in a row, each with two masks
MAX_NUMBERED = 40  # classes; beyond, the numbers of a confusion matrix would overlap and only colours are drawn


def confusion(
    matrix: Sequence[Sequence[int]],
    class_names: Sequence[str],
    title: str,
    path: Path,
    unit: int = 1,
    language: str = "en",
) -> None:
    """Draw a confusion matrix: counts in units of so many, coloured by the share of their true class."""
    counts, say = np.array(matrix), one_of(language)
    class_names = [cut(name) for name in class_names]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = min(max(4.6, 0.62 * len(class_names) + 2.4), 24)
    with plt.rc_context(STYLE):
        figure, ax = plt.subplots(figsize=(side + 1, side), layout="constrained")
        drawn = ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(counts if len(counts) <= MAX_NUMBERED else np.zeros((0, 0))):
            colour = "white" if shares[row, column] > 0.55 else "black"
            ax.text(column, row, f"{count // unit:,}", ha="center", va="center", color=colour)
        ticks = range(len(class_names))
        turned = len(class_names) > 5 or max(map(cell_len, class_names)) > 9  # else names would run into each other
        turn = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if turned else {}
        points = min(11, 0.7 * 72 * side / len(class_names))
        ax.set_xticks(ticks, class_names, fontsize=points, **turn)
        ax.set_yticks(ticks, class_names, fontsize=points)
        ax.set(xlabel=say("predicted class", "予測クラス"), ylabel=say("true class", "正解クラス"), title=title)
        label = say("share of the true class", "正解クラスに占める割合")
        figure.colorbar(drawn, ax=ax, label=label, shrink=0.8)
        save(figure, path)


def mistakes(wrong: Sequence[Mapping[str, Any]], total: int, path: Path, language: str = "en") -> None:
    """Draw the worst mistakes, the surest first. Each has `pixels`, `label`, `predicted` and `path`.

    `farthest` is the label that is most wrong, and `probability` its own.
    """
    columns, say = 5, one_of(language)
    rows = -(-len(wrong) // columns)
    with plt.rc_context(STYLE):
        layout = {"figsize": (WIDTH, 3.05 * rows + 0.6), "layout": "constrained" if rows else None}
        figure, axes = plt.subplots(max(1, rows), columns, squeeze=False, **layout)
        for ax in axes.flat:
            ax.axis("off")
        for ax, entry in zip(axes.flat, wrong, strict=False):
            ax.imshow(entry["pixels"])
            label, predicted, farthest = (cut(entry[name], 14) for name in ("label", "predicted", "farthest"))
            true, called = say("true: ", "正解："), say("predicted: ", "予測：")
            percent = 100 * entry["probability"]
            told = f"{percent:.2g}" if 0 < percent < 1 else f"{percent:.0f}"  # its threshold may be small too
            ax.set_title(f"{true}{label}\n{called}{predicted}\n{farthest}: {told} %", fontsize=9)
            ax.text(
                0.5, -0.03, short(entry["path"]), fontsize=8, color=GREY, ha="center", va="top", transform=ax.transAxes
            )
        shown = say(f"all {total}", f"全 {total} 件")
        if total > len(wrong):
            shown = say(f"the {len(wrong)} surest of {total}", f"{total} 件中、確信度の高い {len(wrong)} 件")
        title = say(f"Mistakes on the test split: {shown}", f"テストデータの誤り（{shown}）")
        figure.suptitle(title if total else say("No mistakes on the test split", "テストデータに誤りはありません"))
        save(figure, path)


def masks(
    images: np.ndarray,
    true: np.ndarray,
    predicted: np.ndarray,
    titles: Sequence[str],
    names: Sequence[str],
    colours: np.ndarray,
    path: Path,
    language: str,
) -> None:
    """Draw image, true mask and predicted mask of each, from the worst to the best.

    Args:
        images: uint8 (n, size, size, 3).
        true: class of each pixel, uint8 (n, size, size).
        predicted: the same as the network has it.
        titles: of each image, two lines.
        names: of the classes, background first.
        colours: red, green, blue of each class, uint8 (classes, 3).
        path: of the PNG.
        language: of its text.
    """
    rows, say = -(-len(images) // ACROSS), one_of(language)
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(
            rows, 3 * ACROSS, figsize=(WIDTH, 2.1 * rows + 0.9), layout="constrained", squeeze=False
        )
        for ax in axes.flat:
            ax.axis("off")
        for i, title in enumerate(titles):
            row, column = divmod(i, ACROSS)
            three = (images[i], colours[true[i]], colours[predicted[i]])
            for ax, shown in zip(axes[row, 3 * column :], three, strict=False):
                ax.imshow(shown)
            name, score = title.split("\n")
            axes[row, 3 * column].set_title(short(name, 22), fontsize=8, loc="left")
            axes[row, 3 * column + 1].set_title(say("true", "正解"), fontsize=8, loc="left")
            predicted_title = say(f"predicted, {score}", f"予測、{score}")
            axes[row, 3 * column + 2].set_title(predicted_title, fontsize=8, loc="left")
        keys = [Patch(color=colour / 255, label=cut(name)) for name, colour in zip(names, colours, strict=True)]
        figure.legend(handles=keys, loc="outside lower center", ncols=min(len(keys), 8), frameon=False)
        figure.suptitle(say("Validation images, from the worst mean IoU to the best", "検証画像（平均 IoU の低い順）"))
        save(figure, path)

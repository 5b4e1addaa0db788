"""What a run folder tells of answers for every pixel: a table, and pictures with their masks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from study import artifact, plots, segment_plots, tasks
from study.segment import shares_of

if TYPE_CHECKING:
    from study.record import Record

SHOWN = 12  # validation pictures with their masks
MANY = 1_000_000  # pixels, from which they are counted in thousands


def write_answers(folder: Path, record: Record) -> None:
    """Write what was answered: a table of the test part, its pixels' confusion matrix, and validation pictures."""
    dataset = record.prepared.dataset
    names = tasks.output_names("segment", dataset.class_names)
    write_table(folder / "predictions.csv", names, record)
    test = record.results["test"]
    unit = 1 if test["pixels"] < MANY else 1000  # longer numbers would overlap
    title = f"Test part, {test['pixels'] // unit:,} {'pixels' if unit == 1 else 'thousand pixels'}"
    plots.confusion(test["confusion"], names, title, folder / "confusion.png", unit)
    judged, val = record.probabilities["val"], dataset.examples().rows["val"]
    chosen = spread(judged.iou, SHOWN)
    pictures, true = dataset.pictures.pixels[val[chosen]], dataset.masks[val[chosen]]
    titles = [f"{dataset.rows[val[at]].path}\nmean IoU {judged.iou[at]:.2f}" for at in chosen]
    segment_plots.masks(pictures, true, judged.predicted[chosen], titles, names, folder / "masks.png")


def spread(scores: np.ndarray, count: int) -> np.ndarray:
    """Return indices from the worst to the best score, evenly, `count` at most."""
    order = np.argsort(scores, kind="stable")
    return order[np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)]


def write_table(path: Path, names: Sequence[str], record: Record) -> None:
    """Write `path,label,mean_iou,share_<class>…` for the test part: shares of the pixels by what they were called."""
    judged = record.probabilities["test"]
    rows = [row for row in record.prepared.dataset.rows if row.part == "test"]
    lines = []
    for row, mask, iou in zip(rows, judged.predicted, judged.iou, strict=True):
        lines.append([row.path, row.label, f"{iou:.6f}", *(f"{share:.6f}" for share in shares_of(mask, len(names)))])
    artifact.write_csv(path, ["path", "label", "mean_iou", *(f"share_{name}" for name in names)], lines)

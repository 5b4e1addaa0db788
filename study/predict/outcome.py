"""What `predict` tells a script: every prediction, and what they come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from data.names import split_labels
from study import tasks
from study.predict.stream import Prediction
from study.predict.verdicts import Judge
from study.runs.folder import Run
from study.runs.values import figures, of_run
from study.runtime.format import shares_apart
from study.tasks.classify import most_likely

WRITTEN = ("csv", "page", "sorted", "sort_csv", "masks", "report")


@dataclass(frozen=True)
class Predicted:
    """What was predicted, and what that shows.

    Args:
        run: that predicted.
        images: an object for each file.
        written: "csv", "page", "masks" and so on -> where it is.
        split: "val" or "test", where the run's own images were asked for.
        metrics: where labels are known.
        judge: by which the verdicts were found.
        answered: how many got an answer, and how many of these are right, where labels are known.
        in_class_folders: whether the images lie in sub-folders that are named as classes of the run.
        learned: what the run learned from, where labels came along.
        missing: how many images more the split has, which are not there; None where no split was asked for.
    """

    run: Run
    images: Sequence[Mapping[str, Any]]
    written: Mapping[str, Path] = field(default_factory=dict)
    split: str | None = None
    metrics: Mapping[str, Any] | None = None
    judge: Judge | None = None
    answered: Mapping[str, int] | None = None
    in_class_folders: bool = False
    learned: Mapping[str, Any] | None = None
    missing: int | None = None

    @property
    def failed(self) -> int:
        """Return how many files could not be used."""
        return sum(image["error"] is not None for image in self.images)

    def values(self) -> dict[str, Any]:
        """Return the same keys whatever was asked for: null where one says nothing here."""
        task = self.run.task
        verdicts = Counter(image["verdict"] for image in self.images if image.get("verdict"))
        return {
            **of_run(self.run),
            **{name: self.written.get(name) for name in WRITTEN},
            "split": self.split,
            "missing": self.missing,
            "predictions": self.images,
            "failed": self.failed,
            "right": self.judge and self.judge.asked,
            "threshold": self.judge and self.judge.threshold,
            "verdicts": dict(verdicts),
            "metrics": self.metrics and figures(self.metrics, task),
            "answered": self.answered,
            "learned": self.learned,
        }


def images_of_classes(
    run: Run, predictions: Sequence[Prediction], judge: Judge | None, label_of: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the columns of the table, one object for each file; `probabilities` are in the order of the classes."""
    several = tasks.get(run.task).SEVERAL_LABELS
    return [
        {
            "path": one.path,
            "label": _label(label_of.get(one.path) if label_of else None, several),
            **(_labels_of(run, one) if several else _class_of(run, one, judge)),
            "probabilities": None if one.probabilities is None else in_table(one.probabilities),
            "error": one.error or None,
        }
        for one in predictions
    ]


def in_table(probabilities: np.ndarray) -> list[float]:
    """Return the probabilities of an image as the table has them."""
    return [float(text) for text in shares_apart(probabilities.tolist(), 6)]


def _label(label: str | None, several: bool) -> str | tuple[str, ...] | None:
    return split_labels(label) if several and label is not None else label


def _labels_of(run: Run, prediction: Prediction) -> dict[str, Any]:
    if prediction.probabilities is None:
        return {"predicted": None}
    label = tasks.get(run.task).predicted_label(prediction.probabilities, run.info)
    return {"predicted": split_labels(label)}


def _class_of(run: Run, prediction: Prediction, judge: Judge | None) -> dict[str, Any]:
    if prediction.probabilities is None:
        return dict.fromkeys(("predicted", "probability", "verdict", "distance"))
    name, _ = most_likely(run.info["class_names"], prediction.probabilities)
    verdict = judge.verdict(prediction) if judge and judge.known else None
    return {
        "predicted": name,
        "probability": max(in_table(prediction.probabilities)),
        "verdict": verdict,
        "distance": None if prediction.distance is None else round(prediction.distance, 6),
    }

"""Predictions as people look at them: what is said of an image, how sure that is, and whether its label agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.names import labels_of
from study.predict.stream import Prediction
from study.predict.told import task_of
from study.predict.verdicts import CLASS, UNLIKE, UNSURE, Judge
from study.runs.folder import Run

DOUBT = (UNLIKE, UNSURE, CLASS)  # what to look at first


@dataclass(frozen=True)
class Answer:
    """What a run says of one image.

    Args:
        prediction: with its probabilities.
        kind: `CLASS`, `UNSURE` or `UNLIKE`; `CLASS` where a run gives no such verdicts.
        verdict: the class, or the word for its kind; of several labels all.
        predicted: the likeliest class, whatever the verdict; of several labels those that are predicted.
        said: these with their probabilities, in one line.
        sureness: the least sure answer has the smallest.
        labels: that are given; None where none is known.
    """

    prediction: Prediction
    kind: str
    verdict: str
    predicted: tuple[str, ...]
    said: str
    sureness: float
    labels: tuple[str, ...] | None = None

    @property
    def wrong(self) -> bool:
        """Whether a label says otherwise."""
        return self.labels is not None and set(self.labels) != set(self.predicted)

    def doubt(self) -> tuple[bool, int, float]:
        """Sort by this for what to look at first: wrong ones, the surest first; then the least sure."""
        sureness = -self.sureness if self.wrong else self.sureness
        return not self.wrong, 0 if self.wrong else DOUBT.index(self.kind), sureness


def answers_of(
    run: Run, predictions: Sequence[Prediction], judge: Judge | None, label_of: Mapping[str, str] | None = None
) -> list[Answer]:
    """Return the answers among predictions; `label_of`, by printable path, where labels are known."""
    task, answers = task_of(run), []
    for prediction in predictions:
        if prediction.probabilities is None:
            continue
        predicted = task.predicted_label(prediction.probabilities, run.info)
        label = None if label_of is None else label_of.get(prediction.path)
        answers.append(
            Answer(
                prediction,
                judge.kind(prediction) if judge else CLASS,
                judge.verdict(prediction) if judge else predicted,
                labels_of(predicted, task.SEVERAL_LABELS),
                task.describe_prediction(prediction.probabilities, run.info),
                sureness_of(prediction.probabilities, run.info if task.SEVERAL_LABELS else None),
                None if label is None else labels_of(label, task.SEVERAL_LABELS),
            )
        )
    return answers


def sureness_of(probabilities: np.ndarray, several: Mapping[str, Any] | None) -> float:
    """Return the largest probability; of several labels how far the one nearest to its threshold is from that.

    `probabilities`: of one image, float32 (classes,). `several`: what `run.json` of a run with several labels says.
    """
    if several is None:
        return float(probabilities.max())
    thresholds = [several["thresholds"][name] for name in several["class_names"]]
    return float(np.abs(probabilities - np.array(thresholds)).min())

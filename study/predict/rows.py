"""One row of the table of predictions, and the line on the screen, whatever a run tells of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from data.names import distinct, split_labels
from study.predict.stream import Prediction
from study.predict.told import task_of
from study.predict.verdicts import COLUMNS, Judge
from study.runs.folder import Run


def header_of(run: Run, judge: Judge | None, labelled: bool = False) -> list[str]:
    """Return `path,…,error`; behind it verdict and distance, where there is a `judge`."""
    columns = task_of(run).columns(run.info["class_names"])
    return ["path", *(["label"] if labelled else []), *columns, "error", *(COLUMNS if judge else ())]


def row_of(
    run: Run, judge: Judge | None, prediction: Prediction, label_of: Mapping[str, str] | None = None
) -> list[str]:
    """Return the row of an image under `header_of`; between path and answer its label, where labels are known."""
    task = task_of(run)
    if prediction.probabilities is None:
        cells = [""] * len(task.columns(run.info["class_names"]))
    else:
        cells = task.cells(prediction.probabilities, run.info)
    label = [] if label_of is None else [label_of.get(prediction.path, "")]
    return [prediction.path, *label, *cells, prediction.error, *(judge.cells(prediction) if judge else ())]


class Rows(Protocol):
    """What a run says of an image, as a row of the table and as a line on the screen."""

    columns: list[str]

    def row(self, prediction: Prediction) -> list[str]:
        """Return the row of an image."""

    def describe(self, prediction: Prediction) -> str:
        """Return what is said of an image on the screen."""

    def counted(self, row: Sequence[str]) -> Sequence[str]:
        """Return under which verdict or labels an image counts, by its row."""

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Return what is to be known about the verdicts, and of how many images got each."""


@dataclass(frozen=True)
class Classified:
    """Rows of a run that tells classes of an image."""

    run: Run
    judge: Judge | None

    @property
    def columns(self) -> list[str]:
        """Return the header of the table."""
        return header_of(self.run, self.judge)

    def row(self, prediction: Prediction) -> list[str]:
        """Return the row of an image."""
        return row_of(self.run, self.judge, prediction)

    def describe(self, prediction: Prediction) -> str:
        """Return what is said of an image on the screen."""
        if self.judge:
            return self.judge.describe(prediction)
        return task_of(self.run).describe_prediction(prediction.probabilities, self.run.info)

    def counted(self, row: Sequence[str]) -> Sequence[str]:
        """Return under which verdict or labels an image counts, by its row."""
        if not self.judge:
            return split_labels(row[1]) or (distinct("none", self.run.info["class_names"]),)
        return [row[-2] or row[1]]  # a run that keeps nothing to judge by always answers with the class

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Return what is to be known about the verdicts, and of how many images got each."""
        return self.judge.notes(counts) if self.judge else []

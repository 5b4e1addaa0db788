"""The contract of a task file: its facts, and the functions by which it is learned, evaluated, written and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import keras
    import numpy as np

    from data.batches import Examples
    from data.dataset import Dataset
    from data.split import SplitEntry
    from study.pages.blocks import Block


@dataclass(frozen=True)
class Evaluation:
    """What a network predicts for a split, and what that is worth.

    Args:
        predictions: probabilities, float32 (n, outputs), or the task's own.
        metrics: what `metrics.json` says of the split; `accuracy`, `macro_f1`, `loss` and `n` are always there.
    """

    predictions: Any
    metrics: dict[str, Any]


class Task(Protocol):
    """A module of `study.tasks`.

    Facts:
        MODEL: the model that is taken where none is named.
        PER_PIXEL: whether a network must give features of every pixel; masks are then what is learned.
        ACCURACY: what "accuracy" among its figures is called.
        SCORE: which of its figures runs are ranked by.
        SCORE_NAME: what that is called.
        MACRO_F1: what "macro_f1" among them is called.
        VERDICTS: whether an answer may be that an image is unlike all that was learned, or that it is not sure.
        SEVERAL_LABELS: whether an image may have several labels, or none.
        MIN_CLASSES: how many classes are needed.
        ACTIVATION: of the last layer, "softmax" or "sigmoid".
        LEARNING: the learning types that it knows.
        LOSSES: the losses that it knows.
        FIXED: setting -> the only value that it knows.
    """

    MODEL: str
    PER_PIXEL: bool
    ACCURACY: str
    SCORE: str
    SCORE_NAME: str
    MACRO_F1: str
    VERDICTS: bool
    SEVERAL_LABELS: bool
    MIN_CLASSES: int
    ACTIVATION: str
    LEARNING: tuple[str, ...]
    LOSSES: tuple[str, ...]
    FIXED: Mapping[str, Any]

    def assign(self, entries: Sequence[SplitEntry], *arguments: Any, **named: Any) -> list[SplitEntry]:  # noqa: ANN401
        """Divide images among train, validation and test, as `data.split.assign` does."""

    def outputs(self, class_names: Sequence[str]) -> tuple[str, ...]:
        """Return what the probabilities are of, in their order."""

    def metrics(self, num_outputs: int) -> list[keras.metrics.Metric]:
        """Return what is reported of every epoch; "accuracy" and "crossentropy" must be among it."""

    def evaluate(
        self, model: keras.Model, examples: Examples, outputs: Sequence[str], split: str, val: Evaluation | None = None
    ) -> Evaluation:
        """Predict for a split and compare with the truth; of "test", by what was chosen on `val`."""

    # Sentences are `study.pages.language.Bilingual`: pages are in English or Japanese.

    def describe(self, split: str, metrics: Mapping[str, Any]) -> str:
        """Return the figures of a split in one line."""

    def headline(self, metrics: Mapping[str, Any]) -> str:
        """Return in one sentence how good the figures of the test split are."""

    def warnings(self, metrics: Mapping[str, Any]) -> list[str]:
        """Say in words what the figures of a split hide from a hasty reader; nothing where there is nothing."""

    def baseline(self, metrics: Mapping[str, Any]) -> tuple[str, float] | None:
        """Return the constant answer that is right most often in a split, and its accuracy, if there is one."""

    def accuracy_note(self, images: int) -> str:
        """Say what a point of accuracy is on so many validation images."""

    def print_report(self, split: str, metrics: Mapping[str, Any]) -> None:
        """Print the figures of a split."""

    def write(
        self, folder: Path, dataset: Dataset, evaluations: Mapping[str, Evaluation], language: str = "en"
    ) -> dict[str, Any]:
        """Write `predictions.csv` and figures into a run folder; return what its `run.json` keeps for predictions.

        `language`: of the figures.
        """

    def sections(self, folder: Path, metrics: Mapping[str, Any]) -> list[Block]:
        """Return what the report shows of the test split, from the files of the run folder."""

    # Of tasks with one vector of probabilities for an image:

    def measure(
        self,
        entries: Sequence[SplitEntry],
        probabilities: np.ndarray,
        info: Mapping[str, Any],
        units: np.ndarray | None = None,
        seen: np.ndarray | None = None,
    ) -> dict[str, Any]:
        """Return the metrics of predictions by a saved run for entries of its split.

        `units`: number of what each belongs together with, int (n,), from 0; None: no two of them do.
        `seen`: which are in training or validation too, bool (n,); None: not one.
        """

    def describe_prediction(self, probabilities: np.ndarray, info: Mapping[str, Any]) -> str:
        """Return what is predicted for one image in one line."""

    def predicted_label(self, probabilities: np.ndarray, info: Mapping[str, Any]) -> str:
        """Return the label of one image, float32 (classes,); of several labels as `data.names.join_labels` has them."""

    def columns(self, names: Sequence[str]) -> list[str]:
        """Return the columns of a table of predictions."""

    def cells(self, probabilities: np.ndarray, info: Mapping[str, Any]) -> list[str]:
        """Return what stands in these columns for one image."""

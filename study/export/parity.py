"""Whether an exported file answers as the run does: the same images through both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from data.names import labels_of
from data.split import SplitEntry
from errors import UserError
from study.export.about import DISTANCE, PROBABILITIES
from study.export.running import Answers
from study.predict.stream import Prediction
from study.predict.told import task_of
from study.predict.verdicts import Judge
from study.runs.folder import Run

MAX_DIFFERENCE = 0.001  # of a probability, in float: rounding alone comes to about 0.00001
SHOWN = 3  # paths of changed answers in a message


@dataclass(frozen=True)
class Parity:
    """How far an exported file is from its run, on the images of the validation split.

    `greatest`: difference of a probability. `changed`: images of which another class is the likeliest; of several
    labels, for which others are told. `changed_verdicts`: how many have another verdict; None of a run without
    verdicts. `accuracy`: of the exported file; `accuracy_of_run`: of the run.
    """

    images: int
    greatest: float
    greatest_distance: float | None
    changed: Sequence[str]
    changed_verdicts: int | None
    accuracy: float
    accuracy_of_run: float
    images_per_second: float

    def values(self) -> dict[str, Any]:
        """Return what `export.json` says of it."""
        return asdict(self)

    def sentence(self) -> str:
        """Say it in one line."""
        verdicts = "" if self.changed_verdicts is None else f", {self.changed_verdicts:,} verdict(s) changed"
        return (
            f"compared with the run, in a process of its own, on {self.images:,} validation images: greatest "
            f"difference of a probability {self.greatest:.2g}, {len(self.changed):,} answer(s) changed{verdicts}"
        )


def compare(
    run: Run,
    predictions: Sequence[Prediction],
    entries: Sequence[SplitEntry],
    judge: Judge | None,
    found: Answers,
) -> Parity:
    """Compare the answers of a run with those of an exported file. Raise UserError where these are no numbers."""
    probabilities = found.outputs[PROBABILITIES]
    if not all(np.isfinite(values).all() for values in found.outputs.values()):
        raise UserError("The exported file gives no numbers (nan) for some images, so nothing was written.")
    expected = np.stack([prediction.probabilities for prediction in predictions])
    distances = found.outputs.get(DISTANCE)
    own = [
        replace(prediction, probabilities=row, distance=None if distances is None else float(distances[i]))
        for i, (prediction, row) in enumerate(zip(predictions, probabilities, strict=True))
    ]
    before, after = labels_told(run, expected), labels_told(run, probabilities)
    truth = [set(labels_of(entry.label, task_of(run).SEVERAL_LABELS)) for entry in entries]
    apart = None
    if distances is not None:
        apart = float(np.abs(distances - [prediction.distance for prediction in predictions]).max())
    return Parity(
        images=len(entries),
        greatest=float(np.abs(probabilities - expected).max()),
        greatest_distance=apart,
        changed=[entry.path for entry, one, other in zip(entries, before, after, strict=True) if one != other],
        changed_verdicts=None if judge is None else changed_verdicts(judge, predictions, own),
        accuracy=float(np.mean([one == true for one, true in zip(after, truth, strict=True)])),
        accuracy_of_run=float(np.mean([one == true for one, true in zip(before, truth, strict=True)])),
        images_per_second=round(found.images_per_second, 1),
    )


def labels_told(run: Run, probabilities: np.ndarray) -> list[set[str]]:
    """Return the class that is told of each image, float32 (n, classes); of several labels all."""
    task = task_of(run)
    return [set(labels_of(task.predicted_label(row, run.info), task.SEVERAL_LABELS)) for row in probabilities]


def changed_verdicts(judge: Judge, before: Sequence[Prediction], after: Sequence[Prediction]) -> int:
    """Return how many images have another verdict."""
    return sum(judge.verdict(a) != judge.verdict(b) for a, b in zip(before, after, strict=True))


def gate(run: Run, parity: Parity, allowed: int, unrounded: Parity | None) -> None:
    """Raise UserError where more answers changed than are allowed.

    In float, probabilities that changed beyond rounding are refused too: few images may hide what is wrong.
    `unrounded`: the same network in float, of a file of 8-bit integers.
    """
    count = len(parity.changed)
    if count > allowed:
        some = ", ".join(parity.changed[:SHOWN]) + (", …" if count > SHOWN else "")
        price = f"; {price_of(run, parity, unrounded)}" if unrounded else ""
        raise UserError(
            f"{count:,} of {parity.images:,} answers on the validation split changed ({some}; greatest difference of a "
            f"probability {parity.greatest:.2g}{price}), so nothing was written. To accept that: "
            f"--allow-changed {count}."
        )
    if not unrounded and not count and parity.greatest > MAX_DIFFERENCE:
        raise UserError(
            f"The exported file's probabilities differ from the run's by up to {parity.greatest:.2g}, where rounding "
            f"explains {MAX_DIFFERENCE:g} at most, so nothing was written. Another format of export may round less."
        )


def price_of(run: Run, parity: Parity, unrounded: Parity) -> str:
    """Say what 8-bit integers cost in accuracy."""
    before, after = 100 * unrounded.accuracy, 100 * parity.accuracy
    return f"{task_of(run).ACCURACY} on these images {after:.2f} %, in float {before:.2f} %"

"""What an answer is worth: the class, `unsure`, or `unlike` anything that the run was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from errors import UserError
from study import tasks
from study.confidence import known as known_file
from study.confidence import selective
from study.confidence.known import Known
from study.predict.stream import Prediction
from study.runs.folder import Run, check_files
from study.tasks.classify import most_likely

UNSURE, UNLIKE = "unsure", "unlike"
COLUMNS = ["verdict", "distance"]


@dataclass(frozen=True)
class Judge:
    """What judges the answers of a run.

    `known`: what the run keeps for that; None of runs that keep nothing: every answer then stands. `asked`: the share
    of answers that must be right. `threshold`: the probability from which on they are; None where none is proved.
    `insisted`: whether the share was asked for: where it is not proved, every answer is then unsure, else none is.
    """

    names: Sequence[str]
    known: Known | None
    asked: float
    threshold: float | None
    insisted: bool = False

    def verdict(self, prediction: Prediction) -> str:
        """Return the class, `unsure` or `unlike`."""
        name, probability = most_likely(self.names, prediction.probabilities)
        if self.known is None:
            return name
        if prediction.distance is not None and prediction.distance > self.known.limit:
            return UNLIKE
        if self.threshold is None:
            return UNSURE if self.insisted else name
        return name if probability >= self.threshold else UNSURE

    def describe(self, prediction: Prediction) -> str:
        """`dog  0.9987`, `unsure: dog  0.6210` or `unlike  0.9987`."""
        name, probability = most_likely(self.names, prediction.probabilities)
        verdict = self.verdict(prediction)
        return f"{f'{UNSURE}: {name}' if verdict == UNSURE else verdict}  {probability:.4f}"

    def cells(self, prediction: Prediction) -> list[str]:
        """Return what stands in `COLUMNS`: nothing where the run keeps nothing to judge by, or there is no answer."""
        if self.known is None or prediction.probabilities is None:
            return ["", ""]
        return [self.verdict(prediction), "" if prediction.distance is None else f"{prediction.distance:.4f}"]

    def why_no_threshold(self) -> str:
        """Return why every answer is unsure, or none; nothing where there is a threshold, or the run keeps nothing."""
        if self.known is None or self.threshold is not None:
            return ""
        right, needed = self.known.right, selective.flawless_needed(self.asked)
        can = self.known.reachable(self.asked)
        return (
            f"{'Every' if self.insisted else 'No'} answer is called unsure: {len(right):,} {self.known.what}, "
            f"{int((~right).sum()):,} of them wrong, do not prove that {100 * self.asked:g} % of the answers are "
            f"right, which takes {needed:,} or more without a mistake"
            + (f"; they prove it for --right {can:g}." if can else ".")
        )


def judge_of(run: Run, asked: float | None) -> Judge | None:
    """Return what judges the answers of a run; None for a task without verdicts.

    Args:
        run: a complete run folder.
        asked: share of answers that must be right, where it was asked for.

    Raises:
        UserError: it was asked for, and the run keeps nothing to choose by; or what it keeps is damaged.
    """
    if not tasks.get(run.info.get("task", "classify")).VERDICTS:
        if asked is not None:
            raise UserError(f"--right is for runs that tell one class of an image, and {run.folder} does not.")
        return None
    check_files(run, [known_file.FILE])
    known = known_file.read(run.folder, run.info)
    if known is None and asked is not None:
        raise UserError(f"--right: {run.folder} keeps no {known_file.FILE} to choose by. Leave it out, or train again.")
    right = selective.RIGHT if asked is None else asked
    return Judge(run.info["class_names"], known, right, known.threshold(right) if known else None, asked is not None)


def describe_split(judge: Judge, predictions: Sequence[Prediction], truth: Sequence[str]) -> str:
    """`138 of 150 answered (92.0 %), 137 of these right (99.3 %); 9 unsure, 3 unlike`."""
    verdicts = np.array([judge.verdict(prediction) for prediction in predictions])
    unlike, unsure = verdicts == UNLIKE, verdicts == UNSURE
    given = ~unlike & ~unsure
    count, right = int(given.sum()), int((given & (verdicts == np.array(truth))).sum())
    of_these = f", {right:,} of these right ({100 * right / count:.1f} %)" if count else ""
    answered = f"{count:,} of {len(verdicts):,} answered ({100 * count / len(verdicts):.1f} %)"
    return f"{answered}{of_these}; {unsure.sum():,} unsure, {unlike.sum():,} unlike"

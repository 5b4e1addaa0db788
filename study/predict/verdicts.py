"""What an answer is worth: the class, `unsure`, or `unlike` anything that the run was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from data.names import distinct
from errors import UserError
from study import tasks
from study.confidence import known as known_file
from study.confidence import selective
from study.confidence.known import CLASS, UNLIKE, UNSURE, Known
from study.confidence.neighbours import FALSE_ALARMS
from study.pages.language import japanese, t
from study.pages.reasons import translated
from study.predict.stream import Prediction
from study.runs.folder import Run, check_files
from study.runtime.format import significant
from study.tasks.classify import most_likely

COLUMNS = ["verdict", "distance"]
FEW_UNLIKE, TIMES = 5, 5  # images, and times the share that is to be expected: no more is said of so many


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

    def kind(self, prediction: Prediction) -> str:
        """Return `CLASS`, `UNSURE` or `UNLIKE`."""
        if self.known is None:
            return CLASS
        probability = most_likely(self.names, prediction.probabilities)[1]
        threshold = math.inf if self.threshold is None and self.insisted else self.threshold
        return self.known.kind(probability, prediction.distance, threshold)

    @cached_property
    def words(self) -> dict[str, str]:
        """How `UNSURE` and `UNLIKE` are written: in brackets where a class has that name."""
        return {kind: distinct(kind, self.names) for kind in (UNSURE, UNLIKE)}

    def verdict(self, prediction: Prediction) -> str:
        """Return the class, or the word for `UNSURE` or `UNLIKE`."""
        kind = self.kind(prediction)
        return most_likely(self.names, prediction.probabilities)[0] if kind == CLASS else self.words[kind]

    def describe(self, prediction: Prediction) -> str:
        """`dog  0.9987`, `unsure: dog  0.6210` or `unlike  0.9987`."""
        name, probability = most_likely(self.names, prediction.probabilities)
        verdict = self.verdict(prediction)
        told = f"{verdict}: {name}" if self.kind(prediction) == UNSURE else verdict
        return f"{told}  {significant(probability, 4)}"

    def cells(self, prediction: Prediction) -> list[str]:
        """Return what stands in `COLUMNS`: nothing where the run keeps nothing to judge by, or there is no answer."""
        if self.known is None or prediction.probabilities is None:
            return ["", ""]
        return [self.verdict(prediction), "" if prediction.distance is None else f"{prediction.distance:.4f}"]

    def renamed(self) -> list[str]:
        """Say which verdicts are in brackets."""
        changed = [(kind, word) for kind, word in self.words.items() if self.known and word != kind]
        return [
            t(
                f"A class is named like the verdict {kind}, which is written {word}.",
                f"判定 {kind} と同じ名前のクラスがあるため、判定を {word} と表記します。",
            )
            for kind, word in changed
        ]

    def notes(self, counts: Mapping[str, int] | None = None) -> list[str]:
        """Return what must be said of the verdicts, and of how many images got each."""
        return list(filter(None, [*self.renamed(), self.why_no_threshold(), self.many_unlike(counts or {})]))

    def many_unlike(self, counts: Mapping[str, int]) -> str:
        """Say that far more images are unlike what was learned than chance makes so; nothing where that is not so."""
        unlike, images = counts.get(self.words[UNLIKE], 0), sum(counts.values())
        own = self.known.alike if self.known else ()
        expected = max(FALSE_ALARMS, 1 - sum(own) / len(own)) if len(own) else FALSE_ALARMS
        if unlike <= max(FEW_UNLIKE, TIMES * expected * images):
            return ""
        share, usual = f"{100 * unlike / images:.0f}", f"{100 * expected:.0f}"
        return t(
            f"{unlike:,} of {images:,} images ({share} %) are unlike anything that the run learned, where of images "
            f"like its own about {usual} % are: its test figures do not hold for them. Look at some, and train with "
            "more of their kind.",
            f"{images:,} 枚のうち {unlike:,} 枚（{share}%）は、学習したどの画像とも似ていません（unlike）。"
            f"学習した画像に近いものなら約 {usual}% です。このような画像には、テストデータでの数値は当てはまりません。"
            "いくつか見て確認し、同じ種類の画像を加えて学習してください。",
        )

    def why_no_threshold(self) -> str:
        """Return why every answer is unsure, or none; nothing where there is a threshold, or the run keeps nothing."""
        if self.known is None or self.threshold is not None:
            return ""
        right, needed = self.known.right[self.known.alike], selective.flawless_needed(self.asked)
        can = self.known.reachable(self.asked)
        wrong, unlike = int((~right).sum()), int((~self.known.alike).sum())
        return t(
            f"{'Every' if self.insisted else 'No'} answer is called unsure: {len(right):,} {self.known.what}, "
            f"{wrong:,} of them wrong{f' ({unlike:,} more are unlike and not counted)' if unlike else ''}, "
            f"do not prove that {100 * self.asked:g} % of the answers are "
            f"right, which takes {needed:,} or more without a mistake"
            + (f"; they prove it for --right {can[0]:g}, which answers {can[1]:,} of them." if can else "."),
            f"{'すべての予測が不確か（unsure）です' if self.insisted else '不確か（unsure）とする予測はありません'}。"
            f"{japanese(translated(self.known.what))} {len(right):,} 枚（うち誤り {wrong:,} 枚"
            f"{f'、このほか未知（unlike）の {unlike:,} 枚は数えません' if unlike else ''}）からは、"
            f"予測の {100 * self.asked:g}% が正しいとは"
            f"示せません。誤りのない画像が {needed:,} 枚以上必要です。"
            + (f"--right {can[0]:g} であれば示せ、そのうち {can[1]:,} 枚に答えます。" if can else ""),
        )


def judge_of(run: Run, asked: float | None) -> Judge | None:
    """Return what judges the answers of a run; None for a task without verdicts.

    Args:
        run: a complete run folder.
        asked: share of answers that must be right, where it was asked for.

    Raises:
        UserError: it was asked for, and the run keeps nothing to choose by; or what it keeps is damaged.
    """
    if not tasks.get(run.task).VERDICTS:
        if asked is not None:
            raise UserError(f"--right is for runs that tell one class of an image, and {run.folder} does not.")
        return None
    check_files(run, [known_file.FILE])
    known = known_file.read(run.folder, run.info)
    if known is None and asked is not None:
        raise UserError(f"--right: {run.folder} keeps no {known_file.FILE} to choose by. Leave it out, or train again.")
    right = selective.RIGHT if asked is None else asked
    return Judge(run.info["class_names"], known, right, known.threshold(right) if known else None, asked is not None)


def count_split(judge: Judge, predictions: Sequence[Prediction], truth: Sequence[str]) -> dict[str, int]:
    """Return how many images there are, are answered for, of these right; and how many are unsure and unlike."""
    kinds = [judge.kind(prediction) for prediction in predictions]
    told = zip(kinds, predictions, truth, strict=True)
    return {
        "images": len(kinds),
        "answered": kinds.count(CLASS),
        "right": sum(kind == CLASS and judge.verdict(prediction) == true for kind, prediction, true in told),
        "unsure": kinds.count(UNSURE),
        "unlike": kinds.count(UNLIKE),
    }


def describe_split(counts: Mapping[str, int]) -> str:
    """`138 of 150 answered (92.0 %), 137 of these right (99.3 %); 9 unsure, 3 unlike`."""
    count, right = counts["answered"], counts["right"]
    of_these = f", {right:,} of these right ({100 * right / count:.1f} %)" if count else ""
    answered = f"{count:,} of {counts['images']:,} answered ({100 * count / counts['images']:.1f} %)"
    return f"{answered}{of_these}; {counts['unsure']:,} unsure, {counts['unlike']:,} unlike"

"""Answer by a saved run for the images of its own validation or test split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from data.names import labels_of, printable
from data.split import SplitEntry, read_split
from errors import UserError
from study.confidence.known import Known
from study.pages.language import SPLIT_NAMES, Bilingual, t
from study.predict.stream import NO_NUMBER, Prediction, find, predict_files, shown_name
from study.predict.told import task_of
from study.runs.folder import Run
from study.runs.images import folder_of, located
from study.runs.remedies import ELSEWHERE, remedies
from study.runtime import console
from study.saved.cut import Cutter, own_boxes

Keep = Callable[[Prediction], Prediction]


@dataclass(frozen=True)
class SplitAnswers:
    """The answers for a split: one for each of its entries whose image is there.

    `run`: with the files of its images. `missing`: how many images more the split has.
    """

    run: Run
    split: str
    predictions: Sequence[Prediction]
    entries: Sequence[SplitEntry]
    missing: int = 0

    @property
    def title(self) -> Bilingual:
        """Return what figures of it are called: the split, or that they are of a part of it."""
        name, left, whole = SPLIT_NAMES[self.split], f"{len(self.entries):,}", f"{len(self.entries) + self.missing:,}"
        return t(f"{left} of {whole} {name} images", f"{name.ja} {whole} 枚のうち {left} 枚") if self.missing else name

    @property
    def described(self) -> Bilingual:
        """Return which images they are, to stand behind the run."""
        name, left, whole = SPLIT_NAMES[self.split], f"{len(self.entries):,}", f"{len(self.entries) + self.missing:,}"
        if not self.missing:
            return t(f"own {name} split", f"自身の{name.ja}")
        return t(f"own {name} split, {left} of its {whole} images", f"自身の{name.ja} {whole} 枚のうち {left} 枚")


def predict_split(
    run: Run,
    split: str,
    views: str = "none",
    kept: Keep = lambda prediction: prediction,
    known: Known | None = None,
    whole: bool = True,
) -> SplitAnswers:
    """Answer for the run's own "val" or "test" part.

    Args:
        run: with its images where they were, renamed or moved within their folder, or drawn again.
        split: of its split.
        views: as `tta` reads them.
        kept: what is to be remembered of each answer.
        known: to what distances are told.
        whole: whether all images are needed; else one of each class is enough, and a line says how many are left.

    Raises:
        UserError: images are missing or changed, more than may be.
    """
    run = located(run, (split,))
    entries = [entry for entry in read_split(run.folder / "split.csv") if entry.split == split]
    predictions = _answers(run, entries, views, kept, known)
    if any(one is not None and one.error == NO_NUMBER for one in predictions):
        raise UserError(f"{run.folder}: the network gives no numbers (nan) for some images. Train again.")
    left = [
        (replace(one, path=shown_name(run.files[entry.path], folder_of(run) / entry.path)), entry)
        for one, entry in zip(predictions, entries, strict=True)
        if one is not None and not one.error and one.sha256 == entry.sha256
    ]
    there = [entry for _, entry in left]
    if len(there) < len(entries) or not entries:
        _tell_missing(run, split, entries, there, whole)
    return SplitAnswers(run, split, [one for one, _ in left], there, len(entries) - len(there))


def _answers(
    run: Run, entries: Sequence[SplitEntry], views: str, kept: Keep, known: Known | None
) -> list[Prediction | None]:
    """Return what is kept of the answer for each entry, None where there is no file."""
    paths = [run.files[entry.path] for entry in entries if entry.path in run.files]
    if not paths:
        return [None] * len(entries)
    cutter = Cutter(run, own_boxes(run, run.files))
    answers = predict_files(run, *find(paths), views, False, known, cutter)
    by_path = {prediction.path: kept(prediction) for prediction in answers}
    return [by_path.get(printable(str(run.files.get(entry.path, "")))) for entry in entries]


def _tell_missing(
    run: Run, split: str, entries: Sequence[SplitEntry], there: Sequence[SplitEntry], whole: bool
) -> None:
    """Say that images of a split are not there. Raise UserError where that is not enough to answer for it."""
    paths = {entry.path for entry in there}
    missing = [entry.path for entry in entries if entry.path not in paths]
    said = (
        f"{len(missing):,} of {len(entries):,} images of the run's {SPLIT_NAMES[split]} split are missing or changed "
        f"in {printable(str(folder_of(run)))}{', such as ' + missing[0] if missing else ''}"
    )
    if whole:
        raise UserError(f"{said}. {remedies(run, ELSEWHERE)}.")
    left = _labels(run, there)
    gone = [name for name in _labels(run, entries) if name not in left]
    if gone or not there:
        none = f", and none of {gone[0]} is left" if there else ""
        raise UserError(f"{said}{none}. {remedies(run, ELSEWHERE, 'name files or folders to predict')}.")
    console.print(
        f"careful: {said}: the figures are those of the {len(there):,} that are left, not of the whole split. "
        f"{remedies(run, ELSEWHERE)}."
    )


def _labels(run: Run, entries: Sequence[SplitEntry]) -> dict[str, None]:
    """Return the classes that some entry has, in their order."""
    several = task_of(run).SEVERAL_LABELS
    return dict.fromkeys(label for entry in entries for label in labels_of(entry.label, several))

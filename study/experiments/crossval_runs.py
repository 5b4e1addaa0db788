"""Cross-validation from scratch and of fine-tuning: a training of its own for each fold, kept for the next time."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data.dataset import Dataset
from data.split import SplitEntry, read_split, write_split
from errors import UserError
from study.experiments.contents import beside_data
from study.experiments.jobs import Job, run_all, wait_for_earlier
from study.experiments.plan import digest, part_arguments
from study.folds.divide import Fold, Labelled, inner_validation
from study.runs import folder as run_folder
from study.runs import predictions
from study.runs.folder import Run
from study.runtime import console
from study.runtime.locks import holding
from study.runtime.signals import stopped
from study.settings.resolve import as_json
from study.settings.train import TrainSettings

# They change no training here.
IRRELEVANT = ("runs", "store", "store_limit", "split", "split_file", "split_seed", "crossval")


@dataclass(frozen=True)
class Trainings:
    """All that is to be trained: the data set, its folds, flags of train as typed, and the folder for everything.

    `command`: what goes on with those that are done.
    """

    dataset: Dataset
    images: Labelled
    folds: Sequence[Fold]
    texts: Mapping[str, str]
    out: Path
    seed: int
    command: str

    def folder_of(self, fold: Fold) -> Path:
        """Return the folder of run folders of one training."""
        return self.out / f"repeat-{fold.repeat}" / f"fold-{fold.number}"

    def job(self, fold: Fold) -> Job:
        """Return the training of a fold; it ends after a fixed number of epochs unless --patience was given."""
        folder = self.folder_of(fold)
        own = {"seed": str(self.seed + fold.repeat - 1), "split_file": str(folder / "split.csv"), "runs": str(folder)}
        arguments = part_arguments({"patience": "0", **self.texts, **own})
        return Job(f"repeat {fold.repeat}, fold {fold.number}", tuple(arguments), folder / "train.log")

    def entries(self, fold: Fold) -> list[SplitEntry]:
        """Return the split of a fold's training: what is held out is its test split, which it never looks at."""
        validation = inner_validation(self.images, fold, self.seed + fold.repeat - 1)
        splits = np.full(len(self.images.labels), "train", dtype=object)
        splits[fold.held_out], splits[validation] = "test", "val"
        return [replace(entry, split=split) for entry, split in zip(self.dataset.entries, splits, strict=True)]

    def finished(self, fold: Fold) -> Run | None:
        """Return the complete run folder of a fold, if there is one on this very split."""
        try:
            run = run_folder.newest_run(self.folder_of(fold), None)
            known = {(row.path, row.sha256, row.label): row.split for row in read_split(run.folder / "split.csv")}
        except UserError:
            return None
        held_out = [self.dataset.entries[row] for row in fold.held_out]
        same = all(known.get((entry.path, entry.sha256, entry.label)) == "test" for entry in held_out)
        return run if same and sum(split == "test" for split in known.values()) == len(held_out) else None


def folder_for(runs: Path, settings: TrainSettings, dataset: Dataset, folds: str, texts: Mapping[str, str]) -> Path:
    """Return the folder that the same command finds again; other images, settings or folds have another.

    `texts`: flags, as typed; what the files that they name hold counts too.
    """
    beside = beside_data([texts])
    same = {name: value for name, value in as_json(settings).items() if name not in IRRELEVANT}
    return runs / f"{settings.run.model}-{digest([same, folds, dataset.fingerprint(), *beside])}-crossval"


def predict_folds(trainings: Trainings, at_once: int) -> np.ndarray:
    """Train what is not there yet and return the out-of-fold probabilities, float32 (repeats, n, classes).

    Raises:
        UserError: a training failed.
    """
    trainings.out.mkdir(parents=True, exist_ok=True)
    with holding(trainings.out / ".lock", 0, f"Another crossval is at work in {trainings.out}. Wait for it to end."):
        run_missing(trainings, at_once)
        return read_all(trainings)


def run_missing(trainings: Trainings, at_once: int) -> None:
    """Train what is missing. Raise UserError where a training failed; the others are kept."""
    jobs = {trainings.job(fold): fold for fold in trainings.folds}
    wait_for_earlier(list(jobs), "crossval", "")  # before looking: they may just have finished a run
    missing = [job for job, fold in jobs.items() if not trainings.finished(fold)]
    console.print(
        f"{len(jobs):,} trainings, {len(jobs) - len(missing):,} of them done before; {at_once} at once, in "
        f"{trainings.out}"
    )
    splits = {job: trainings.entries(jobs[job]) for job in missing}
    for job in missing:
        for left in job.log.parent.glob(".unfinished-*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        job.log.parent.mkdir(parents=True, exist_ok=True)
        write_split(job.log.parent / "split.csv", splits[job])
    try:
        with console.bar("crossval", len(missing)) as advance:

            def finished(job: Job, why: str | None) -> None:
                if why is None and trainings.finished(jobs[job]):
                    console.print(f"{job.label}: trained")
                else:
                    console.print(f"{job.label}: failed: {why or 'it left no run'} (all it printed: {job.log})")
                advance()

            run_all(missing, at_once, finished)
    except KeyboardInterrupt as stop:
        done = sum(trainings.finished(fold) is not None for fold in trainings.folds)
        console.print(f"{done} of {len(jobs)} trainings of folds are done and kept.")
        raise stopped(stop, trainings.command) from stop
    if lacking := sum(trainings.finished(fold) is None for fold in trainings.folds):
        raise UserError(
            f"{lacking} of {len(jobs)} trainings failed, so not every image was predicted: see the reasons "
            f"above. To train them again: {trainings.command}"
        )


def read_all(trainings: Trainings) -> np.ndarray:
    """Return what every run predicts for the images that its fold holds out."""
    names, entries = trainings.dataset.class_names, trainings.dataset.entries
    found = np.empty((max(fold.repeat for fold in trainings.folds), len(entries), len(names)), np.float32)
    for fold in trainings.folds:
        by_path = predictions.of_test_images(trainings.finished(fold))
        rows = [by_path[entries[row].path] for row in fold.held_out]
        found[fold.repeat - 1, fold.held_out] = [[float(row[f"p_{name}"]) for name in names] for row in rows]
    return found

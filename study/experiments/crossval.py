"""A figure from all images: each is predicted by a network that did not learn from it, nor from its near duplicates."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import models
from data.dataset import Dataset
from data.split import read_split
from data.store.store import Store
from errors import UserError
from study.experiments.folds import Fold, Labelled, check_units, leave_one_out, make_folds, notes
from study.experiments.out_of_fold import summarise
from study.experiments.plan import resolve_texts
from study.runtime import console, output
from study.runtime.background import start_in_background
from study.runtime.hardware import cores
from study.settings import conflicts, learning_type
from study.settings.commands import CrossvalSettings
from study.settings.source import load_dataset, store_of
from study.settings.train import TrainSettings

REPEATS = {"transfer": 3, "scratch": 1, "finetune": 1}


@dataclass(frozen=True)
class Divided:
    """The data set and its folds."""

    dataset: Dataset
    images: Labelled
    folds: list[Fold]


def crossval(asked: CrossvalSettings, texts: Mapping[str, str], command: str = "") -> Path:
    """Predict every image out of fold, print what that says, and return the folder of table, page and JSON.

    Args:
        asked: settings of the cross-validation.
        texts: flags of train for every fold, as typed.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend.
    """
    from study.experiments import crossval_report
    from study.runtime import backend

    started = time.perf_counter()
    settings = settled(texts)
    check(asked, texts, settings)
    output.refuse_within(Path(asked.runs), settings.data.folder, "--runs")
    output.check_writable(Path(asked.runs), make=False)
    store = store_of(settings.data)
    with start_in_background(lambda check_cancelled: divide(asked, settings, store, check_cancelled)) as reading:
        with contextlib.suppress(TimeoutError):
            reading.result(timeout=0.3)  # a folder that is not there is told at once
        if settings.learning.kind == "transfer":  # else no network is built in this process
            backend.start(settings.data.seed)
        divided = reading.result()
    uneven = [] if asked.leave_one_out else notes(divided.images, divided.folds)
    told = [*uneven, *learned_before(settings, divided.dataset)]
    for line in told:
        console.print(f"careful: {line}")
    if settings.learning.kind == "transfer":
        conflicts.check_flip_pairs(settings, divided.dataset)
        from study.experiments.crossval_heads import predict_folds

        predicted = predict_folds(divided.dataset, divided.folds, settings, asked.early_stopping, store)
        settings, probabilities, epochs, out = predicted.settings, predicted.probabilities, predicted.epochs, None
    else:
        probabilities, epochs, out = by_trainings(asked, texts, settings, divided)
    summary = summarise(divided.images, divided.folds, probabilities, settings.data.seed)
    record = crossval_report.Record(
        asked, settings, command, divided.dataset, divided.images, divided.folds, probabilities, summary, epochs, told
    )
    folder = crossval_report.write(record, out, time.perf_counter() - started)
    if store.trouble:
        console.print(store.trouble)
    crossval_report.print_results(record, folder)
    return folder


def settled(texts: Mapping[str, str], command: str = "crossval") -> TrainSettings:
    """Return the settings of every training; of its own accord only the head learns wherever there are weights.

    Raises:
        UserError: whatever `train` would refuse, and other tasks.
    """
    if texts.get("task", "classify") != "classify":
        raise UserError(f"{command} is for one class an image, --task classify. Received: --task {texts['task']}")
    settings = resolve_texts(texts)
    spec, learning = models.get(settings.run.model).SPEC, settings.learning
    weights = learning_type.start_weights(settings.run.model, spec.weights, learning.kind, learning.weights)
    kind = learning.kind if learning.kind != "auto" else "scratch" if weights == "none" else "transfer"
    augment = settings.regularization.augment
    if augment is None and kind == "transfer":
        augment = {}
    settings = settings.with_values(learning=kind, weights=weights, augment=augment)
    conflicts.check_flags(settings, spec)
    return settings


def check(asked: CrossvalSettings, texts: Mapping[str, str], settings: TrainSettings) -> None:
    """Raise UserError for a flag that would change nothing, or that folds cannot obey."""
    transfer, kind = settings.learning.kind == "transfer", settings.learning.kind
    if asked.leave_one_out and (asked.repeats or asked.folds != CrossvalSettings.folds):
        raise UserError("--leave-one-out has one fold for each unit, and one repeat: leave --folds and --repeats out.")
    if asked.jobs and transfer:
        raise UserError("--jobs is for --learning scratch or finetune: heads are all trained in one process.")
    if asked.early_stopping and not transfer:
        raise UserError(
            f"--early-stopping is for --learning transfer. Received: {kind}, where each training has a validation "
            "split of its own, taken out of what it learns from: --patience N ends it by that, and flatters nothing."
        )
    if transfer and not asked.early_stopping and "patience" in texts:
        raise UserError("--patience goes with --early-stopping: without that no fold is looked at before the end.")
    if transfer and settings.optimization.schedule == "plateau":
        raise UserError("--schedule plateau follows a validation loss, which the head of a fold has not. Give another.")
    if asked.early_stopping and settings.optimization.ema:
        raise UserError("--ema does not go with --early-stopping here. Leave one of the two out.")


def divide(
    asked: CrossvalSettings, settings: TrainSettings, store: Store, check_cancelled: Callable[[], None]
) -> Divided:
    """Read the images and divide them."""
    dataset = load_dataset(settings, store, check_cancelled)
    images = Labelled.of(dataset.examples().labels, dataset.units, dataset.class_names)
    if settings.learning.kind != "transfer":  # one to hold out, one to validate by, one to learn from
        check_units(images, 3, f"--learning {settings.learning.kind}")
    if asked.leave_one_out:
        return Divided(dataset, images, leave_one_out(images))
    repeats = asked.repeats or REPEATS[settings.learning.kind]
    return Divided(dataset, images, make_folds(images, asked.folds, repeats, settings.data.seed))


def learned_before(settings: TrainSettings, dataset: Dataset) -> list[str]:
    """Say how many images the weights that a network begins with have learned from, which flatters every figure."""
    weights = Path(settings.learning.weights)
    table = (weights.parent if weights.suffix == ".keras" else weights) / "split.csv"
    if not table.is_file():
        return []
    try:
        learned = {entry.sha256 for entry in read_split(table) if entry.split == "train"}
    except UserError:  # a table of some other program
        return []
    count = sum(entry.sha256 in learned for entry in dataset.entries)
    text = f"{weights} has learned from {count:,} of the {len(dataset.entries):,} images, which flatters all figures"
    return [text] if count else []


def by_trainings(
    asked: CrossvalSettings, texts: Mapping[str, str], settings: TrainSettings, divided: Divided
) -> tuple[object, str, Path]:
    """Train each fold in a process of its own: probabilities, what is to be said of the epochs, and the folder."""
    from study.experiments.crossval_runs import Trainings, folder_for, predict_folds

    folds = "leave-one-out" if asked.leave_one_out else f"{asked.folds} folds"
    out = folder_for(Path(asked.runs), settings, divided.dataset, folds)
    texts = {**texts, "model": settings.run.model, "learning": settings.learning.kind}
    trainings = Trainings(divided.dataset, divided.images, divided.folds, texts, out, settings.data.seed)
    probabilities = predict_folds(trainings, asked.jobs or max(1, cores() // 2))
    ends = "--patience may end one earlier" if texts.get("patience", "0") != "0" else "fixed beforehand"
    epochs = (
        f"as many epochs as train takes, {ends}; of these each training keeps the one that is best on a validation "
        "split of its own, a tenth of what it learns from; the fold held out chooses nothing"
    )
    return probabilities, epochs, out

"""A figure from all images: each is predicted by a network that did not learn from it, nor from its near duplicates."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import models
from data.dataset import Dataset
from data.duplicate_groups import too_few_groups
from data.split import MIN_IMAGES, SplitEntry
from data.store.store import Store
from errors import UserError
from study.experiments.jobs import jobs_at_once
from study.experiments.plan import resolve_texts
from study.folds.divide import (
    REPEATS,
    Fold,
    Labelled,
    check_trainable,
    check_validation,
    learned_before,
    leave_one_out,
    make_folds,
    notes,
)
from study.folds.out_of_fold import summarise
from study.runs.folder import with_folders
from study.runtime import console, output
from study.runtime.background import raise_early, start_in_background
from study.runtime.result import Result
from study.settings import conflicts, learning_type
from study.settings.as_command import as_command
from study.settings.commands import CrossvalSettings, crossval_fields
from study.settings.declare import name_of
from study.settings.resolve import to_classify
from study.settings.source import load_dataset, store_of
from study.settings.train import DEFAULTS, TrainSettings
from study.settings.typed import as_typed


@dataclass(frozen=True)
class Divided:
    """The data set and its folds."""

    dataset: Dataset
    images: Labelled
    folds: list[Fold]


def crossval(asked: CrossvalSettings, texts: Mapping[str, str], command: str) -> Result:
    """Predict every image out of fold, write table, page and JSON, print what that says and return it.

    Args:
        asked: settings of the cross-validation.
        texts: flags of train for every fold, as typed.
        command: as it was typed.

    Raises:
        UserError: something that the user can mend.
    """
    from study.experiments import crossval_report, crossval_suspects

    started = time.perf_counter()
    texts = with_folders(texts, asked.runs)
    settings = settled(texts)
    check(asked, texts, settings)
    conflicts.check_installed(settings)
    output.check_results(asked.runs, settings.data.folder, make=False)
    store = store_of(settings.data)
    divided = divide_while_starting(asked, settings, store)
    uneven = [] if asked.leave_one_out else notes(divided.images, divided.folds)
    told = [*uneven, *learned_before(settings.learning.weights, divided.dataset)]
    for line in told:
        console.print(f"careful: {line}")
    if settings.learning.kind == "transfer":
        conflicts.check_flip_pairs(settings, divided.dataset)
        from study.experiments.crossval_heads import predict_folds

        predicted = predict_folds(divided.dataset, divided.folds, settings, asked.early_stopping, store)
        settings, probabilities, epochs, out = predicted.settings, predicted.probabilities, predicted.epochs, None
        features = predicted.features
    else:
        probabilities, epochs, out = by_trainings(asked, texts, settings, divided, command)
        features = None
    suspects = crossval_suspects.find(divided.dataset, divided.images, probabilities, features)
    summary = summarise(divided.images, divided.folds, probabilities, settings.data.seed)
    record = crossval_report.Record(
        asked,
        settings,
        command,
        divided.dataset,
        divided.images,
        divided.folds,
        probabilities,
        summary,
        epochs,
        told,
        suspects,
    )
    folder = crossval_report.write(record, out, time.perf_counter() - started)
    if store.trouble:
        console.print(store.trouble)
    crossval_report.print_results(record, folder)
    place = {"runs": asked.runs} if asked.runs != CrossvalSettings.runs else {}
    result = Result(crossval_report.values(record, folder))
    records = divided.dataset.images.records
    group_of = [record.group for record in records] if records[0].split is None else []
    return following(result, settings, {**texts, **place}, divided.dataset.entries, group_of)


def following(
    result: Result,
    settings: TrainSettings,
    texts: Mapping[str, str],
    entries: Sequence[SplitEntry],
    group_of: Sequence[str] = (),
) -> Result:
    """Add what is sensible next: the training of a network; to look at the data where nothing was learned, or where a
    class has too few images, or groups of images, for a training.

    `texts`: flags of train that it goes by, as typed. `entries`: all images. `group_of`: the group of each, where a
    training would divide them.
    """
    contents = Counter(label for label, _ in {(entry.label, entry.sha256) for entry in entries})
    rarest = min(contents, key=contents.__getitem__)
    if contents[rarest] < MIN_IMAGES:
        why = f"a training needs {MIN_IMAGES} images of {rarest}, look at the data"
        return replace(result, next_command=as_command("check", texts), why=why)
    if group_of and (few := too_few_groups(entries, group_of)):
        why = f"a training needs {MIN_IMAGES} groups of {few[0]}, which has {few[1]}, look at the data"
        return replace(result, next_command=as_command("check", texts), why=why)
    if result.values["accuracy"] <= result.values["baseline"]["accuracy"]:
        why = "nothing was learned that helps, look at the data"
        return replace(result, next_command=as_command("check", texts), why=why)
    same = {"model": settings.run.model, **texts, "learning": settings.learning.kind}
    why = "train a network of this kind, to predict with"
    return replace(result, next_command=as_command("train", same), why=why)


def settled(texts: Mapping[str, str], command: str = "crossval") -> TrainSettings:
    """Return the settings of every training; of its own accord only the head learns wherever there are weights.

    Raises:
        UserError: whatever `train` would refuse, and other tasks.
    """
    to_classify(command, texts)
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


def divide_while_starting(asked: CrossvalSettings, settings: TrainSettings, store: Store) -> Divided:
    """Read the images and divide them; meanwhile Keras is imported, where this process builds a network."""
    from study.runtime import backend

    with start_in_background(lambda check_cancelled: divide(asked, settings, store, check_cancelled)) as reading:
        raise_early(reading)
        if settings.learning.kind == "transfer":
            backend.start(settings.data.seed, settings.run.deterministic, settings.run.backend)
        return reading.result()


def divide(
    asked: CrossvalSettings, settings: TrainSettings, store: Store, check_cancelled: Callable[[], None]
) -> Divided:
    """Read the images and divide them."""
    # The trainings of whole networks have a validation split each, those of heads go by the folds alone.
    dataset = load_dataset(settings, store, check_cancelled, divided=settings.learning.kind != "transfer")
    images = Labelled.of(dataset.examples().labels, dataset.units, dataset.class_names)
    if settings.learning.kind != "transfer":
        check_trainable(dataset, images, settings.learning.kind)
    if asked.leave_one_out:
        return Divided(dataset, images, leave_one_out(images))
    repeats = asked.repeats or REPEATS[settings.learning.kind]
    folds = make_folds(images, asked.folds, repeats, settings.data.seed)
    if settings.learning.kind != "transfer":
        check_validation(images, folds)
    return Divided(dataset, images, folds)


def train_folds(
    flags: Mapping[str, Any], learning: str, command: str, dataset: Dataset, images: Labelled, folds: Sequence[Fold]
) -> tuple[np.ndarray, str]:
    """Train each fold as `crossval` would, for `train`, whose flags were read already.

    `command`: what goes on with the folds that are done.

    Returns:
        Probabilities, float32 (repeats, n, classes), and what is to be said of the epochs.
    """
    taken = {name_of(entry) for entry in crossval_fields()}
    texts = {name: as_typed(name, value) for name, value in flags.items() if name in taken}
    asked = CrossvalSettings(folds=flags["crossval"], runs=flags.get("runs", DEFAULTS["runs"]))
    settings = settled({**texts, "learning": learning})
    probabilities, epochs, _ = by_trainings(asked, texts, settings, Divided(dataset, images, list(folds)), command)
    return probabilities, epochs


def by_trainings(
    asked: CrossvalSettings, texts: Mapping[str, str], settings: TrainSettings, divided: Divided, command: str
) -> tuple[np.ndarray, str, Path]:
    """Train each fold in a process of its own: probabilities, what is to be said of the epochs, and the folder.

    `command`: what goes on with the folds that are done.
    """
    from study.experiments.crossval_runs import Trainings, folder_for, predict_folds

    folds = "leave-one-out" if asked.leave_one_out else f"{asked.folds} folds"
    out = folder_for(Path(asked.runs), settings, divided.dataset, folds, texts)
    texts = {**texts, "model": settings.run.model, "learning": settings.learning.kind}
    trainings = Trainings(divided.dataset, divided.images, divided.folds, texts, out, settings.data.seed, command)
    probabilities = predict_folds(trainings, jobs_at_once(asked.jobs))
    ends = "--patience may end one earlier" if texts.get("patience", "0") != "0" else "fixed beforehand"
    epochs = (
        f"as many epochs as train takes, {ends}; of these each training keeps the one that is best on a validation "
        "split of its own, a tenth of what it learns from; the fold held out chooses nothing"
    )
    return probabilities, epochs, out

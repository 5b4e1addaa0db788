"""The images by which a run's temperature and threshold are chosen: validation, or more of them out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from data.batches import Examples
from errors import UserError
from study.confidence import neighbours
from study.confidence.calibration import OUT_OF_FOLD, VALIDATION, with_temperature
from study.fit.cross_validation import FoldHeads, predict_held_out
from study.fit.outcome import Outcome
from study.folds.divide import Fold, Labelled, make_folds
from study.runtime import console
from study.settings.stages import augmented_views
from study.train.prepare import Prepared

ENOUGH = 200  # validation images by which both can be chosen
FOLDS = 5


@dataclass(frozen=True)
class HeldOutAnswers:
    """Answers to images that those who gave them did not learn from.

    `probabilities`: float (n, classes). `labels`: class indices, int (n,). `what` these images are: `VALIDATION` or
    `OUT_OF_FOLD`; of the latter the `distance` to what was learned is known too, float32 (n,).
    """

    probabilities: np.ndarray
    labels: np.ndarray
    what: str = VALIDATION
    distance: np.ndarray | None = None


def answers_of(
    ready: Prepared, outcomes: Sequence[Outcome], features: Examples | None, val: np.ndarray
) -> HeldOutAnswers:
    """Return the answers to choose by: to the validation images or, where these are few, to more images out of fold.

    Args:
        ready: what the training began with.
        outcomes: what its stages did.
        features: of all images, where the backbone never learned.
        val: probabilities of the validation split, float32 (n, classes).
    """
    on_validation = HeldOutAnswers(val, ready.pixels.labels[ready.pixels.indices["val"]])
    if len(val) >= ENOUGH:
        return on_validation
    few = f"the validation split has only {len(val):,} images"
    if ready.settings.learning.kind != "transfer":
        rows = learned_rows(ready)
        folds = min(FOLDS, images_in(ready, rows).fewest_units)
        more = f"; out of fold they could be chosen by {len(rows):,}, for {folds} more trainings" if folds > 2 else ""
        console.print(f"temperature and threshold of the probabilities: {few}, and both are chosen by these{more}")
        return on_validation
    try:
        answers = out_of_fold(ready, outcomes[-1].kept_epoch, features)
    except UserError as error:
        console.print(f"temperature and threshold of the probabilities: {few}, and both are chosen by these. {error}")
        return on_validation
    console.print(
        f"temperature and threshold of the probabilities: chosen on {len(answers.labels):,} images out of fold, since "
        f"{few}"
    )
    return answers


def out_of_fold(ready: Prepared, epochs: int, features: Examples) -> HeldOutAnswers:
    """Return answers to all training and validation images, each by a head that did not learn from it.

    Such a head learns as the one that was kept did: it ends after as many epochs of the same schedule. No test image
    has a part in it.

    Raises:
        UserError: the images cannot be divided into folds, or heads cannot learn without a validation split.
    """
    if not epochs or ready.settings.optimization.schedule == "plateau":
        raise UserError("Heads of folds would have no validation split, which the training here went by.")
    rows = learned_rows(ready)
    folds, heads = folds_of(ready, rows), heads_of(ready, features)
    found, _ = predict_held_out(heads, folds, ready.stages[-1], ready.settings, ends=epochs)
    distance = np.empty(len(heads.features), np.float32)
    for fold in folds:
        some = neighbours.sample(heads.labels[fold.train], neighbours.MOST, ready.settings.data.seed)
        known = neighbours.directions(heads.features[fold.train[some]])
        distance[fold.held_out] = neighbours.distances(heads.features[fold.held_out], known)
    return HeldOutAnswers(found[0, rows], heads.labels[rows], OUT_OF_FOLD, distance[rows])


def learned_rows(ready: Prepared) -> np.ndarray:
    """Return the rows of training and validation, int (n,)."""
    return np.sort(np.concatenate([ready.pixels.indices[split] for split in ("train", "val")]))


def folds_of(ready: Prepared, rows: np.ndarray) -> list[Fold]:
    """Divide some images into folds: as many as the rarest class has units, `FOLDS` at most."""
    images = images_in(ready, rows)
    folds = make_folds(images, max(2, min(FOLDS, images.fewest_units)), 1, ready.settings.data.seed)
    return [Fold(fold.repeat, fold.number, rows[fold.train], rows[fold.held_out]) for fold in folds]


def images_in(ready: Prepared, rows: np.ndarray) -> Labelled:
    """Return labels and units of some images."""
    return Labelled.of(ready.pixels.labels[rows], [ready.dataset.units[row] for row in rows], ready.outputs)


def heads_of(ready: Prepared, features: Examples) -> FoldHeads:
    """Return what heads learn from: the features of all images, and of augmented views of training images."""
    number, views = len(ready.dataset.entries), augmented_views(ready.settings)
    sources = np.concatenate([np.arange(number), np.tile(ready.pixels.indices["train"], views)])
    return FoldHeads(features.inputs[np.arange(len(sources))], features.labels, sources, ready.outputs)


def calibrated(answers: HeldOutAnswers, temperature: float) -> HeldOutAnswers | None:
    """Return answers out of fold as a network with that temperature gives them; None of validation, evaluated anew."""
    if answers.what == VALIDATION:
        return None
    return replace(answers, probabilities=with_temperature(answers.probabilities, temperature))

"""Folds: which images are held out together. Units of near duplicates and named groups stay whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data import grouped_folds
from data.dataset import Dataset
from data.split import contents_learned_by
from data.subsets import says_splits
from errors import UserError

REPEATS = {"transfer": 3, "scratch": 1, "finetune": 1}  # of a learning type, where none are asked for
MOST_LEFT_OUT = 1000  # images, up to which each unit may be a fold
INNER = 10  # the share of the training images that is validation, where a training needs one, is one of so many


@dataclass(frozen=True)
class Fold:
    """The rows to learn from and those held out, of one fold of one repeat; both are counted from 1."""

    repeat: int
    number: int
    train: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True)
class Labelled:
    """What is divided: the class index of each image, int (n,), its unit's number, int (n,), and the class names."""

    labels: np.ndarray
    units: np.ndarray
    names: Sequence[str]

    @classmethod
    def of(cls, labels: np.ndarray, unit_names: Sequence[str], names: Sequence[str]) -> Labelled:
        """Number the units by their names, which come of content: names of files have no say."""
        _, units = np.unique(unit_names, return_inverse=True)
        return cls(labels, units, names)

    @property
    def num_units(self) -> int:
        """Return how many units there are."""
        return int(self.units.max()) + 1

    def count_units(self, index: int) -> int:
        """Return in how many units a class stands."""
        return len(np.unique(self.units[self.labels == index]))

    @property
    def fewest_units(self) -> int:
        """Return in how many units the rarest class stands."""
        return min(self.count_units(index) for index in range(len(self.names)))


def make_folds(
    images: Labelled, folds: int, repeats: int, seed: int, flag: str = "--folds", instead: str = ""
) -> list[Fold]:
    """Divide images into stratified folds, anew for each repeat, as scikit-learn's StratifiedGroupKFold does.

    Args:
        images: to be divided.
        folds: how many.
        repeats: how often.
        seed: of the first repeat.
        flag: what the user asked for the folds with.
        instead: what to give where no division can be learned from (default: a smaller value of the flag).

    Raises:
        UserError: a class has fewer units than folds, or the units leave no division that could be judged.
    """
    check_units(images, folds, f"{flag} {folds}", flag)
    found = []
    for repeat in range(repeats):
        divided = grouped_folds.divide(images.labels, images.units, folds, seed + repeat)
        found += [Fold(repeat + 1, number, *rows) for number, rows in enumerate(divided, 1)]
    check_learnable(images, found, instead or f"a smaller {flag}")
    return found


def leave_one_out(images: Labelled) -> list[Fold]:
    """Hold out one unit after another. Raise UserError for too many images, or a class of one unit."""
    if (count := len(images.labels)) > MOST_LEFT_OUT:
        raise UserError(
            f"--leave-one-out trains once for each unit and takes at most {MOST_LEFT_OUT:,} images. Received: "
            f"{count:,}; give --folds 10 instead."
        )
    check_units(images, 2, "--leave-one-out")
    held_out = (images.units == unit for unit in np.unique(images.units))
    return [Fold(1, number, np.flatnonzero(~own), np.flatnonzero(own)) for number, own in enumerate(held_out, 1)]


def check_units(images: Labelled, least: int, asked: str, flag: str = "") -> None:
    """Raise UserError where a class has fewer units than what was asked for needs; a `flag` can ask for fewer folds."""
    for index, name in enumerate(images.names):
        units, count = images.count_units(index), int((images.labels == index).sum())
        if units >= least:
            continue
        would_do = f"Give {flag} {units}, or add images." if flag and units > 1 else "Add images."
        raise UserError(
            f"Class '{name}' has {count:,} image(s) in {units:,} unit(s), since near duplicates and the images of a "
            f"group stay together: {asked} needs at least {least}. {would_do}"
        )


def check_learnable(images: Labelled, folds: Sequence[Fold], instead: str = "a smaller --folds") -> None:
    """Raise UserError where a fold is empty, or all images of a class are held out at once; what to give `instead`.

    `data.grouped_folds` places the most uneven units first, each where it disturbs the shares least, and asks for no
    more: a large unit, or one of several classes, can leave a fold without a class, and few units a fold empty.
    """
    for fold in folds:
        of_fold = f"fold {fold.number} of repeat {fold.repeat}"
        if not len(fold.held_out):
            largest = Counter(images.units.tolist()).most_common(1)[0][1]
            raise UserError(
                f"No image is left for {of_fold}: the largest of {images.num_units:,} units, whose images stay "
                f"together, holds {largest:,} of {len(images.labels):,} images. Give {instead}."
            )
        learned = set(images.labels[fold.train].tolist())
        for index, name in enumerate(images.names):
            if index not in learned:
                raise UserError(
                    f"All images of class '{name}' are held out in {of_fold}: they stand in "
                    f"{images.count_units(index):,} units with images of other classes, which stay together. Give "
                    f"{instead} or another --seed."
                )


def notes(images: Labelled, folds: Sequence[Fold]) -> list[str]:
    """Say what the units made of the folds that nobody would expect: a class that is missing, equal repeats."""
    told, partitions = [], {}
    for fold in folds:
        partitions.setdefault(fold.repeat, set()).add(fold.held_out.tobytes())
    missing = Counter(
        index for fold in folds for index in set(range(len(images.names))) - set(images.labels[fold.held_out].tolist())
    )
    for index, count in missing.items():
        told.append(
            f"{count} of {len(folds)} folds hold no image of class '{images.names[index]}', whose units are few and "
            "uneven or stand in other classes too: the accuracies of single folds differ the more"
        )
    different = len({frozenset(partition) for partition in partitions.values()})
    if different < len(partitions):
        told.append(
            f"{len(partitions)} repeats have only {different} different division(s) into folds, since the units differ "
            "in size: the standard deviation over repeats says the less"
        )
    return told


def learned_before(weights: str, dataset: Dataset) -> list[str]:
    """Say how many images the weights that a network begins with have learned from, which flatters every figure."""
    learned = contents_learned_by(weights)
    count = sum(entry.sha256 in learned for entry in dataset.entries)
    text = f"{weights} has learned from {count:,} of the {len(dataset.entries):,} images, which flatters all figures"
    return [text] if count else []


def check_trainable(dataset: Dataset, images: Labelled, kind: str) -> None:
    """Raise UserError where trainings of whole networks could not have their folds: each needs a validation split."""
    check_units(images, 3, f"--learning {kind}")  # one to hold out, one to validate by, one to learn from
    if dataset.images.records[0].split is not None:
        remedy = "Take that column out" if dataset.table else "Put the images into one folder a class"
        given = says_splits(dataset.table or dataset.root)
        raise UserError(
            f"{given}, to which every training keeps. {remedy}, or give --learning transfer, which divides all images "
            "anew."
        )


def inner_validation(images: Labelled, fold: Fold, seed: int) -> np.ndarray:
    """Return a tenth of a fold's training rows, by whole units and stratified: the validation split of its training.

    `fold`: one that `check_validation` found nothing to say against.
    """
    labels, units = images.labels[fold.train], images.units[fold.train]
    _, chosen = next(grouped_folds.divide(labels, units, min(INNER, _fewest_learned(images, fold)), seed))
    return fold.train[chosen]


def check_validation(images: Labelled, folds: Sequence[Fold], flag: str = "--folds") -> None:
    """Raise UserError where a fold leaves a class a single unit to learn from: its training needs two."""
    for fold in folds:
        if _fewest_learned(images, fold) < 2:
            raise UserError(
                f"Fold {fold.number} of repeat {fold.repeat} leaves a class one unit of images to learn from, and a "
                f"training needs another for validation. Give a larger {flag}, or add images."
            )


def _fewest_learned(images: Labelled, fold: Fold) -> int:
    labels, units = images.labels[fold.train], images.units[fold.train]
    return min(len(np.unique(units[labels == index])) for index in range(len(images.names)))

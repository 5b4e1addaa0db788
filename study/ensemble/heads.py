"""Members that are heads, as `train` makes one: with other seeds, without a fold each, or on bootstrap samples."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from study.ensemble.combine import mean_head
from study.ensemble.material import Material
from study.ensemble.members import MEAN, Ensemble, Member, mean_of_first, shares_of
from study.fit.fold_heads import train_heads
from study.fit.head_training import HeadFold, HeadOutcome, make_head
from study.folds.divide import Labelled, make_folds
from study.runtime import console


def of_seeds(material: Material) -> Ensemble:
    """Return heads that begin with other weights and see the same images in other orders."""
    rows, validation = material.all_rows, material.indices["val"]
    seeds = [material.seed + number for number in range(material.members)]
    folds = [HeadFold(rows, validation, seed) for seed in seeds]
    described = (
        f"{len(folds)} heads on one backbone, with the mean of their probabilities; each learns from all "
        f"{material.counted} from another seed, and validation chooses its epoch"
    )
    return mean_of("seeds", described, folds, [f"seed {seed}" for seed in seeds], material)


def of_folds(material: Material) -> Ensemble:
    """Return heads each of which leaves out one fold of the training images, which ends its training.

    Raises:
        UserError: a class has fewer units than there are members.
    """
    made = make_folds(material.images, material.members, 1, material.seed, "--members", "fewer --members")
    train = material.indices["train"]
    folds = [HeadFold(material.rows_of(fold.train), train[fold.held_out], material.seed) for fold in made]
    described = (
        f"{len(folds)} heads on one backbone, with the mean of their probabilities; the {material.counted} are divided "
        f"into {len(folds)} folds, and each head learns without one of them, which chooses its epoch"
    )
    learned = [f"without fold {fold.number} ({len(fold.held_out):,} images)" for fold in made]
    return mean_of("folds", described, folds, learned, material)


def of_bootstrap_samples(material: Material) -> Ensemble:
    """Return heads that learn from bootstrap samples (bagging: Breiman, Machine Learning 24, 1996)."""
    random, validation = np.random.default_rng(material.seed), material.indices["val"]
    samples = [bootstrap_sample(material.images, random) for _ in range(material.members)]
    folds = [HeadFold(material.rows_of(places), validation, material.seed) for places in samples]
    described = (
        f"{len(folds)} heads on one backbone, with the mean of their probabilities; each learns from a bootstrap "
        f"sample, as many images drawn with replacement from the {material.counted}, near duplicates and groups "
        "together, and validation chooses its epoch"
    )
    learned = [f"{len(np.unique(places)):,} different images" for places in samples]
    return mean_of("bagging", described, folds, learned, material)


def bootstrap_sample(images: Labelled, random: np.random.Generator) -> np.ndarray:
    """Return as many places of images as there are, drawn unit by unit with replacement: int (n,).

    The last unit may come in part. A sample without a class is drawn anew: its head could never name that.
    """
    order = np.argsort(images.units, kind="stable")
    units = np.split(order, np.flatnonzero(np.diff(images.units[order])) + 1)
    count, classes = len(images.labels), len(np.unique(images.labels))
    while True:
        drawn = np.zeros(0, np.int64)
        while len(drawn) < count:
            chosen = random.integers(len(units), size=len(units))
            drawn = np.concatenate([drawn, *(units[number] for number in chosen)])
        if len(np.unique(images.labels[drawn[:count]])) == classes:
            return drawn[:count]


def mean_of(
    method: str, described: str, folds: Sequence[HeadFold], learned: Sequence[str], material: Material
) -> Ensemble:
    """Train the heads and join them by the mean of their probabilities."""
    heads, outcomes = trained(folds, material)
    members = [
        Member(f"member {number}", f"{how}; epoch {outcome.epoch}", shares_of(head, material.by_split))
        for number, (head, outcome, how) in enumerate(zip(heads, outcomes, learned, strict=True), 1)
    ]
    features = material.data.features.shape[1]
    head = mean_head(heads, [slice(0, features)] * len(heads), features)
    return Ensemble(method, described, MEAN, members, head, mean_of_first(members))


def trained(folds: Sequence[HeadFold], material: Material) -> tuple[list[keras.Model], list[HeadOutcome]]:
    """Train a head for each fold; what it holds out chooses its epoch. Raise UserError where one diverged."""
    with console.bar("train heads", len(folds)) as advance:
        outcomes = train_heads(folds, material.data, material.stage, material.settings, True, advance)
    heads = [make_head(material.data, material.settings) for _ in folds]
    for head, outcome in zip(heads, outcomes, strict=True):
        head.set_weights(outcome.weights)
    return heads, outcomes

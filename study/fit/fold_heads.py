"""The heads of many folds on the same features: each as a training of its own makes it, but built and traced once.

Keras would trace its training function again for every fold, which takes longer than to train the head. In TensorFlow
some heads learn in step; other backends train one after another, by random numbers of their own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import keras
import numpy as np

from data.batches import Examples, iterations
from study.fit.head_fits import OneByOne
from study.fit.head_trainer import HeadData, HeadFold, HeadOutcome, Trainer, make_head
from study.fit.targets import rows_of_epochs
from study.settings.stages import Stage
from study.settings.train import TrainSettings

TOGETHER = 5  # heads that learn in step; each more takes its time to trace

Order = Callable[["HeadFold"], Sequence[np.ndarray]]  # a fold -> its rows in the order of each epoch


def train_heads(
    folds: Sequence[HeadFold],
    data: HeadData,
    stage: Stage,
    settings: TrainSettings,
    early_stopping: bool = False,
    finished: Callable[[], None] = lambda: None,
    ends: int | None = None,
) -> list[HeadOutcome]:
    """Train the head of every fold for all epochs of `stage`, or until `ends`; `finished` is called after each.

    With `early_stopping` the rows held out end a training and choose its epoch, as validation does in `train`. Where
    it `ends` earlier, the schedule is that of all epochs.

    Raises:
        UserError: a training diverged.
    """
    alike = groups(folds, stage.batch_size)
    trainers: dict[int, Trainer | OneByOne] = {}
    new_trainer = trainer_of(data, stage, settings, max(map(len, alike)))
    first = {seed: initial_values(seed, data, settings) for seed in {fold.seed for fold in folds}}
    order = order_of(folds, data.labels, ends or stage.epochs, settings.regularization.sampler == "balanced")
    outcomes: dict[int, HeadOutcome] = {}
    for numbers in alike:
        own = [folds[number] for number in numbers]
        per_epoch = iterations(len(own[0].train), stage.batch_size)
        if per_epoch not in trainers:
            trainers[per_epoch] = new_trainer(per_epoch)
        found = trainers[per_epoch].train(own, first[own[0].seed], [order(fold) for fold in own], early_stopping)
        for number, outcome in zip(numbers, found, strict=True):
            outcomes[number] = outcome
            finished()
    return [outcomes[number] for number in range(len(folds))]


def trainer_of(
    data: HeadData, stage: Stage, settings: TrainSettings, together: int
) -> Callable[[int], Trainer | OneByOne]:
    """Return what makes, for a number of iterations an epoch, the trainer of heads for Keras' backend."""
    if keras.config.backend() != "tensorflow":
        return lambda per_epoch: OneByOne(data, stage, settings, per_epoch)
    tensors = keras.ops.convert_to_tensor(data.features), keras.ops.one_hot(data.labels, len(data.outputs))
    return lambda per_epoch: Trainer(data, tensors, stage, settings, per_epoch, together)


def groups(folds: Sequence[HeadFold], batch_size: int) -> list[list[int]]:
    """Return the numbers of folds that can learn in step: of one seed and as many iterations an epoch."""
    alike = defaultdict(list)
    for number, fold in enumerate(folds):
        alike[fold.seed, iterations(len(fold.train), batch_size)].append(number)
    return [own[at : at + TOGETHER] for own in alike.values() for at in range(0, len(own), TOGETHER)]


def initial_values(seed: int, data: HeadData, settings: TrainSettings) -> list[np.ndarray]:
    """Return what a new head begins with after this seed: its weights and the state of its dropout."""
    keras.utils.set_random_seed(seed)
    return [np.array(value) for value in make_head(data, settings).variables]


def order_of(folds: Sequence[HeadFold], labels: np.ndarray, epochs: int, balanced: bool) -> Order:
    """Return what gives the order of a fold; plainly shuffled, folds of equal size and seed have one order of places.

    Such an order goes by TensorFlow's global seed too.
    """
    if balanced:
        return lambda fold: list(
            rows_of_epochs(Examples(labels, labels, {"train": fold.train}), fold.seed, epochs, True)
        )
    known: dict[tuple[int, int], list[np.ndarray]] = {}
    for size, seed in {(len(fold.train), fold.seed) for fold in folds}:
        keras.utils.set_random_seed(seed)
        places = np.arange(size)
        known[size, seed] = list(rows_of_epochs(Examples(places, places, {"train": places}), seed, epochs))
    return lambda fold: [fold.train[places] for places in known[len(fold.train), fold.seed]]

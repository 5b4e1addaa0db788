"""The trials of `tune` under transfer: every image goes through the frozen backbone once, then heads learn in turn."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from data import cores
from data.batches import Examples, iterations
from data.dataset import Dataset
from data.store.store import Store
from errors import UserError
from study.experiments.crossval_heads import embed_examples
from study.fit.head_training import HeadData, HeadFold, HeadTraining, first_weights
from study.folds.divide import Fold
from study.search.study import FACTOR, STOPPED, Score, Search
from study.settings.stages import stages_of
from study.settings.train import TrainSettings
from study.tasks import crossentropy

TOGETHER = 5  # trials whose heads learn side by side
# A head is compared with others after so many iterations at the earliest, and so many epochs: before, the learning rate
# alone decides who is ahead.
FIRST_ITERATIONS, FIRST_EPOCHS = 100, 4

Settled = Callable[[Mapping[str, str]], TrainSettings]  # flags, as text -> the settings of a training


def first_rung(train_images: int, settings: TrainSettings) -> int:
    """Return the epochs after which a head is first compared with others."""
    (stage,) = stages_of(settings.optimization, "transfer")
    return max(FIRST_EPOCHS, -(-FIRST_ITERATIONS // iterations(train_images, stage.batch_size)))


@dataclass(frozen=True)
class Features:
    """The features of training and validation split: rows of both, and how many of the former are no augmented view."""

    data: HeadData
    train: np.ndarray
    val: np.ndarray
    clean: int


def features_for(dataset: Dataset, settings: TrainSettings, store: Store) -> Features:
    """Return the features that `train` would learn from and be judged on; nothing is predicted for the test split."""
    examples: Examples = dataset.examples()
    embedded = embed_examples(examples, settings, store)
    train, val = embedded.indices["train"], embedded.indices["val"]
    rows = np.concatenate([train, val])
    data = HeadData(np.asarray(embedded.inputs[rows]), embedded.labels[rows], dataset.class_names)
    places = np.arange(len(rows))
    return Features(data, places[: len(train)], places[len(train) :], len(examples.indices["train"]))


class Head:
    """A head that learns, epoch after epoch, as `train` makes one.

    Args:
        features: of training and validation split.
        settings: of the training.
        seed: of initial weights, dropout and order.
        rows: to learn from, by default all of the training split; it is judged on validation.
    """

    def __init__(self, features: Features, settings: TrainSettings, seed: int, rows: np.ndarray | None = None) -> None:
        (self.stage,) = stages_of(settings.optimization, "transfer")
        settings = settings.with_values(keep_diverged=True)  # one that diverged is a bad trial, not a failure
        fold = HeadFold(features.train if rows is None else rows, features.val, seed)
        first = first_weights(seed, features.data, settings)
        self.training = HeadTraining(features.data, fold, self.stage, settings, first)
        self.orders = self.training.orders()

    def learn_epoch(self) -> None:
        """Learn for an epoch, and be judged."""
        self.training.learn_epoch(next(self.orders))
        self.training.judge()

    @property
    def epoch(self) -> int:
        """Return how many epochs it has learned."""
        return self.training.epoch

    @property
    def ended(self) -> bool:
        """Say whether it has nothing more to learn."""
        return self.training.ended or bool(self.training.divergence.broken) or self.epoch == self.stage.epochs

    def score(self) -> Score:
        """Judge its best epoch so far."""
        fold, found = self.training.fold, self.training.judged
        labels = self.training.data.labels[fold.held_out]
        if found is None:  # its loss was no number from the first epoch on
            return Score(0.0, crossentropy.MOST, len(labels))
        loss = crossentropy.mean(found[np.arange(len(labels)), labels])
        return Score(float((found.argmax(axis=1) == labels).mean()), loss, len(labels))


@dataclass
class Running:
    """A trial whose head learns."""

    trial: object
    texts: Mapping[str, str]
    head: Head
    began: float


def learn_epoch(heads: Sequence[Head]) -> None:
    """Take some heads through one epoch each, on all cores."""
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(cores.cores()) as pool:
        list(pool.map(Head.learn_epoch, heads))


def run_trials(
    search: Search, features: Features, seed: int, settled: Settled, rung: int, told: Callable[[], None]
) -> None:
    """Run trials until there are enough; `told` is called after each. Ctrl-C marks as stopped those under way."""
    running: list[Running] = []
    try:
        while True:
            while len(running) < TOGETHER and (asked := search.ask()):
                trial, texts = asked
                try:
                    running.append(Running(trial, texts, Head(features, settled(texts), seed), time.perf_counter()))
                except UserError as error:
                    search.fail(trial, str(error))
                    told()
            if not running:
                return
            learn_epoch([one.head for one in running])
            for one in list(running):
                if end_of(search, one, rung):
                    running.remove(one)
                    told()
    except BaseException:
        for one in running:
            search.fail(one.trial, STOPPED)
        raise


def end_of(search: Search, one: Running, rung: int) -> bool:
    """Tell the study where a trial ended, or has come so far that others are clearly better; say whether it ended."""
    head, score = one.head, one.head.score()
    noted = {"epochs": head.epoch, "seconds": round(time.perf_counter() - one.began, 3)}
    if head.ended:
        search.finish(one.trial, score, **noted)
        return True
    if head.epoch not in rungs(rung, head.stage.epochs):
        return False
    one.trial.report(score.loss, head.epoch)
    if one.trial.should_prune():
        search.prune(one.trial, score, **noted)
        return True
    return False


def rungs(first: int, epochs: int) -> set[int]:
    """Return the epochs after which a trial is compared with others: `first`, three times that, and so on."""
    found, epoch = set(), first
    while epoch < epochs:
        found.add(epoch)
        epoch *= FACTOR
    return found


def predict_folds(
    features: Features, folds: Sequence[Fold], settings: Sequence[TrainSettings], seeds: Sequence[int]
) -> np.ndarray:
    """Return what heads predict for folds of the training split, float32 (settings, seeds, images, classes).

    Each learns from the other folds, with their views, and validation ends it as in `train`: what is predicted for has
    chosen nothing, neither settings nor epoch.
    """
    views = range(len(features.train) // features.clean)
    found = np.empty((len(settings), len(seeds), features.clean, len(features.data.outputs)), np.float32)
    waiting = list(itertools.product(range(len(settings)), range(len(seeds)), folds))
    for first in range(0, len(waiting), TOGETHER):
        heads = [
            Head(
                features,
                settings[number],
                seeds[run],
                np.concatenate([fold.train + view * features.clean for view in views]),
            )
            for number, run, fold in waiting[first : first + TOGETHER]
        ]
        while learning := [head for head in heads if not head.ended]:
            learn_epoch(learning)
        for head, (number, run, fold) in zip(heads, waiting[first : first + TOGETHER], strict=True):
            found[number, run, fold.held_out] = head.training.predict(fold.held_out)
    return found

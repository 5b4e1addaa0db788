"""The trials of `tune` under transfer: every image goes through the frozen backbone once, then heads learn in turn."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from data.batches import Examples, epoch_rows, iterations
from data.dataset import Dataset
from data.store.store import Store
from errors import UserError
from study.experiments.crossval_heads import embed_examples
from study.fit.head_pool import HeadPool, HeadTask, Slot, first_weights
from study.fit.head_trainer import HeadData, HeadFold
from study.folds.divide import Fold
from study.search.study import FACTOR, STOPPED, Score, Search
from study.settings.stages import stages_of
from study.settings.train import TrainSettings
from study.tasks import crossentropy

TOGETHER = 5  # heads that learn side by side; each more takes its time to trace
# A head is compared with others after so many iterations at the earliest, and so many epochs: before, the learning rate
# alone decides who is ahead.
FIRST_ITERATIONS, FIRST_EPOCHS = 100, 4
LONGEST = 100_000  # epochs, the most that --epochs takes

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


class Heads:
    """Trains heads on features, `TOGETHER` side by side.

    Args:
        features: of training and validation split.
        seed: of initial weights, dropout and order, where no other is given.
    """

    def __init__(self, features: Features, seed: int) -> None:
        self.features, self.seed = features, seed
        data = features.data
        self.tensors = keras.ops.convert_to_tensor(data.features), keras.ops.one_hot(data.labels, len(data.outputs))
        self.pools: dict[object, HeadPool] = {}
        self.first: dict[tuple[int, bool], list[np.ndarray]] = {}
        self.orders: dict[object, Iterator[np.ndarray]] = {}

    def begin(self, settings: TrainSettings, rows: np.ndarray | None = None, seed: int | None = None) -> Slot:
        """Begin a head, which learns from `rows`, by default all of the training split, and is judged on validation."""
        seed = self.seed if seed is None else seed
        (stage,) = stages_of(settings.optimization, "transfer")
        settings = settings.with_values(keep_diverged=True)  # one that diverged is a bad trial, not a failure
        fold = HeadFold(self.features.train if rows is None else rows, self.features.val, seed)
        task = HeadTask(fold, settings, stage)
        if task.graph not in self.pools:
            self.pools[task.graph] = HeadPool(self.features.data, self.tensors, task, TOGETHER)
        kind = seed, settings.regularization.dropout > 0
        if kind not in self.first:
            self.first[kind] = first_weights(seed, self.features.data, settings)
        return self.pools[task.graph].begin(
            task, self.first[kind], self.order(fold, settings.regularization.sampler == "balanced")
        )

    def order(self, fold: HeadFold, balanced: bool) -> Iterator[np.ndarray]:
        """Yield the rows of each epoch, as `train` orders them; heads that learn from as many rows share an order."""
        key: object = fold.seed, fold.train.tobytes() if balanced else len(fold.train)
        if key not in self.orders:
            keras.utils.set_random_seed(fold.seed)  # the order goes by TensorFlow's global seed too
            labels = self.features.data.labels
            rows, of_rows = (fold.train, labels) if balanced else (np.arange(len(fold.train)), labels[fold.train])
            drawn = epoch_rows(Examples(of_rows, of_rows, {"train": rows}), fold.seed, LONGEST, balanced)
            (self.orders[key],) = itertools.tee(drawn, 1)
        again = copy.copy(self.orders[key])  # from the first epoch on, which is drawn once
        return again if balanced else (fold.train[places] for places in again)

    def learn_epoch(self) -> list[Slot]:
        """Take every head that learns through one epoch."""
        return [slot for pool in self.pools.values() if pool.busy for slot in pool.learn_epoch()]

    def score(self, slot: Slot) -> Score:
        """Judge a head's best epoch so far."""
        labels, found = self.features.data.labels[self.features.val], slot.progress.judged
        if found is None:  # its loss was no number from the first epoch on
            return Score(0.0, crossentropy.MOST, len(labels))
        loss = crossentropy.mean(found[np.arange(len(labels)), labels])
        return Score(float((found.argmax(axis=1) == labels).mean()), loss, len(labels))


@dataclass
class Running:
    """A trial whose head learns."""

    trial: object
    texts: Mapping[str, str]
    slot: Slot
    began: float


def run_trials(search: Search, heads: Heads, settled: Settled, rung: int, told: Callable[[], None]) -> None:
    """Run trials until there are enough; `told` is called after each. Ctrl-C marks as stopped those under way."""
    running: list[Running] = []
    try:
        while True:
            fill(search, heads, settled, running, told)
            if not running:
                return
            learned = heads.learn_epoch()
            for one in list(running):
                if one.slot in learned and end_of(search, heads, one, rung):
                    one.slot.release()
                    running.remove(one)
                    told()
    except BaseException:
        for one in running:
            search.fail(one.trial, STOPPED)
        raise


def fill(search: Search, heads: Heads, settled: Settled, running: list[Running], told: Callable[[], None]) -> None:
    """Begin as many trials as there is room for."""
    while len(running) < TOGETHER and (asked := search.ask()):
        trial, texts = asked
        try:
            running.append(Running(trial, texts, heads.begin(settled(texts)), time.perf_counter()))
        except UserError as error:
            search.fail(trial, str(error))
            told()


def end_of(search: Search, heads: Heads, one: Running, rung: int) -> bool:
    """Tell the study where a trial ended, or has come so far that others are clearly better; say whether it ended."""
    slot, score = one.slot, heads.score(one.slot)
    noted = {"epochs": slot.epoch, "seconds": round(time.perf_counter() - one.began, 3)}
    if slot.ended:
        search.finish(one.trial, score, **noted)
        return True
    if slot.epoch not in rungs(rung, slot.task.stage.epochs):
        return False
    one.trial.report(score.loss, slot.epoch)
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
    heads: Heads, folds: Sequence[Fold], settings: Sequence[TrainSettings], seeds: Sequence[int]
) -> np.ndarray:
    """Return what heads predict for folds of the training split, float32 (settings, seeds, images, classes).

    Each learns from the other folds, with their views, and validation ends it as in `train`: what is predicted for has
    chosen nothing, neither settings nor epoch.
    """
    features = heads.features
    found = np.empty((len(settings), len(seeds), features.clean, len(features.data.outputs)), np.float32)
    waiting = list(itertools.product(range(len(settings)), range(len(seeds)), folds))
    running: dict[Slot, tuple[int, int, Fold]] = {}
    while waiting or running:
        while waiting and len(running) < TOGETHER:
            number, run, fold = waiting.pop(0)
            views = range(len(features.train) // features.clean)
            rows = np.concatenate([fold.train + view * features.clean for view in views])
            running[heads.begin(settings[number], rows, seeds[run])] = number, run, fold
        for slot in heads.learn_epoch():
            if slot.ended:
                number, run, fold = running.pop(slot)
                slot.keep_best()
                found[number, run, fold.held_out] = slot.progress.predict(fold.held_out)
                slot.release()
    return found

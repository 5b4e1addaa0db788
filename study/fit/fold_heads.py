"""The heads of many folds on the same features: each as a training of its own makes it, but built and traced once.

Keras would trace its training function again for every fold, which takes longer than to train the head.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import keras
import numpy as np

from data.batches import Examples, epoch_rows, iterations
from study.fit.divergence import SAMPLE, Divergence
from study.fit.network import new_head
from study.fit.objective import class_weights, compile_model
from study.runtime.hardware import cores
from study.settings.stages import Stage
from study.settings.train import TrainSettings
from study.tasks import crossentropy

Order = Callable[["HeadFold"], Sequence[np.ndarray]]  # a fold -> its rows in the order of each epoch


@dataclass(frozen=True)
class HeadFold:
    """A head to train: the rows to learn from and to predict for, and the seed of weights, dropout and order."""

    train: np.ndarray
    held_out: np.ndarray
    seed: int


@dataclass(frozen=True)
class HeadOutcome:
    """What a head predicts for the rows held out, float32 (rows, classes), its weights, and the epoch they are of."""

    probabilities: np.ndarray
    weights: list[np.ndarray]
    epoch: int


@dataclass(frozen=True)
class HeadData:
    """What all heads share: features, float32 (n, features), class indices, int (n,), and the names of the classes."""

    features: np.ndarray
    labels: np.ndarray
    outputs: Sequence[str]


def train_heads(
    folds: Sequence[HeadFold],
    data: HeadData,
    stage: Stage,
    settings: TrainSettings,
    early_stopping: bool = False,
    finished: Callable[[], None] = lambda: None,
) -> list[HeadOutcome]:
    """Train the head of every fold for all epochs of `stage`, some at once; `finished` is called after each.

    With `early_stopping` the rows held out end a training and choose its epoch, as validation does in `train`.

    Raises:
        UserError: a training diverged.
    """
    workers = min(cores(), len(folds))
    lengths = {iterations(len(fold.train), stage.batch_size) for fold in folds}
    spare: queue.SimpleQueue[dict[int, Trainer]] = queue.SimpleQueue()
    tensors = keras.ops.convert_to_tensor(data.features), keras.ops.one_hot(data.labels, len(data.outputs))
    for _ in range(workers):  # Keras builds and traces in one thread only
        spare.put({length: Trainer(data, tensors, stage, settings, length, early_stopping) for length in lengths})
    first = {seed: initial_values(seed, data, settings) for seed in {fold.seed for fold in folds}}
    order = order_of(folds, data.labels, stage.epochs, settings.regularization.sampler == "balanced")

    def train(fold: HeadFold) -> HeadOutcome:
        trainers = spare.get()
        try:
            trainer = trainers[iterations(len(fold.train), stage.batch_size)]
            return trainer.train(fold, first[fold.seed], order(fold))
        finally:
            spare.put(trainers)

    with ThreadPoolExecutor(workers) as pool:
        waiting = [pool.submit(train, fold) for fold in folds]
        try:
            for done in as_completed(waiting):
                done.result()
                finished()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)  # nothing is left where all went well
    return [done.result() for done in waiting]


def initial_values(seed: int, data: HeadData, settings: TrainSettings) -> list[np.ndarray]:
    """Return what a new head begins with after this seed: its weights and the state of its dropout."""
    keras.utils.set_random_seed(seed)
    return [np.array(value) for value in make_head(data, settings).variables]


def make_head(data: HeadData, settings: TrainSettings) -> keras.Model:
    """Return a new head."""
    size, classes = data.features.shape[1], len(data.outputs)
    return new_head(size, settings.network, settings.regularization, classes, settings.task.name)


def order_of(folds: Sequence[HeadFold], labels: np.ndarray, epochs: int, balanced: bool) -> Order:
    """Return what gives the order of a fold; plainly shuffled, folds of equal size and seed have one order of places.

    Such an order goes by TensorFlow's global seed too, so all are made here, in one thread.
    """
    if balanced:
        return lambda fold: list(epoch_rows(Examples(labels, labels, {"train": fold.train}), fold.seed, epochs, True))
    known: dict[tuple[int, int], list[np.ndarray]] = {}
    for size, seed in {(len(fold.train), fold.seed) for fold in folds}:
        keras.utils.set_random_seed(seed)
        places = np.arange(size)
        known[size, seed] = list(epoch_rows(Examples(places, places, {"train": places}), seed, epochs))
    return lambda fold: [fold.train[places] for places in known[len(fold.train), fold.seed]]


class Trainer:
    """A head with its compiled losses and its optimiser, which learns one fold after another, each from the beginning.

    Args:
        data: of all folds.
        tensors: the features and the one-hot labels where TensorFlow has them.
        stage: of all heads.
        settings: of the training.
        per_epoch: iterations of an epoch, by which the schedule goes.
        early_stopping: whether the rows held out choose the epoch.
    """

    def __init__(
        self,
        data: HeadData,
        tensors: tuple[keras.KerasTensor, keras.KerasTensor],
        stage: Stage,
        settings: TrainSettings,
        per_epoch: int,
        early_stopping: bool,
    ) -> None:
        self.data, self.stage, self.settings, self.early_stopping = data, stage, settings, early_stopping
        self.head = make_head(data, settings)
        compile_model(self.head, stage, settings, stage.epochs * per_epoch)
        self.optimizer = self.head.optimizer
        self.optimizer.build(self.head.trainable_variables)
        self.untouched = [np.array(value) for value in self.optimizer.variables]
        self.learn = learning_function(self.head, *tensors, stage.batch_size, self.is_weighted)

    @property
    def is_weighted(self) -> bool:
        """Say whether classes weigh differently in the loss."""
        return self.settings.regularization.class_weight != "none"

    def train(self, fold: HeadFold, first: Sequence[np.ndarray], order: Sequence[np.ndarray]) -> HeadOutcome:
        """Train one head from its first values."""
        for variable, value in zip(
            [*self.head.variables, *self.optimizer.variables], [*first, *self.untouched], strict=True
        ):
            variable.assign(value)
        weights = self.weights_of_classes(fold)
        divergence = Divergence(self.stage, self.loss_at_start(fold, weights))
        best, kept, patience = np.inf, (0, self.head.get_weights()), self.settings.regularization.patience
        for epoch, rows in enumerate(order, 1):
            divergence.end = float(self.learn(rows, weights))
            if not self.early_stopping:
                continue
            if (loss := self.held_out_loss(fold)) < best:
                best, kept = loss, (epoch, self.head.get_weights())
            elif patience and epoch - kept[0] >= patience:
                break
        divergence.iterations = int(self.optimizer.iterations)
        divergence.broken = "" if np.isfinite(divergence.end) else f"the loss of stage head is {divergence.end}"
        divergence.check(self.settings.optimization.keep_diverged, "")
        if self.early_stopping:
            self.head.set_weights(kept[1])
        else:
            self.optimizer.finalize_variable_values(self.head.trainable_variables)  # the average, where there is one
        return HeadOutcome(self.predict(fold), self.head.get_weights(), kept[0] or len(order))

    def weights_of_classes(self, fold: HeadFold) -> np.ndarray:
        """Return the weight of each class in the loss, float32 (classes,)."""
        rule, outputs = self.settings.regularization.class_weight, self.data.outputs
        found = class_weights(self.data.labels[fold.train], rule, outputs) or {}
        return np.array([found.get(index, 1.0) for index in range(len(outputs))], np.float32)

    def loss_at_start(self, fold: HeadFold, weights: np.ndarray) -> float:
        """Return what the head makes small on some rows to learn from, at the weights that it has."""
        rows = np.random.default_rng(0).choice(fold.train, min(SAMPLE, len(fold.train)), replace=False)
        features, labels = self.data.features[rows], keras.ops.one_hot(self.data.labels[rows], len(weights))
        sample_weight = weights[self.data.labels[rows]] if self.is_weighted else None
        answers = self.head(features, training=False)
        return float(self.head.compute_loss(features, labels, answers, sample_weight, training=False))

    def held_out_loss(self, fold: HeadFold) -> float:
        """Return the mean cross-entropy on the rows held out."""
        return crossentropy.mean(self.predict(fold)[np.arange(len(fold.held_out)), self.data.labels[fold.held_out]])

    def predict(self, fold: HeadFold) -> np.ndarray:
        """Return the probabilities of the rows held out, float32 (rows, classes)."""
        return np.array(self.head(self.data.features[fold.held_out], training=False))


def learning_function(
    head: keras.Model, features: keras.KerasTensor, labels: keras.KerasTensor, batch_size: int, weighted: bool
) -> Callable[[np.ndarray, np.ndarray], keras.KerasTensor]:
    """Return what takes a head through the batches of one epoch: (rows in order, weights of classes) -> mean loss.

    It does what Keras' own step does, without metrics, which nobody reads here.
    """
    import tensorflow as tf

    def learn(rows: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for first in tf.range(0, tf.size(rows), batch_size):
            batch = rows[first : first + batch_size]
            x, y = tf.gather(features, batch), tf.gather(labels, batch)
            sample_weight = tf.linalg.matvec(y, weights) if weighted else None
            with tf.GradientTape() as tape:
                loss = head.compute_loss(x, y, head(x, training=True), sample_weight, training=True)
            variables = head.trainable_variables
            head.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
            total += loss * tf.cast(tf.size(batch), tf.float32)
        return total / tf.cast(tf.size(rows), tf.float32)

    signature = [tf.TensorSpec([None], tf.int64), tf.TensorSpec([labels.shape[1]], tf.float32)]
    return tf.function(learn, input_signature=signature).get_concrete_function()

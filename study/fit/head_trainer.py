"""Some heads that learn in step on the same features, each its own rows, one group of folds after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from study.fit.divergence import Divergence, loss_of, sample_of
from study.fit.network import new_head
from study.fit.objective import class_weights, compile_model, weight_array
from study.settings.stages import Stage
from study.settings.train import TrainSettings
from study.tasks import crossentropy


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


@dataclass(frozen=True)
class Setup:
    """How a head learns: data, stage and settings; `untouched` is the state of an optimiser that has done nothing."""

    data: HeadData
    stage: Stage
    settings: TrainSettings
    untouched: Sequence[np.ndarray]


def make_head(data: HeadData, settings: TrainSettings) -> keras.Model:
    """Return a new head."""
    size, classes = data.features.shape[1], len(data.outputs)
    return new_head(size, settings.network, settings.regularization, classes, settings.task.name)


class Trainer:
    """Some heads with their losses and optimisers, which learn in step, one group of folds after another.

    Folds of one seed drop the same features of the first, the second, … example of a batch. That is drawn once for all
    of them, and takes longer than the rest of an iteration.

    Args:
        data: of all folds.
        tensors: the features and the one-hot labels where TensorFlow has them.
        stage: of all heads.
        settings: of the training.
        per_epoch: iterations of an epoch, by which the schedule goes.
        number: heads that learn in step.
    """

    def __init__(
        self,
        data: HeadData,
        tensors: tuple[keras.KerasTensor, keras.KerasTensor],
        stage: Stage,
        settings: TrainSettings,
        per_epoch: int,
        number: int,
    ) -> None:
        self.heads = [make_head(data, settings) for _ in range(number)]
        for head in self.heads:
            compile_model(head, stage, settings, stage.epochs * per_epoch)
            head.optimizer.build(head.trainable_variables)
        untouched = [np.array(value) for value in self.heads[0].optimizer.variables]
        self.setup = Setup(data, stage, settings, untouched)
        is_weighted = settings.regularization.class_weight != "none"
        self.learn = learning_function(self.heads, *tensors, stage.batch_size, is_weighted)

    def train(
        self,
        folds: Sequence[HeadFold],
        first: Sequence[np.ndarray],
        orders: Sequence[Sequence[np.ndarray]],
        early_stopping: bool,
    ) -> list[HeadOutcome]:
        """Train the heads of some folds of one seed from their first values."""
        idle = len(self.heads) - len(folds)  # these learn the last fold again, and nobody asks them
        orders = [*orders, *[orders[-1]] * idle]
        progress = [Progress(self.setup, head, fold, first) for head, fold in zip(self.heads, folds, strict=False)]
        for head in self.heads[len(folds) :]:
            assign(head, first, self.setup.untouched)
        weights = [one.weights for one in progress]
        weights = np.stack([*weights, *[weights[-1]] * idle])
        for epoch, rows in enumerate(zip(*orders, strict=True), 1):
            losses = self.learn(*rows, weights)
            for one, loss in zip(progress, np.array(losses), strict=False):
                one.note(epoch, float(loss), early_stopping)
            if all(one.ended for one in progress):
                break
        return [one.outcome(len(orders[0]), early_stopping) for one in progress]


class Progress:
    """How one head learns its fold: its loss, its best epoch so far, and whether it has ended.

    Args:
        setup: how it learns.
        head: that learns.
        fold: what it learns from and is judged by.
        first: its first values.
    """

    def __init__(self, setup: Setup, head: keras.Model, fold: HeadFold, first: Sequence[np.ndarray]) -> None:
        self.data, self.settings, self.head, self.fold = setup.data, setup.settings, head, fold
        assign(head, first, setup.untouched)
        asked = self.settings.regularization.class_weight
        found = class_weights(self.data.labels[fold.train], asked, self.data.outputs)
        self.weights = weight_array(found, len(self.data.outputs))
        self.divergence = Divergence(setup.stage, asked, self.loss_at_start(bool(found)))
        self.best, self.kept, self.ended = np.inf, (0, head.get_weights()), False
        self.judged: np.ndarray | None = None  # what the best epoch so far predicts for the rows held out

    def note(self, epoch: int, loss: float, early_stopping: bool) -> None:
        """Note an epoch's loss; with `early_stopping` look at the rows held out, and end where they say so."""
        if self.ended:
            return
        self.divergence.end, patience = loss, self.settings.regularization.patience
        if not early_stopping:
            return
        found = self.predict(self.fold.held_out)
        if (held_out_loss := self.crossentropy_of(found)) < self.best:
            self.best, self.kept, self.judged = held_out_loss, (epoch, self.head.get_weights()), found
        else:
            self.ended = bool(patience) and epoch - self.kept[0] >= patience

    def outcome(self, epochs: int, early_stopping: bool) -> HeadOutcome:
        """Return what was learned. Raise UserError where it diverged."""
        divergence, optimizer = self.divergence, self.head.optimizer
        divergence.iterations = int(optimizer.iterations)
        divergence.broken = (
            "" if np.isfinite(divergence.end) else f"the training objective of stage head is {divergence.end}"
        )
        divergence.check(self.settings.optimization.keep_diverged, "")
        if early_stopping:
            self.head.set_weights(self.kept[1])
        else:
            optimizer.finalize_variable_values(self.head.trainable_variables)  # the average, where there is one
        return HeadOutcome(self.predict(self.fold.held_out), self.head.get_weights(), self.kept[0] or epochs)

    def loss_at_start(self, weighted: bool) -> float:
        """Return what the head makes small on some rows to learn from, at the weights that it has."""
        rows = sample_of(self.fold.train)
        labels = self.data.labels[rows]
        sample_weight = self.weights[labels] if weighted else None
        return loss_of(self.head, self.data.features[rows], keras.ops.one_hot(labels, len(self.weights)), sample_weight)

    def crossentropy_of(self, probabilities: np.ndarray) -> float:
        """Return the mean cross-entropy on the rows held out."""
        labels = self.data.labels[self.fold.held_out]
        return crossentropy.mean(probabilities[np.arange(len(labels)), labels])

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the probabilities of some rows, float32 (rows, classes)."""
        return keras.ops.convert_to_numpy(self.head(self.data.features[rows], training=False))


def assign(head: keras.Model, first: Sequence[np.ndarray], untouched: Sequence[np.ndarray]) -> None:
    """Give a head its first values, and its optimiser those of one that has done nothing."""
    for variable, value in zip([*head.variables, *head.optimizer.variables], [*first, *untouched], strict=True):
        variable.assign(value)


def learn_batch(
    head: keras.Model, x: keras.KerasTensor, y: keras.KerasTensor, sample_weight: keras.KerasTensor | None
) -> keras.KerasTensor:
    """Do what Keras' own step does with a batch, without metrics, which nobody reads here; return the loss.

    Args:
        head: compiled, on TensorFlow.
        x: features, float32 (batch, features), some of them dropped where that is to be.
        y: soft labels, float32 (batch, classes).
        sample_weight: of each in the loss, float32 (batch,); None where all weigh 1.
    """
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = head.compute_loss(x, y, head.layers[-1](x), sample_weight, training=True)
    variables = head.trainable_variables
    head.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
    return loss


def learning_function(
    heads: Sequence[keras.Model],
    features: keras.KerasTensor,
    labels: keras.KerasTensor,
    batch_size: int,
    weighted: bool,
) -> Callable[..., keras.KerasTensor]:
    """Return what takes heads through the batches of one epoch: (rows of each, in order, weights) -> mean losses."""
    import tensorflow as tf

    size, dropout = features.shape[1], heads[0].get_layer("dropout")

    def learn(*rows_and_weights: tf.Tensor) -> tf.Tensor:
        *rows, weights = rows_and_weights

        def learn_batches(first: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            batches = [own[first : first + batch_size] for own in rows]
            counts = tf.stack([tf.size(batch) for batch in batches])
            kept = dropout(tf.ones((tf.reduce_max(counts), size)), training=True) if dropout.rate else None
            losses = []
            for number, (head, batch) in enumerate(zip(heads, batches, strict=True)):
                x, y = tf.gather(features, batch), tf.gather(labels, batch)
                x = x if kept is None else x * kept[: tf.size(batch)]
                sample_weight = tf.linalg.matvec(y, weights[number]) if weighted else None
                losses.append(learn_batch(head, x, y, sample_weight))
            return first + batch_size, totals + tf.stack(losses) * tf.cast(counts, tf.float32)

        start = tf.constant(0), tf.zeros(len(heads))
        _, totals = tf.while_loop(lambda first, totals: first < tf.size(rows[0]), learn_batches, start)
        return totals / tf.stack([tf.cast(tf.size(own), tf.float32) for own in rows])

    signature = [tf.TensorSpec([None], tf.int64)] * len(heads)
    signature += [tf.TensorSpec([len(heads), labels.shape[1]], tf.float32)]
    # A plain `for` would be rewritten by AutoGraph, which writes a file: none may be needed where the disk is full.
    return tf.function(learn, input_signature=signature, autograph=False).get_concrete_function()

"""Heads that learn side by side, each by settings of its own: one that ends makes room for the next.

TensorFlow would trace a graph for every setting, which takes longer than to train the head. Here learning rate,
penalties, dropout, smoothing, batch size and weights of the classes are inputs of one graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import keras
import numpy as np

from data.batches import iterations
from study.fit.head_trainer import HeadData, HeadFold, Progress, Setup, learn_batch, make_head
from study.fit.objective import compile_model
from study.fit.schedules import learning_rate_schedule
from study.settings.stages import Stage, decay_of
from study.settings.train import TrainSettings


@dataclass(frozen=True)
class HeadTask:
    """A head to train: its rows and seed, its settings and its stage."""

    fold: HeadFold
    settings: TrainSettings
    stage: Stage

    @property
    def graph(self) -> tuple[object, ...]:
        """Return what decides how the graph is made: heads of one pool have it in common."""
        optimization, loss = self.settings.optimization, self.settings.loss
        return optimization.optimizer, optimization.clip_norm, loss.name, loss.focal_gamma, loss.dice_weight


class Penalty(keras.regularizers.Regularizer):
    """L1 and L2 of a kernel, which may be given anew."""

    def __init__(self) -> None:
        import tensorflow as tf

        self.l1, self.l2 = tf.Variable(0.0, trainable=False), tf.Variable(0.0, trainable=False)

    def __call__(self, kernel: keras.KerasTensor) -> keras.KerasTensor:
        """Return the penalty."""
        return self.l1 * keras.ops.sum(keras.ops.abs(kernel)) + self.l2 * keras.ops.sum(keras.ops.square(kernel))


class Slot:
    """One head of a pool, and what it is learning."""

    def __init__(self, data: HeadData, task: HeadTask) -> None:
        import tensorflow as tf

        without = task.settings.with_values(dropout=0.0)  # its features are dropped before they come here
        self.data, self.head, self.penalty = data, make_head(data, without), Penalty()
        self.progress: Progress | None = None
        plain = task.settings.with_values(
            schedule="constant", warmup=0.0, label_smoothing=0.0, l1=0.0, l2=0.0, weight_decay=1.0
        )
        compile_model(self.head, task.stage, plain, 1)
        self.head.layers[-1].kernel.regularizer = self.penalty
        optimizer = self.head.optimizer
        optimizer.build(self.head.trainable_variables)
        optimizer.weight_decay = tf.Variable(0.0, trainable=False)
        self.untouched = [np.array(value) for value in optimizer.variables]

    def begin(self, task: HeadTask, first: Sequence[np.ndarray], order: Iterator[np.ndarray]) -> None:
        """Let the head begin anew."""
        regularization = task.settings.regularization
        self.penalty.l1.assign(regularization.l1)
        self.penalty.l2.assign(regularization.l2)
        decay = decay_of(task.settings.optimization.optimizer, regularization.weight_decay)
        self.head.optimizer.weight_decay.assign(decay)
        setup = Setup(self.data, task.stage, task.settings, self.untouched)
        self.progress = Progress(setup, self.head, task.fold, first)
        self.task, self.order, self.epoch = task, order, 0
        self.per_epoch = iterations(len(task.fold.train), task.stage.batch_size)
        self.rates = rates_of(task, self.per_epoch * task.stage.epochs)

    def next_epoch(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the next epoch in their order, and the learning rate of each of its iterations."""
        if self.progress is None:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        self.epoch += 1
        return next(self.order), self.rates[(self.epoch - 1) * self.per_epoch : self.epoch * self.per_epoch]

    def knobs(self) -> tuple[int, float, float, np.ndarray]:
        """Return batch size, dropout, label smoothing, and the weight of each class."""
        if self.progress is None:
            return 1, 0.0, 0.0, np.ones(len(self.data.outputs), np.float32)
        regularization = self.task.settings.regularization
        return (
            self.task.stage.batch_size, regularization.dropout, regularization.label_smoothing, self.progress.weights
        )  # fmt: skip

    @property
    def ended(self) -> bool:
        """Say whether it has nothing more to learn."""
        return self.progress.ended or self.epoch == self.task.stage.epochs

    def keep_best(self) -> None:
        """Give the head the weights of its best epoch."""
        self.head.set_weights(self.progress.kept[1])

    def release(self) -> None:
        """Make room for another head."""
        self.progress = None


class HeadPool:
    """Heads with a graph in common, of which any may begin or end after each epoch.

    They drop the features by the same random numbers, each its own share: to draw them takes longer than the rest of an
    iteration.

    Args:
        data: of all heads.
        tensors: the features and the one-hot labels where TensorFlow has them.
        task: one of those to come, for what they have in common.
        size: heads that learn side by side.
    """

    def __init__(
        self, data: HeadData, tensors: tuple[keras.KerasTensor, keras.KerasTensor], task: HeadTask, size: int
    ) -> None:
        self.data = data
        self.slots = [Slot(data, task) for _ in range(size)]
        self.learn = learning_function([slot.head for slot in self.slots], *tensors, task.fold.seed)

    @property
    def busy(self) -> list[Slot]:
        """Return the heads that learn."""
        return [slot for slot in self.slots if slot.progress is not None]

    def begin(self, task: HeadTask, first: Sequence[np.ndarray], order: Iterator[np.ndarray]) -> Slot:
        """Begin a head where there is room, from its first values; `order` gives the rows of each epoch."""
        slot = next(slot for slot in self.slots if slot.progress is None)
        slot.begin(task, first, order)
        return slot

    def learn_epoch(self) -> list[Slot]:
        """Take every head that learns through one epoch, and return those heads."""
        busy = self.busy
        rows, rates = zip(*(slot.next_epoch() for slot in self.slots), strict=True)
        sizes, dropouts, smoothings, weights = zip(*(slot.knobs() for slot in self.slots), strict=True)
        knobs = np.array(sizes, np.int32), *(np.array(one, np.float32) for one in (dropouts, smoothings, weights))
        losses = np.array(self.learn(*rows, *rates, *knobs))
        for slot, loss in zip(self.slots, losses, strict=True):
            if slot.progress is not None:
                slot.progress.note(slot.epoch, float(loss), early_stopping=True)
        return busy


def first_weights(seed: int, data: HeadData, settings: TrainSettings) -> list[np.ndarray]:
    """Return the weights that a new head begins with after this seed; one with dropout begins otherwise."""
    keras.utils.set_random_seed(seed)
    return make_head(data, settings).get_weights()


def rates_of(task: HeadTask, steps: int) -> np.ndarray:
    """Return the learning rate of each of so many iterations, float32 (steps,)."""
    optimization = task.settings.optimization
    schedule = learning_rate_schedule(optimization.schedule, task.stage.learning_rate, steps, optimization.warmup)
    if not callable(schedule):
        return np.full(steps, schedule, np.float32)
    numbers = np.arange(steps, dtype=np.float32)
    of_all = optimization.schedule == "one_cycle" or (optimization.schedule == "cosine" and optimization.warmup)
    # Keras asks such a schedule of its two halves whether the one number that it is given is in the first.
    return np.array(keras.ops.vectorized_map(schedule, numbers) if of_all else schedule(numbers), np.float32)


def learning_function(
    heads: Sequence[keras.Model], features: keras.KerasTensor, labels: keras.KerasTensor, seed: int
) -> Callable[..., keras.KerasTensor]:
    """Return what takes heads through one epoch.

    (rows of each head, learning rates of each head's iterations, batch sizes, dropouts, smoothings, weights of the
    classes) -> mean losses. A head without iterations stays as it is.
    """
    import tensorflow as tf

    number, size, classes = len(heads), features.shape[1], labels.shape[1]
    random = tf.random.Generator.from_seed(seed, alg="philox")

    def learn_rows(head: keras.Model, batch: tf.Tensor, kept: tf.Tensor, smoothing: tf.Tensor, weights: tf.Tensor):  # noqa: ANN202
        x, y = tf.gather(features, batch) * kept, tf.gather(labels, batch)
        sample_weight = tf.linalg.matvec(y, weights)
        y = y * (1 - smoothing) + smoothing / classes
        return learn_batch(head, x, y, sample_weight) * tf.cast(tf.size(batch), tf.float32)

    def learn(*inputs: tf.Tensor) -> tf.Tensor:
        rows, rates, (sizes, dropouts, smoothings, weights) = inputs[:number], inputs[number:-4], inputs[-4:]
        steps = tf.stack([tf.size(own) for own in rates])
        widest = tf.reduce_max(tf.where(steps > 0, sizes, 0))
        drops = tf.reduce_any(dropouts > 0)

        def learn_step(step: tf.Tensor, totals: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            shape = tf.stack([widest, size])
            drawn = tf.cond(drops, lambda shape=shape: random.uniform(shape), lambda shape=shape: tf.ones(shape))
            losses = []
            for i, head in enumerate(heads):

                def one(i: int = i, head: keras.Model = head, step: tf.Tensor = step, drawn: tf.Tensor = drawn):  # noqa: ANN202
                    batch = rows[i][step * sizes[i] : (step + 1) * sizes[i]]
                    kept = tf.cast(drawn[: tf.size(batch)] >= dropouts[i], tf.float32) / (1 - dropouts[i])
                    head.optimizer.learning_rate.assign(rates[i][step])
                    return learn_rows(head, batch, kept, smoothings[i], weights[i])

                losses.append(tf.cond(step < steps[i], one, lambda: 0.0))
            return step + 1, totals + tf.stack(losses)

        start = tf.constant(0), tf.zeros(number)
        _, totals = tf.while_loop(lambda step, totals: step < tf.reduce_max(steps), learn_step, start)
        return totals / tf.cast(tf.maximum(tf.stack([tf.size(own) for own in rows]), 1), tf.float32)

    vectors = [tf.TensorSpec([None], tf.int64)] * number + [tf.TensorSpec([None], tf.float32)] * number
    knobs = [tf.TensorSpec([number], kind) for kind in (tf.int32, tf.float32, tf.float32)]
    signature = [*vectors, *knobs, tf.TensorSpec([number, classes], tf.float32)]
    # Without AutoGraph, as in `head_trainer`.
    return tf.function(learn, input_signature=signature, autograph=False).get_concrete_function()

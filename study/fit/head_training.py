"""How a head learns, in NumPy: its own loop over batches of features, with the optimisers of `scratch`.

A head is dropout and one dense layer. In Keras' `fit` most of the time goes into TensorFlow's graph, which is traced
for seconds before the first step; here a hundred steps are done by then. All that learns on stored features goes this
way: the head of a training, those of folds, of an ensemble and of a search.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np

from data.batches import Examples, iterations
from data.numpy_batches import cut, epoch_rows
from data.soft_labels import to_numpy_soft_labels
from scratch import optimizers
from scratch.regularization import Penalty
from study import tasks
from study.fit.divergence import Divergence, sample_of
from study.fit.head_losses import figures_of, make_head_loss
from study.fit.network import new_head
from study.fit.objective import class_weights, weight_array
from study.fit.schedules import Plateau, rates_of
from study.settings.stages import Stage, decay_of
from study.settings.train import TrainSettings
from study.tasks.classify import sigmoid, softmax

BLOCK = 4096  # rows that are answered at a time
FIGURES = ("loss", "crossentropy", "accuracy")  # of an epoch or a batch: the loss is all that is made small
LEVELS = 2**16  # of the random numbers that dropout compares with: they take half the time of floats
OPTIMIZERS = {  # as `study.fit.objective.make_optimizer` has them; of muon, the last layer goes by AdamW
    "sgd": optimizers.SGD,
    "momentum": optimizers.Momentum,
    "nesterov": optimizers.Nesterov,
    "adam": optimizers.Adam,
    "adamw": partial(optimizers.Adam, beta_2=0.99),  # its decay is done for all of them alike
    "rmsprop": optimizers.RMSProp,
    "adagrad": optimizers.AdaGrad,
    "muon": partial(optimizers.Adam, beta_2=0.99),
}


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
    """What heads learn from.

    `features`: float32 (n, features), an array or what cuts rows out of the store as one would out of an array.
    `labels`: class indices, int (n,), or soft labels, float32 (n, classes). `outputs`: names of what is told apart.
    """

    features: Any
    labels: np.ndarray
    outputs: Sequence[str]

    def of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return features and soft labels of some rows, float32 (m, features) and (m, classes)."""
        labels = to_numpy_soft_labels(self.labels[rows], len(self.outputs))
        return np.asarray(self.features[rows], np.float32), labels


def make_head(data: HeadData, settings: TrainSettings) -> keras.Model:
    """Return a new head."""
    size, classes = data.features.shape[1], len(data.outputs)
    return new_head(size, settings.network, settings.regularization, classes, settings.task.name)


def first_weights(seed: int, data: HeadData, settings: TrainSettings) -> list[np.ndarray]:
    """Return kernel and bias that a new head begins with after this seed."""
    keras.utils.set_random_seed(seed)
    return make_head(data, settings).get_weights()


class HeadTraining:
    """A head that learns: its weights, what its optimiser remembers, and its best epoch so far.

    Args:
        data: features and labels.
        fold: the rows to learn from and to be judged by.
        stage: of the head.
        settings: of the training.
        first: kernel, float32 (features, classes), and bias, float32 (classes,), that it begins with.
        class_weight: weight of each class in the loss, float32 (classes,); by default as the settings say.
    """

    def __init__(
        self,
        data: HeadData,
        fold: HeadFold,
        stage: Stage,
        settings: TrainSettings,
        first: Sequence[np.ndarray],
        class_weight: np.ndarray | None = None,
    ) -> None:
        self.data, self.fold, self.stage, self.settings = data, fold, stage, settings
        optimization, regularization = settings.optimization, settings.regularization
        if class_weight is None:
            found = class_weights(data.labels[fold.train], regularization.class_weight, data.outputs)
            class_weight = weight_array(found, len(data.outputs))
        self.class_weight, self.binary = class_weight, tasks.get(settings.task.name).ACTIVATION == "sigmoid"
        self.loss = make_head_loss(settings, self.binary)
        self.penalty = Penalty(regularization.l1, regularization.l2)
        self.dropout = regularization.dropout if regularization.dropout_at != "blocks" else 0.0
        self.random = np.random.default_rng(fold.seed)
        self.optimizer = OPTIMIZERS[optimization.optimizer](stage.learning_rate)
        self.decay = decay_of(optimization.optimizer, regularization.weight_decay)
        self.per_epoch = iterations(len(fold.train), stage.batch_size)
        steps = self.per_epoch * stage.epochs
        self.rates = rates_of(optimization.schedule, stage.learning_rate, steps, optimization.warmup)
        self.plateau = Plateau(optimization.schedule, regularization.patience)
        self.kernel, self.bias = (np.array(one, np.float32) for one in first)
        self.average = [self.kernel.copy(), self.bias.copy()] if optimization.ema else []
        self.divergence = Divergence(stage, regularization.class_weight, self.objective(sample_of(fold.train)))
        self.epoch, self.best, self.kept, self.ended = 0, np.inf, (0, self.weights), False
        self.judged: np.ndarray | None = None  # probabilities of the rows held out, of the best epoch so far

    @property
    def weights(self) -> list[np.ndarray]:
        """Return copies of kernel and bias as they answer: of their averages, where there are such."""
        return [one.copy() for one in self.average or (self.kernel, self.bias)]

    @property
    def learning_rate(self) -> float:
        """Return that of the iteration to come."""
        step = min(self.optimizer.steps, len(self.rates) - 1)
        return float(self.rates[step]) * self.plateau.factor

    def orders(self, epochs: int | None = None) -> Iterator[np.ndarray]:
        """Yield the rows of each epoch, by default of all of the stage, int64, in the order to learn them in."""
        examples = Examples(self.data.labels, self.data.labels, {"train": self.fold.train})
        balanced = self.settings.regularization.sampler == "balanced"
        return epoch_rows(examples, self.fold.seed, epochs or self.stage.epochs, balanced)

    @np.errstate(over="ignore", invalid="ignore")  # what diverges is told in words
    def learn_epoch(self, order: np.ndarray, told: keras.callbacks.CallbackList | None = None) -> dict[str, float]:
        """Learn from some rows in this order, batch by batch; return the means of objective and figures.

        `told`: of every batch, with the means so far.
        """
        self.epoch += 1
        totals, logs, done = np.zeros(len(FIGURES)), {}, 0
        for number, rows in enumerate(cut(order, self.stage.batch_size)):
            if told:
                told.on_train_batch_begin(number)
            totals += len(rows) * np.array(self.learn_batch(*self.data.of(rows)))
            done += len(rows)
            logs = dict(zip(FIGURES, (totals / done).tolist(), strict=True))
            if told:
                told.on_train_batch_end(number, logs)
        self.divergence.end, self.divergence.iterations = logs["loss"], self.optimizer.steps
        self.note_broken("training objective", logs["loss"])
        return logs

    def learn_batch(self, x: np.ndarray, y: np.ndarray) -> tuple[float, float, float]:
        """Make one step; return objective, cross-entropy and accuracy of the batch before it."""
        if self.dropout:
            drawn = self.random.integers(LEVELS, size=x.shape, dtype=np.uint16)
            x = x * (drawn >= round(self.dropout * LEVELS)) * np.float32(1 / (1 - self.dropout))
        scores, rate = x @ self.kernel + self.bias, self.learning_rate
        loss, slope = self.loss(scores, y, self.weights_of(y))
        loss += self.penalty.loss(self.kernel)
        gradients = [x.T @ slope + self.penalty.gradient(self.kernel), slope.sum(axis=0)]
        if limit := self.settings.optimization.clip_norm:
            norm = np.sqrt(sum(np.square(one).sum() for one in gradients))
            gradients = [one * (limit / max(norm, limit)) for one in gradients]
        if self.decay:
            self.kernel -= self.kernel * (self.decay * rate)
        self.optimizer.learning_rate = rate
        self.optimizer.step([self.kernel, self.bias], gradients)
        momentum = self.settings.optimization.ema if self.optimizer.steps > 1 else 0.0
        for average, now in zip(self.average, (self.kernel, self.bias), strict=False):
            average += (1 - momentum) * (now - average)
        entropies, right = figures_of(scores, y, self.binary)
        return loss, float(entropies.mean()), float(right.mean())

    @np.errstate(over="ignore", invalid="ignore")
    def judge(self) -> dict[str, float]:
        """Judge the epoch by the rows held out; note whether it is the best so far, and whether it was the last one."""
        scores, y = self.scores_of(self.fold.held_out)
        entropies, right = figures_of(scores, y, self.binary)
        entropy, patience = float(entropies.mean(dtype=np.float64)), self.settings.regularization.patience
        if entropy < self.best:
            self.best, self.kept, self.judged = entropy, (self.epoch, self.weights), self.probabilities_of(scores)
        else:
            self.ended = bool(patience) and self.epoch - self.kept[0] >= patience
        self.plateau.note(entropy)
        objective = self.loss(scores, y, np.ones(len(y), np.float32))[0] + self.penalty.loss(self.kernel)
        self.note_broken("objective on validation", objective)
        return {"val_loss": objective, "val_crossentropy": entropy, "val_accuracy": float(right.mean())}

    def note_broken(self, name: str, value: float) -> None:
        """Note where a value that is made small is no number any more."""
        if not np.isfinite(value) and not self.divergence.broken:
            self.divergence.broken = f"the {name} is {value} in epoch {self.epoch} of stage {self.stage.name}"

    def outcome(self, judged: bool) -> HeadOutcome:
        """Return what was learned: where it was `judged`, the best epoch. Raise UserError where it diverged."""
        self.divergence.check(self.settings.optimization.keep_diverged, "")
        if not judged:
            self.kept = self.epoch, self.weights
        return HeadOutcome(self.predict(self.fold.held_out), self.kept[1], self.kept[0])

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Return the probabilities that the kept weights give for some rows, float32 (rows, classes)."""
        kernel, bias = self.kept[1]
        found = [self.probabilities_of(self.data.of(some)[0] @ kernel + bias) for some in cut(rows, BLOCK)]
        return np.concatenate(found) if found else np.empty((0, len(self.data.outputs)), np.float32)

    def objective(self, rows: np.ndarray) -> float:
        """Return what is made small, on some rows, at the weights that the head has."""
        scores, y = self.scores_of(rows)
        return self.loss(scores, y, self.weights_of(y))[0] + self.penalty.loss(self.kernel)

    def weights_of(self, y: np.ndarray) -> np.ndarray:
        """Return what each example weighs in the loss, by its classes, float32 (n,); one of several labels weighs 1."""
        return np.ones(len(y), np.float32) if self.binary else y @ self.class_weight

    def scores_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the scores of some rows as the head is now, and their soft labels, float32 (rows, classes) both."""
        kernel, bias = self.average or (self.kernel, self.bias)
        found = [(x @ kernel + bias, y) for x, y in map(self.data.of, cut(rows, BLOCK))]
        scores, labels = zip(*found, strict=True)
        return np.concatenate(scores), np.concatenate(labels)

    def probabilities_of(self, scores: np.ndarray) -> np.ndarray:
        """Return what the head answers, float32 (n, classes)."""
        return sigmoid(scores) if self.binary else softmax(scores)

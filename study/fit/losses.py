"""What training makes small, for labels that are shares of the classes and answers that are probabilities.

The logarithm of a probability comes from the logits that it was made of: float32 rounds the probability of a class that
lies 17 below the surest to nothing, and then a mistake of which the network is sure would have no gradient.
"""

from __future__ import annotations

import keras

from models.parts.keras_private import logits_of


def log_probabilities(y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Return the logarithms of probabilities (…, classes), from their logits where Keras knows them."""
    ops, logits = keras.ops, logits_of(y_pred)
    if logits is not None:
        return ops.log_softmax(ops.cast(logits, "float32"))
    return ops.log(ops.clip(y_pred, keras.config.epsilon(), 1))


class Focal(keras.losses.Loss):
    """(1 - p)^gamma times cross-entropy (https://arxiv.org/abs/1708.02002), for logits however far apart.

    The paper's alpha is 1, which class weights are there for. Keras' own takes no logits from a network that ends in
    softmax. At gamma < 1 the slope of (1 - p)^gamma is infinite where p is 1: there, within `epsilon`, it counts as 0.
    """

    def __init__(self, gamma: float, smoothing: float = 0.0, name: str = "focal", **more: str) -> None:
        super().__init__(name=name, **more)
        self.gamma, self.smoothing = gamma, smoothing

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Return the loss of each example or pixel."""
        ops, log_p = keras.ops, log_probabilities(y_pred)
        shares = (1 - self.smoothing) * y_true + self.smoothing / y_pred.shape[-1]
        miss = ops.clip(-ops.expm1(log_p), keras.config.epsilon(), 1)
        return -ops.sum(shares * ops.power(miss, self.gamma) * log_p, axis=-1)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "gamma": self.gamma, "smoothing": self.smoothing}


class DiceAndCrossentropy(keras.losses.Loss):
    """(1 - weight) * cross-entropy + weight * soft Dice, one minus the overlap of each class over the batch.

    Dice (https://arxiv.org/abs/1606.04797) of a class is 2 * sum(y * p) / (sum(y) + sum(p)) over the examples, and the
    loss is the mean over the classes: a rare class counts as much as a frequent one, in a batch that holds both. A
    class that is absent from a batch has no overlap, so it costs 1 / classes however little of it is predicted. The
    paper squares y and p below the line. Keras' Dice with axis=0 is the same, but it cannot weigh examples; here one of
    weight 2 counts as two.
    """

    def __init__(self, weight: float, smoothing: float = 0.0, name: str = "dice_and_crossentropy", **more: str) -> None:
        super().__init__(name=name, **more)
        self.weight, self.smoothing = weight, smoothing
        self.crossentropy = keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)

    def __call__(
        self,
        y_true: keras.KerasTensor,
        y_pred: keras.KerasTensor,
        sample_weight: keras.KerasTensor | None = None,
    ) -> keras.KerasTensor:
        """Return the loss of a batch, one number."""
        ops = keras.ops
        y_pred = ops.convert_to_tensor(y_pred, self.dtype)
        y_true = ops.cast(y_true, y_pred.dtype)
        # As it comes: Keras knows the logits of the network's answer, and of nothing that is made of it.
        of_each = self.crossentropy(y_true, y_pred, sample_weight) if self.weight < 1 else 0.0
        return (1 - self.weight) * of_each + self.weight * self._dice(y_true, y_pred, sample_weight)

    def _dice(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: keras.KerasTensor | None
    ) -> keras.KerasTensor:
        ops, classes = keras.ops, y_pred.shape[-1]
        y_true, y_pred = (ops.reshape(shares, (-1, classes)) for shares in (y_true, y_pred))  # of pixels, all
        weights = ops.ones_like(y_pred[:, 0]) if sample_weight is None else ops.cast(sample_weight, y_pred.dtype)
        weights = ops.reshape(weights, (-1, 1))
        shares = (1 - self.smoothing) * y_true + self.smoothing / classes
        overlap = 2 * ops.sum(weights * shares * y_pred, axis=0)
        total = ops.sum(weights * (shares + y_pred), axis=0) + keras.config.epsilon()
        return ops.mean(1 - overlap / total)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "weight": self.weight, "smoothing": self.smoothing}


def make_loss(
    name: str, smoothing: float = 0.0, gamma: float = 2.0, dice_weight: float = 0.5, binary: bool = False
) -> keras.losses.Loss:
    """Return a loss; weights of classes come to it as weights of examples."""
    if binary:  # each class is a question of its own: the mean of their cross-entropies
        return keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
    if name == "focal":
        return Focal(gamma, smoothing)
    if name == "crossentropy":
        return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    return DiceAndCrossentropy(1.0 if name == "dice" else dice_weight, smoothing)

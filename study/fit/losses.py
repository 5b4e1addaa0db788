"""What training makes small, for labels that are shares of the classes and answers that are probabilities."""

from __future__ import annotations

import keras


class DiceAndCrossentropy(keras.losses.Loss):
    """(1 - weight) * cross-entropy + weight * soft Dice, one minus the overlap of each class over the batch.

    Dice (https://arxiv.org/abs/1606.04797) of a class is 2 * sum(y * p) / (sum(y) + sum(p)) over the examples, and the
    loss is the mean over the classes: a rare class counts as much as a frequent one, in a batch that holds both. The
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
        if sample_weight is not None:
            sample_weight = ops.reshape(sample_weight, (-1,))
        y_true, y_pred = (ops.reshape(shares, (-1, y_pred.shape[-1])) for shares in (y_true, y_pred))  # of pixels, all
        weights = ops.ones_like(y_pred[:, 0]) if sample_weight is None else ops.cast(sample_weight, y_pred.dtype)
        weights = ops.reshape(weights, (-1, 1))
        shares = (1 - self.smoothing) * y_true + self.smoothing / y_pred.shape[-1]
        overlap = 2 * ops.sum(weights * shares * y_pred, axis=0)
        total = ops.sum(weights * (shares + y_pred), axis=0) + keras.config.epsilon()
        dice = ops.mean(1 - overlap / total)
        return (1 - self.weight) * self.crossentropy(y_true, y_pred, sample_weight) + self.weight * dice

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "weight": self.weight, "smoothing": self.smoothing}


def make_loss(
    name: str, smoothing: float = 0.0, gamma: float = 2.0, dice_weight: float = 0.5, binary: bool = False
) -> keras.losses.Loss:
    """Return a loss; weights of classes come to it as weights of examples.

    Focal loss is (1 - p)^gamma times cross-entropy (https://arxiv.org/abs/1708.02002); its factor alpha is 1, which
    class weights are there for.
    """
    if binary:  # each class is a question of its own: the mean of their cross-entropies
        return keras.losses.BinaryCrossentropy(label_smoothing=smoothing)
    if name == "focal":
        return keras.losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=gamma, label_smoothing=smoothing)
    if name == "crossentropy":
        return keras.losses.CategoricalCrossentropy(label_smoothing=smoothing)
    return DiceAndCrossentropy(1.0 if name == "dice" else dice_weight, smoothing)

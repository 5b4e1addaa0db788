"""Metrics of the pixels that count: of one that does not, all shares of its label are 0."""

from __future__ import annotations

import keras


class Counted(keras.metrics.Metric):
    """Another metric, under its own name, without what belongs to no class."""

    def __init__(self, metric: keras.metrics.Metric) -> None:
        super().__init__(name=metric.name)
        self.metric = metric

    def update_state(
        self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor, sample_weight: keras.KerasTensor | None = None
    ) -> None:
        """Add a batch; weights are those of the loss, and no metric here goes by them."""
        counts = keras.ops.cast(keras.ops.sum(y_true, axis=-1), "int32")  # IoU, which counts in integers, warns else
        self.metric.update_state(y_true, y_pred, sample_weight=counts)

    def result(self) -> keras.KerasTensor:
        """Return the figure of all pixels so far."""
        return self.metric.result()

    def reset_state(self) -> None:
        """Begin anew."""
        self.metric.reset_state()

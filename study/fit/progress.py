"""What is seen of an epoch, and kept of it."""

from __future__ import annotations

import time
from collections.abc import Mapping

import keras

from study.runtime import console
from study.settings.stages import Stage

MORE = ("val_mean_iou", "val_auxiliary_accuracy", "val_auxiliary_iou")  # figures that some trainings have


class EpochLines(keras.callbacks.Callback):
    """A progress bar within an epoch, one line and one history row after it."""

    def __init__(self, stage: Stage, calls: int, first_epoch: int) -> None:
        super().__init__()
        self.stage, self.calls, self.first_epoch = stage, calls, first_epoch
        self.size = 0  # of the images of the phase
        self.rows: list[dict[str, float | int | str]] = []

    def on_epoch_begin(self, epoch: int, logs: Mapping | None = None) -> None:
        """Start the clock and the bar."""
        self.started = time.perf_counter()
        self.bar = console.bar(f"{self.stage.name}, epoch {epoch + 1}", self.calls)
        self.advance = self.bar.__enter__()

    def on_train_batch_end(self, batch: int, logs: Mapping | None = None) -> None:
        """Move the bar on: Keras calls after `steps_at_once` iterations."""
        self.advance()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Keep and print the epoch's figures."""
        self.bar.__exit__(None, None, None)
        row = {"epoch": self.first_epoch + epoch, "stage": self.stage.name, "image_size": self.size}
        # Cross-entropy alone, so that stages compare: Keras' own loss holds the L2 penalty too.
        row |= {"loss": float(logs["crossentropy"]), "accuracy": float(logs["accuracy"])}
        row |= {"val_loss": float(logs["val_crossentropy"]), "val_accuracy": float(logs["val_accuracy"])}
        row |= {name: float(logs[name]) for name in logs if name.endswith("mean_iou") or "auxiliary_" in name}
        row["learning_rate"] = float(self.model.optimizer.learning_rate)
        row["seconds"] = round(time.perf_counter() - self.started, 3)
        self.rows.append(row)
        console.print(
            f"{self.stage.name} epoch {epoch + 1:>3}/{self.stage.epochs}  loss {row['loss']:.4f}  "
            f"accuracy {row['accuracy']:.4f}  val_loss {row['val_loss']:.4f}  "
            f"val_accuracy {row['val_accuracy']:.4f}  "
            + "".join(f"{name} {row[name]:.4f}  " for name in MORE if name in row)
            + f"{row['seconds']:.1f} s"
        )

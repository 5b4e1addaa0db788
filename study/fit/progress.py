"""What is seen of an epoch, and kept of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

import keras

from study.runtime import console
from study.settings.stages import Stage

MORE = ("val_mean_iou", "val_auxiliary_accuracy", "val_auxiliary_iou")  # figures that some trainings have
Row = dict[str, float | int | str]


class EpochLines(keras.callbacks.Callback):
    """A progress bar within an epoch, one line and one history row after it.

    The epochs of a head take a moment each: they share one bar, and have lines only where that is asked for. Close it.
    """

    def __init__(self, stage: Stage, calls: int, first_epoch: int, verbose: bool = False) -> None:
        super().__init__()
        self.stage, self.calls, self.first_epoch = stage, calls, first_epoch
        self.is_head, self.prints = stage.name == "head", verbose or stage.name != "head"
        self.size = 0  # of the images of the phase
        self.rows: list[Row] = []
        self.shown = ExitStack()  # the bar, if there is one

    def on_train_begin(self, logs: Mapping | None = None) -> None:
        """Show that nothing moves before TensorFlow has built its graphs, at each size of the images anew."""
        self.note = ": compiling"
        if self.is_head:
            self.advance = self.shown.enter_context(console.bar("head", self.stage.epochs))

    def on_epoch_begin(self, epoch: int, logs: Mapping | None = None) -> None:
        """Start the clock and the bar."""
        self.started = time.perf_counter()
        self.label = f"{self.stage.name}, epoch {epoch + 1}"
        if not self.is_head:
            self.advance = self.shown.enter_context(console.bar(f"{self.label}{self.note}", self.calls))

    def on_train_batch_end(self, batch: int, logs: Mapping | None = None) -> None:
        """Move the bar on: Keras calls after `steps_at_once` iterations."""
        self.note = ""
        if not self.is_head:
            self.advance(self.label)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float]) -> None:
        """Keep the epoch's figures, and show them."""
        row = {"epoch": self.first_epoch + epoch, "stage": self.stage.name, "image_size": self.size}
        # Cross-entropy alone, so that stages compare: Keras' own loss holds the L2 penalty too.
        row |= {"loss": float(logs["crossentropy"]), "accuracy": float(logs["accuracy"])}
        row |= {"val_loss": float(logs["val_crossentropy"]), "val_accuracy": float(logs["val_accuracy"])}
        row |= {name: float(logs[name]) for name in logs if name.endswith("mean_iou") or "auxiliary_" in name}
        rate = logs["learning_rate"] if self.is_head else self.model.optimizer.learning_rate
        row["learning_rate"] = float(rate)
        row["seconds"] = round(time.perf_counter() - self.started, 3)
        self.rows.append(row)
        if self.is_head:
            self.advance(f"{self.label}: val_loss {row['val_loss']:.4f}")
        else:
            self.close()
        if self.prints:
            console.print(line_of(row, epoch, self.stage))

    def close(self) -> None:
        """Take the bar off the screen."""
        self.shown.close()


def line_of(row: Row, epoch: int, stage: Stage) -> str:
    """Return the line of an epoch, which is the stage's number `epoch` from 0."""
    return (
        f"{stage.name} epoch {epoch + 1:>3}/{stage.epochs}  loss {row['loss']:.4f}  "
        f"accuracy {row['accuracy']:.4f}  val_loss {row['val_loss']:.4f}  "
        f"val_accuracy {row['val_accuracy']:.4f}  "
        + "".join(f"{name} {row[name]:.4f}  " for name in MORE if name in row)
        + f"{row['seconds']:.1f} s"
    )


def summary_of(rows: Sequence[Row], kept_epoch: int) -> str:
    """Return the line of a whole stage: how many epochs, how long, and the epoch whose weights were kept."""
    done = (
        f"{rows[0]['stage']}: {len(rows)} epoch{'s' * (len(rows) > 1)} in {sum(row['seconds'] for row in rows):.1f} s"
    )
    best = next((row for row in rows if row["epoch"] == kept_epoch), None)
    if best is None:  # it diverged at once
        return f"{done}; none was kept"
    number = kept_epoch - rows[0]["epoch"] + 1
    return f"{done}; best epoch {number}: val_loss {best['val_loss']:.4f}, val_accuracy {best['val_accuracy']:.4f}"

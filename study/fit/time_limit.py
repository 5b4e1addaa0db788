"""An end of the training by the clock: after the epoch behind which another one would lead beyond a limit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import keras
import numpy as np

from study.checkpoint.keeper import Keeper
from study.fit.progress import EpochLines
from study.runtime import by_backend
from study.settings.parsers import seconds_of
from study.settings.stages import ResolutionPhase

RECENT = 3  # epochs, the longest of which says how long the next one will take
# Seconds that are reckoned with for the pictures and the run folder. Evaluation is reckoned with as one epoch: to judge
# all images once takes a third of what it takes to learn from them, or less.
AFTERWARDS = 10.0
WITHOUT_END = ("constant", "plateau")  # schedules that do not go by the number of epochs


class TimeLimit(keras.callbacks.Callback):
    """Stands behind early stopping, so that what that ends is not put down to the clock.

    Args:
        text: the limit of the whole command as it was given, such as `20m`.
        began: when the command did, by `time.monotonic`.
        keeper: of checkpoints; writes one where this ends the training, for it to go on from.
    """

    def __init__(self, text: str, began: float, keeper: Keeper | None = None) -> None:
        super().__init__()
        self.text, self.began, self.keeper = text, began, keeper
        self.over = False
        self.epochs = 0  # that were trained in this command

    def follow(self, phases: Sequence[ResolutionPhase], lines: EpochLines) -> None:
        """Know the phases of the stage that begins, and what will tell how long its epochs took."""
        self.phases, self.lines = list(phases), lines
        # Number of a row -> seconds of the first batch of a call of `fit`, which builds graphs.
        self.compiling: dict[int, float] = {}

    def on_train_begin(self, logs: Mapping | None = None) -> None:
        """Know that the first batch comes, before which the graphs are built."""
        self.is_first = True

    def on_epoch_begin(self, epoch: int, logs: Mapping | None = None) -> None:
        """Start the clock."""
        self.started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Mapping | None = None) -> None:
        """Note how long the first batch took."""
        if self.is_first:
            self.compiling[len(self.lines.rows)] = time.perf_counter() - self.started
        self.is_first = False

    def on_epoch_end(self, epoch: int, logs: Mapping | None = None) -> None:
        """End the stage where the next epoch would lead beyond the limit, one at the full size behind it included.

        Of several processes each may learn the head by itself, and end it elsewhere: there they ask behind it.
        """
        self.epochs += 1
        if self.model.stop_training or epoch + 1 >= self.phases[-1].end:
            return
        if self.lines.is_head and by_backend.shard()[1] > 1:
            return
        upcoming = next(phase for phase in self.phases if epoch + 1 < phase.end)
        full = self.seconds_at(self.phases[-1].size)
        if self.is_short(self.seconds_at(upcoming.size) + (0.0 if upcoming.last else full), full):
            self.model.stop_training = True

    def seconds_at(self, size: int) -> float:
        """Return how long an epoch takes at a size, by the last ones: the cost of an image goes with its area."""
        recent = list(enumerate(self.lines.rows))[-RECENT:]
        return max(
            max(0.0, row["seconds"] - self.compiling.get(number, 0.0))
            * ((size / row["image_size"]) ** 2 if row["image_size"] else 1)
            for number, row in recent
        )

    def is_short(self, learning: float, epoch: float) -> bool:
        """Say whether so many seconds of learning would lead beyond the limit; if so, the training ends, for good.

        `epoch`: seconds of an epoch at the full size. Of several processes the clock of the first one counts.
        """
        ends = time.monotonic() + learning + epoch + AFTERWARDS
        over = self.over or ends > self.began + seconds_of(self.text)
        if by_backend.shard()[1] > 1:
            over = bool(by_backend.of_first([np.array(over)])[0])
        self.over = over
        if over and self.keeper:
            self.keeper.ending = True
        return over

    def leaves_out(self, epoch: float) -> bool:
        """Say whether no epoch of a stage that would begin now is to be trained; the first of a command always is."""
        return bool(self.epochs) and self.is_short(epoch, epoch)

    def last_of(self, phase: ResolutionPhase) -> ResolutionPhase:
        """Return a last phase of one epoch that follows those which were trained, by which the network is judged."""
        done = len(self.lines.rows)
        return replace(phase, first=done, end=done + 1)

    def told(self, ended: str, schedule: str) -> str:
        """Say that it ended the training, how long the command took, and by how much that is more than the limit.

        Nothing where it had no say in it, and was kept.

        Args:
            ended: why the last stage ended.
            schedule: of the learning rate, which may have been on its way down.
        """
        taken = time.monotonic() - self.began
        beyond = taken - seconds_of(self.text)
        if not self.over and beyond <= 0:
            return ""
        took = f"the command took {taken:,.1f} s"
        took += f", {beyond:,.1f} s more than its time limit of {self.text}" if beyond > 0 else ""
        if not self.over:
            return took
        if schedule not in WITHOUT_END and not self.lines.is_head and len(self.lines.rows) > 1:
            took += f"; --epochs {len(self.lines.rows)} would let the learning rate go its whole way in about that time"
        return f"{ended}; {took}"

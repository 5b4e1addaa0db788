"""When a training writes a checkpoint, and what happens where it is told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from errors import UserError
from study.checkpoint.files import Checkpoint, write
from study.checkpoint.unfinished import Unfinished
from study.runtime import console, output
from study.runtime.signals import Stopped, stop_behind, stopped

SHARE = 0.01  # of the time that a training takes may go into checkpoints
SLOWEST_DISK = 50e6  # bytes/s that is reckoned with before the first one was written
LEAST = 0.02  # seconds that writing takes, however little it is
STDERR = 2  # as the system knows it
STOPPING = ("SIGINT", "SIGTERM", "SIGHUP")


class RepeatedError(UserError):
    """That a training diverged: it would again behind its last checkpoint, and end so unless it goes on with a flag."""

    def __init__(self, text: str, flag: str) -> None:
        super().__init__(text)
        self.flag = flag


class Keeper:
    """Keeps checkpoints of one training, and writes one where a signal ends it.

    Args:
        unfinished: where they go.
        minutes: at most between two within an epoch; 0: none are written at all.
        resumed: the one to go on from.
    """

    def __init__(self, unfinished: Unfinished, minutes: float, resumed: Checkpoint | None = None) -> None:
        self.unfinished, self.minutes, self.resumed = unfinished, minutes, resumed
        self.began = self.written = time.monotonic()  # `written`: when the last one was, or the training began
        self.earlier: float = resumed.state["seconds"] if resumed else 0.0  # that it had trained when it was stopped
        self.cost: float | None = None  # seconds that the last one took
        self.signal = 0  # that was received
        self.told = False
        self.ending = False  # whether a time limit ends the training: what it could go on from is kept then

    def due(self, nbytes: int, within_epoch: bool) -> bool:
        """Say whether now is the time: behind a signal or a time limit, or where its share allows one of that size.

        Within an epoch only after so many minutes as the user gave.
        """
        if not self.minutes:
            return False
        if self.signal or self.ending:
            return True
        cost = self.cost if self.cost is not None else max(LEAST, nbytes / SLOWEST_DISK)
        passed = time.monotonic() - self.written
        return passed >= max(cost / SHARE, 60 * self.minutes if within_epoch else 0.0)

    def write(self, make: Callable[[], Checkpoint]) -> None:
        """Write a checkpoint. Where the disk has no room for it, say so once, and let the training go on."""
        began = time.monotonic()
        try:
            self.unfinished.begin()
            made, seconds = make(), self.earlier + began - self.began
            write(self.unfinished.folder, replace(made, state={**made.state, "seconds": seconds}))
        except OSError as error:
            why = "the disk is full" if output.is_disk_full(error) else error.strerror or str(error)
            if not self.told:
                console.print(f"no checkpoint could be written in {self.unfinished.folder}: {why}; training goes on")
            self.told, self.signal = True, self.signal and -abs(self.signal)
        self.written = time.monotonic()
        self.cost = self.written - began

    def stop_if_asked(self) -> None:
        """End the training where a signal came, after the checkpoint was written. Raises Stopped."""
        if self.signal:
            raise Stopped(abs(self.signal), "" if self.signal < 0 else self.unfinished.command())

    @contextmanager
    def naming_it(self) -> Iterator[None]:
        """Let what stops the block tell how to go on with what was kept."""
        try:
            yield
        except BaseException as error:
            stop, command = stop_behind(error), self.unfinished.command()
            if not command or (isinstance(stop, Stopped) and stop.resume):
                raise
            if stop:
                raise stopped(stop, command) from error
            if not isinstance(error, UserError):
                raise
            flag = ""
            if isinstance(error, RepeatedError):
                flag = f" {error.flag}"
                self.unfinished.note_diverged()
            raise UserError(f"{error} What was learned is kept: {command}{flag}") from error

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let a signal wait for the end of an iteration in this block; a second one ends it at once."""
        if not self.minutes or threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [getattr(signal, name) for name in STOPPING if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        for number in numbers:
            if before[number] not in (signal.SIG_IGN, None):
                signal.signal(number, self._note)
        try:
            yield
        finally:
            for number, handler in before.items():
                if handler is not None:
                    signal.signal(number, handler)

    def _note(self, number: int, frame: object) -> None:
        if self.signal:
            raise Stopped(number, "")
        self.signal = number
        with contextlib.suppress(OSError):  # past Python's streams: it may be in the middle of writing to one of them
            os.write(STDERR, b"\nstopping after this iteration, with a checkpoint; once more to stop at once\n")

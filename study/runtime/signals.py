"""Signals that end a command from outside: a shutdown, a batch system, a closed terminal."""

from __future__ import annotations

import signal
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """A signal that a shutdown, a batch system or a closed terminal sends: everything ends as by Ctrl-C."""


class Stopped(Terminated):
    """A training that a signal ended; `resume` is the command that goes on with it, "" where nothing was kept."""

    def __init__(self, number: int, resume: str) -> None:
        super().__init__(number)
        self.resume = resume


def stopped(stop: KeyboardInterrupt, resume: str) -> Stopped:
    """Return what ends a command as `stop` does, and tells how to go on."""
    return Stopped(stop.args[0] if isinstance(stop, Terminated) else signal.SIGINT, resume)


def terminate(number: int, frame: object) -> NoReturn:
    """Raise what ends a command cleanly."""
    raise Terminated(number)


def end_cleanly_on_signals() -> None:
    """Let Ctrl-C raise what `main` tells of, and a plain `kill` and a closed terminal end a command as it does.

    What is ignored stays so: Ctrl-C in a shell's background jobs, a closed terminal under `nohup`.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # as `main.py` begins
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), terminate)

"""Signals that end a command from outside: a shutdown, a batch system, a closed terminal."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
NOBODY_READS = 141  # the exit code of what SIGPIPE ends, which Python ignores: 128 and its number
SOON = 0.05  # seconds

_heard: list[int] = []  # numbers of the signals that were raised as a stop in this process


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


@contextmanager
def naming(command: str) -> Iterator[None]:
    """Let what stops the block tell a command that goes on with what is done, unless it tells one already."""
    try:
        yield
    except BaseException as error:
        stop = stop_behind(error)
        if not stop or getattr(stop, "resume", ""):
            raise
        raise stopped(stop, command) from error


def stop_behind(error: BaseException | None) -> KeyboardInterrupt | None:
    """Return the stop that an error is, or that it comes from, None for any other error.

    Native code that calls Python makes any error of a stop (TensorFlow a SystemError, OpenVINO a RuntimeError, NumPy's
    import an ImportError), often without a word of it: so whatever ends a command behind a stop is taken for that.
    """
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error or (Terminated(_heard[-1]) if _heard else None)


def forget_stops() -> None:
    """Begin a command that no stop of an earlier one ends."""
    _heard.clear()


def is_stopped() -> bool:
    """Say whether a stop was raised in this process."""
    return bool(_heard)


def interrupt(number: int, frame: object) -> NoReturn:
    """Raise what Ctrl-C raises."""
    _heard.append(number)
    raise KeyboardInterrupt


def terminate(number: int, frame: object) -> NoReturn:
    """Raise what ends a command cleanly."""
    _heard.append(number)
    raise Terminated(number)


def end_cleanly_on_signals() -> None:
    """Let Ctrl-C raise what `main` tells of, and a plain `kill` and a closed terminal end a command as it does.

    What is ignored stays so: Ctrl-C in a shell's background jobs, a closed terminal under `nohup`.
    """
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, interrupt)
    sys.unraisablehook = raise_soon
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), terminate)


def raise_soon(ignored: Any) -> None:  # noqa: ANN401 - `sys.UnraisableHookArgs` is no class at run time
    """Let a signal come once more that came in a `__del__`, where Python prints and forgets whatever is raised."""
    if not issubclass(ignored.exc_type, KeyboardInterrupt):
        sys.__unraisablehook__(ignored)
        return
    number = ignored.exc_value.args[0] if isinstance(ignored.exc_value, Terminated) else signal.SIGINT
    _thread.start_new_thread(send_soon, (number,))  # a `threading.Thread` takes locks, which may be held here


def send_soon(number: int) -> None:
    """Send a signal to the main thread, to end what blocks there; on Windows it is seen when that is over."""
    time.sleep(SOON)
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident, number)
    else:
        _thread.interrupt_main(number)


@contextmanager
def deferred() -> Iterator[None]:
    """Let stops wait for the end of the block: in native code that calls Python they become errors of that code."""
    if threading.current_thread() is not threading.main_thread():  # which alone is interrupted
        yield
        return
    came: list[int] = []
    numbers = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    with contextlib.ExitStack() as stack:
        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, lambda number, frame: came.append(number))
                stack.callback(signal.signal, number, handler)
        try:
            yield
        except BaseException:
            _heard.extend(came)  # whatever the block raises is told as that stop
            raise
    if came:
        signal.raise_signal(came[0])


def end_at_once_on_signals() -> None:
    """Let the system end a process whose command is over: Python would print a traceback of its own end."""
    for number in (getattr(signal, name) for name in NAMES if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)

"""Standard output that is kept free for one JSON object, whatever else prints."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO

_kept: list[int] = []  # numbers by which `kept_free` still knows standard output


def led_to() -> list[int]:
    """Return the numbers of the streams that print; under `--json` that of standard output which is kept, too."""
    return [1, 2, *_kept]


def open_closed() -> None:
    """Let standard output and standard error lead nowhere where they are closed, as by `>&-`.

    Their numbers are taken, too: else the next file that is opened would have one, and what a library in C prints would
    go into that file.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the process ends
            setattr(sys, name, nowhere)
            with contextlib.suppress(OSError):
                _take(number, nowhere.fileno())


def _take(number: int, other: int) -> None:
    """Let the number of a stream lead where another does, unless something has it already."""
    if number == other:  # the lowest free one is given first
        os.set_inheritable(number, True)
        return
    try:
        os.fstat(number)
    except OSError:
        os.dup2(other, number)


def _close(out: TextIO) -> None:
    """Close a stream; whoever wrote to it has flushed it and told what went wrong, as with a disk that is full."""
    with contextlib.suppress(OSError):
        out.close()


@contextlib.contextmanager
def kept_free(on: bool) -> Iterator[TextIO]:
    """Yield standard output; with `on`, all that prints to it meanwhile goes to standard error instead.

    Libraries in C and processes that are started know only the number of a stream, so that is led elsewhere as well.
    """
    out = sys.stdout
    if not on:
        yield out
        return
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, io.UnsupportedOperation):  # a stream of a notebook or a test has no number
            number, other = out.fileno(), sys.stderr.fileno()
            out.flush()
            kept = os.dup(number)
            os.dup2(other, number)
            _kept.append(kept)
            stack.callback(_kept.remove, kept)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            out = os.fdopen(os.dup(kept), "w", encoding="ascii")
            stack.callback(_close, out)
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield out

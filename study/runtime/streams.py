"""Standard output that is kept free for one JSON object, whatever else prints."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from typing import TextIO


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
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            out = stack.enter_context(os.fdopen(os.dup(kept), "w", encoding="ascii"))
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield out

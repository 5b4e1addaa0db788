"""Do one thing while another goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TypeVar

Result, Item = TypeVar("Result"), TypeVar("Item")
END = object()  # after the last item


def prefetch(items: Iterator[Item]) -> Iterator[Item]:
    """Make the next item, in a thread, while the caller works on the last."""
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(next, items, END)
        while (item := pending.result()) is not END:
            pending = pool.submit(next, items, END)
            yield item


class Cancelled(Exception):
    """Raised within the work, whose result nobody wants any more."""


def raise_early(pending: Future) -> None:
    """Wait for a moment, so that what fails at once, as a folder that is not there, is told before slow work begins."""
    with suppress(TimeoutError):
        pending.result(timeout=0.3)


@contextmanager
def start_in_background(work: Callable[[Callable[[], None]], Result]) -> Iterator[Future[Result]]:
    """Begin some work in a thread for the time of a block; where the block fails, the work ends at its next step.

    Args:
        work: is given a function to call at every step.
    """
    cancelled = threading.Event()

    def check_cancelled() -> None:
        if cancelled.is_set():
            raise Cancelled

    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(work, check_cancelled)
        finally:
            cancelled.set()

"""Do one thing while another goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Result, Item = TypeVar("Result"), TypeVar("Item")
END = object()  # after the last item


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Make the next item, in a thread, while the caller works on the last."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, END)
        while (item := coming.result()) is not END:
            coming = pool.submit(next, items, END)
            yield item


class Stopped(Exception):
    """Raised within the work, whose result nobody wants any more."""


@contextmanager
def begun(work: Callable[[Callable[[], None]], Result]) -> Iterator[Future[Result]]:
    """Begin some work in a thread for the time of a block; where the block fails, the work ends at its next step.

    Args:
        work: is given a function to call at every step.
    """
    unwanted = threading.Event()

    def go_on() -> None:
        if unwanted.is_set():
            raise Stopped

    with ThreadPoolExecutor(1) as pool:
        try:
            yield pool.submit(work, go_on)
        finally:
            unwanted.set()

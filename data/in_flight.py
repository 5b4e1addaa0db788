"""A bound on memory for all threads together: how many pixels are decoded at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Budget:
    """Lets in what fits under a limit together with what is inside; what is larger than the limit goes in alone."""

    def __init__(self, limit: int) -> None:
        self.limit, self.inside = limit, 0
        self._changed = threading.Condition()

    @contextmanager
    def spend(self, amount: int) -> Iterator[None]:
        """Wait until `amount` fits, and keep it taken until the block ends."""
        with self._changed:
            self._changed.wait_for(lambda: self.inside == 0 or self.inside + amount <= self.limit)
            self.inside += amount
        try:
            yield
        finally:
            with self._changed:
                self.inside -= amount
                self._changed.notify_all()

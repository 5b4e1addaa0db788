"""The random numbers of an augmentation, batch by batch, so that a training can go on behind any of its batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from data.augment.geometry import Batch
    from data.augment.pipeline import Augment

REMEMBERED = 64  # batches; those that are prepared ahead of the network are fewer


class Draws:
    """Notes the state of an augmentation's generator behind each batch, which is prepared before a network sees it.

    A function of the user's own has random numbers that nobody knows of: those begin anew.

    Args:
        augment: the augmentation, or None.
        first: batches that came before.
        state: of the generator behind those; by default it begins.
    """

    def __init__(self, augment: Augment | None, first: int = 0, state: np.ndarray | None = None) -> None:
        self.augment, self.generator, self.batches = augment, getattr(augment, "random", None), first
        self.states: dict[int, np.ndarray] = {}
        if self.generator is not None:
            if state is not None:
                self.generator.state.assign(state)
            self.states[first] = self.generator.state.numpy()

    def function(self) -> Augment | None:
        """Return the augmentation, which is noted from now on. It must be called for one batch after the other."""
        if self.generator is None:
            return self.augment
        import tensorflow as tf

        def augment(batch: Batch) -> Batch:
            changed = self.augment(batch)
            tf.numpy_function(self._note, [self.generator.state.read_value()], [])
            return changed

        return augment

    def after(self, batches: int) -> list[np.ndarray]:
        """Return the state behind so many batches, int64 (3,), in a list; an empty one where nothing is drawn."""
        return [self.states[batches]] if self.generator is not None else []

    def _note(self, state: np.ndarray) -> None:
        self.batches += 1
        self.states[self.batches] = state.copy()
        self.states.pop(self.batches - REMEMBERED, None)

"""Random numbers of a batch that several processes divide among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


class SharedGenerator:
    """A generator of random numbers for one of several processes, whose batch is a share of the whole.

    All draw the numbers of the whole batch, and each takes those of its images: the same that one process would take.
    A number for the batch as a whole, a draw without a shape, is the same for all.

    Args:
        generator: begun alike in every process.
        number: of this process, from 0.
        count: of all.
    """

    def __init__(self, generator: tf.random.Generator, number: int, count: int) -> None:
        self.generator, self.number, self.count = generator, number, count

    @property
    def state(self) -> tf.Variable:
        """Return its state, which is that of all."""
        return self.generator.state

    def uniform(self, shape: tuple[tf.Tensor | int, ...], *bounds: object) -> tf.Tensor:
        """Draw as `tf.random.Generator.uniform` does; the first side of the shape, if any, is images of this share."""
        if not shape:
            return self.generator.uniform(shape, *bounds)
        each, *rest = shape
        drawn = self.generator.uniform((each * self.count, *rest), *bounds)
        return drawn[self.number * each : (self.number + 1) * each]

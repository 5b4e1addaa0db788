"""The nearest points within a radius by NumPy alone: a k-d tree, and the boxes around each 8, 64, 512 … points of it.

SciPy's tree is ten times as fast. A small install does without SciPy, and there no point need be compared with all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

FAN = 8  # points in a box, and boxes in the next larger one: a power of two, as the stretches of `order_of` are
AT_ONCE = 256  # points asked for at a time
MOST_PAIRS = 2**18  # that are compared at a time, unless one point alone takes more

Level = tuple[np.ndarray, np.ndarray]  # lowest and highest corner of each box, (boxes, d) both


@dataclass(frozen=True)
class BoxTree:
    """Points in their `order` of the tree, int (n,), and the boxes around them, the largest first, points last."""

    order: np.ndarray
    levels: tuple[Level, ...]

    @classmethod
    def of(cls, points: np.ndarray) -> BoxTree:
        """Build the tree of points, float (n, d)."""
        order = order_of(points)
        levels = [(points[order], points[order])]
        while len(levels[0][0]) > FAN:
            starts = np.arange(0, len(levels[0][0]), FAN)
            low, high = levels[0]
            levels.insert(0, (np.minimum.reduceat(low, starts), np.maximum.reduceat(high, starts)))
        return cls(order, tuple(levels))

    def nearest(self, asked: np.ndarray, count: int, radius: float, slack: float) -> np.ndarray:
        """Return the nearest points of each place asked for, within the radius, the nearest first.

        As in SciPy's tree, no box is looked into where no point can lie closer than what is sought over 1 + slack.

        Args:
            asked: float (m, d).
            count: of points for each.
            radius: those farther away are none.
            slack: 0 for the nearest without fail.

        Returns:
            Indices, int (m, count); n where there are no more.
        """
        near = np.full((len(asked), count), len(self.order))
        for start in range(0, len(asked), AT_ONCE):
            own = asked[start : start + AT_ONCE]
            nearby, squares = self._nearby(own, -(-count // FAN))
            reach = np.full(len(own), radius**2)
            if squares.shape[1] >= count:
                reach = np.minimum(reach, np.sort(squares, axis=1)[:, count - 1])
            close = squares <= reach[:, None]
            known = np.nonzero(close)[0], nearby[close], squares[close]
            for found in self._within(own, np.arange(len(own)), reach, (1 + slack) ** 2):
                known = tuple(map(np.concatenate, zip(known, found, strict=True)))
            keep = np.unique(known[0] * len(self.order) + known[1], return_index=True)[1]
            rows, points, squares = (values[keep] for values in known)
            best = np.lexsort((points, squares, rows))
            rows, points = rows[best], points[best]
            rank = np.arange(len(rows)) - np.searchsorted(rows, rows)
            near[start + rows[rank < count], rank[rank < count]] = self.order[points[rank < count]]
        return near

    def _nearby(self, asked: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Return places in the order of some points near each asked one, and their squared distances, (m, points) both.

        They are those of the `width` boxes that are closest on each level; a distance is inf where there is no point.
        """
        boxes = np.tile(np.arange(len(self.levels[0][0])), (len(asked), 1))
        for number, level in enumerate(self.levels):
            there = boxes < len(level[0])
            squares = np.where(there, squares_to(level, np.where(there, boxes, 0), asked[:, None]), np.inf)
            if number < len(self.levels) - 1:
                best = np.argsort(squares, axis=1)[:, :width]
                boxes = children(np.take_along_axis(boxes, best, axis=1)).reshape(len(asked), -1)
        return boxes, squares

    def _within(
        self, asked: np.ndarray, which: np.ndarray, reach: np.ndarray, worth: float
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield row of `asked`, place in the order and squared distance of each point within its row's `reach`, (m,).

        `which`: the rows to look for. A box is looked into where the reach over `worth` comes to it.
        """
        boxes = np.tile(np.arange(len(self.levels[0][0])), len(which))
        rows = np.repeat(which, len(self.levels[0][0]))
        for number, level in enumerate(self.levels):
            if len(rows) > MOST_PAIRS and len(which) > 1:
                for half in np.array_split(which, 2):
                    yield from self._within(asked, half, reach, worth)
                return
            last = number == len(self.levels) - 1
            squares = squares_to(level, boxes, asked[rows])
            close = squares <= reach[rows] if last else squares < reach[rows] / worth
            rows, boxes, squares = rows[close], boxes[close], squares[close]
            if not last:
                rows, boxes = np.repeat(rows, FAN), children(boxes)
                there = boxes < len(self.levels[number + 1][0])
                rows, boxes = rows[there], boxes[there]
        yield rows, boxes, squares


def squares_to(level: Level, boxes: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the squared distance of each place to its box, 0 within it."""
    low, high = level
    apart = np.maximum(np.maximum(low[boxes] - asked, asked - high[boxes]), 0)
    return np.einsum("...i,...i->...", apart, apart)


def children(boxes: np.ndarray) -> np.ndarray:
    """Return the numbers of the boxes within each, flat."""
    return (boxes[..., None] * FAN + np.arange(FAN)).ravel()


def order_of(points: np.ndarray) -> np.ndarray:
    """Return an order of points, int (n,), in which each stretch of 2, 4, 8 … of them from its start lies together."""
    order, left = np.arange(len(points)), [(0, len(points))]
    while left:
        start, stop = left.pop()
        if stop - start > FAN:
            own = points[order[start:stop]]
            half = 1 << ((stop - start - 1).bit_length() - 1)
            axis = np.argmax(own.max(axis=0) - own.min(axis=0))
            order[start:stop] = order[start:stop][np.argpartition(own[:, axis], half)]
            left += [(start, start + half), (start + half, stop)]
    return order

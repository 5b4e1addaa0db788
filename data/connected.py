"""Connected components: what pairs join, directly or by others."""

from collections.abc import Iterable

import numpy as np


def components(pairs: Iterable[tuple[int, int]], count: int) -> np.ndarray:
    """Return for each of `count` things the smallest number among those that it is connected with, int (count,).

    SciPy, which could do it, need not be there for predictions.
    """
    smaller = list(range(count))  # of each one of its component that is no larger: a union-find structure

    def smallest(one: int) -> int:
        while smaller[one] != one:
            smaller[one] = one = smaller[smaller[one]]
        return one

    for pair in pairs:
        first, second = sorted(map(smallest, pair))
        smaller[second] = first
    return np.array([smallest(one) for one in range(count)], int)

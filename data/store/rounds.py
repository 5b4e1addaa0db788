"""Long work in rounds, by which processes that share a store share the work."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from data.store.rows import RowType
from data.store.store import SEGMENT_BYTES, SEGMENT_ROWS

ROUND = 256  # rows, where a segment holds very many: several segments are merged later


def rounds(rows: np.ndarray, row_type: RowType) -> Iterator[np.ndarray]:
    """Yield some rows, int (n,), in rounds of a segment at most: neighbours together, rounds in an order by chance.

    Whoever looks into the store before each round finds there what others have done since, and seldom takes a round
    that another one has just begun.
    """
    segment = max(1, SEGMENT_BYTES // row_type.bytes)
    size = segment if segment < SEGMENT_ROWS else ROUND
    firsts = np.arange(0, len(rows), size)
    for first in np.random.default_rng().permutation(firsts):  # not by a seed: two commands have the same
        yield rows[first : first + size]

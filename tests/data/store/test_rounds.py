"""Rounds: all rows once, in an order by chance."""

import numpy as np
import pytest

from data.store.rounds import ROUND, rounds
from data.store.rows import RowType

SMALL, LARGE = RowType("small", (3,)), RowType("large", (4096, 4096))  # 16 MB each


@pytest.mark.parametrize(("row_type", "size"), [(SMALL, ROUND), (LARGE, 8)])
def test_every_row_comes_once_with_its_neighbours(row_type, size):
    rows = np.arange(100, 100 + 20 * size + 1)
    found = list(rounds(rows, row_type))
    assert sorted(np.concatenate(found).tolist()) == rows.tolist()
    assert sorted(map(len, found)) == [1, *[size] * 20]
    assert all(np.diff(one).tolist() == [1] * (len(one) - 1) for one in found)


def test_two_commands_of_one_seed_have_orders_of_their_own():
    orders = set()
    for _ in range(3):
        np.random.seed(0)
        orders.add(tuple(int(one[0]) for one in rounds(np.arange(40 * ROUND), SMALL)))
    assert len(orders) == 3


def test_no_rows_are_no_round():
    assert list(rounds(np.zeros(0, int), SMALL)) == []

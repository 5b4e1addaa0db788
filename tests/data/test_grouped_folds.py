"""Folds of whole units: those of scikit-learn with the same seed."""

import numpy as np
import pytest
from sklearn.model_selection import StratifiedGroupKFold

from data import grouped_folds


@pytest.mark.parametrize("seed", range(8))
def test_division_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    n, folds = int(rng.integers(40, 300)), int(rng.integers(2, 8))
    labels = rng.integers(0, int(rng.integers(2, 6)), n)
    units = rng.integers(0, n, n) if seed % 2 else np.arange(n)
    theirs = StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(labels, labels, units)
    for (rows, own), (other_rows, other_own) in zip(
        grouped_folds.divide(labels, units, folds, seed), theirs, strict=True
    ):
        np.testing.assert_array_equal(rows, other_rows)
        np.testing.assert_array_equal(own, other_own)
        assert not set(units[rows]) & set(units[own])

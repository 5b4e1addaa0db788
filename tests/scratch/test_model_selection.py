"""Folds, grids and draws of settings in NumPy; cross-validation against scikit-learn's."""

from functools import partial

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import LeaveOneOut, cross_val_score

from scratch import ensemble, model_selection


def problem(count=60, classes=3):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, classes, count)
    return rng.normal(size=(classes, 5))[labels] + rng.normal(size=(count, 5)), labels


@pytest.mark.parametrize("count", [10, 13])
def test_folds_hold_every_row_once_and_are_of_one_size(count):
    folds = model_selection.k_folds(count, 5, np.random.default_rng(0))
    assert sorted(np.concatenate(folds)) == list(range(count))
    assert {len(fold) for fold in folds} <= {count // 5, -(-count // 5)}


def test_stratified_folds_hold_every_class_evenly():
    labels = np.repeat([0, 1, 2], [37, 11, 5])
    for folds in model_selection.repeated_folds(labels, 5, 3, np.random.default_rng(0)):
        assert sorted(np.concatenate(folds)) == list(range(53))
        counts = np.array([np.bincount(labels[fold], minlength=3) for fold in folds])
        assert (np.ptp(counts, axis=0) <= 1).all()


def test_repetitions_are_shuffled_anew():
    first, second = model_selection.repeated_folds(np.zeros(30, int), 5, 2, np.random.default_rng(0))
    assert any(set(a) != set(b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("k", [4, None])
def test_cross_validation_is_scikit_learns_on_the_same_folds(k):
    x, labels = problem()
    folds = model_selection.k_folds(60, k, np.random.default_rng(1)) if k else model_selection.leave_one_out(60)
    splits = [(np.setdiff1d(np.arange(60), fold), fold) for fold in folds] if k else LeaveOneOut()
    mine = model_selection.cross_validate(x, labels, folds, partial(ensemble.fit_least_squares, classes=3, penalty=0.5))
    np.testing.assert_allclose(mine, cross_val_score(RidgeClassifier(alpha=0.5), x, labels, cv=splits))


def test_a_draw_on_a_log_scale_is_as_often_in_each_power_of_ten():
    drawn = model_selection.log_uniform(1e-4, 1e-1, np.random.default_rng(0).random(30_000))
    counts = np.histogram(np.log10(drawn), [-4, -3, -2, -1])[0]
    assert counts.sum() == 30_000
    np.testing.assert_allclose(counts, 10_000, rtol=0.05)


def test_a_grid_holds_every_combination():
    rows = {tuple(row) for row in model_selection.grid([1, 2, 3], [10, 20])}
    assert rows == {(1, 10), (1, 20), (2, 10), (2, 20), (3, 10), (3, 20)}


def test_the_best_so_far_stays_until_a_better_one_comes():
    assert list(model_selection.best_so_far(np.array([3, 2, 3, 5, 4, 5, 6]))) == [0, 0, 0, 3, 3, 3, 6]


def test_a_paired_test_looks_at_images_that_one_model_alone_has_right():
    right, other = np.zeros((2, 40), bool)
    right[:12], other[10:13] = True, True  # 10 by the first alone, 2 by both, 1 by the other alone
    first, second, p = model_selection.paired_test(right, other)
    assert (first, second) == (10, 1)
    assert p == pytest.approx(binomtest(1, 11).pvalue)
    assert model_selection.paired_test(other, right) == (1, 10, p)
    assert model_selection.paired_test(right, right) == (0, 0, 1.0)

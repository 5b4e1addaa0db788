"""Intervals of an accuracy, by single images and by units, held against exact enumeration, SciPy and the formulas."""

import itertools

import numpy as np
import pytest
from scipy.stats import binomtest
from scipy.stats import bootstrap as scipy_bootstrap

from study.tasks import intervals
from study.tasks.intervals import accuracy_interval, bootstrap, interval_by_units, measure, wilson


@pytest.mark.parametrize(("right", "count"), [(0, 1), (1, 1), (0, 30), (30, 30), (147, 150), (7, 20), (7955, 8093)])
def test_wilson_is_that_of_scipy(right, count):
    interval = binomtest(right, count).proportion_ci(0.95, method="wilson")
    np.testing.assert_allclose(intervals.wilson(right, count), [interval.low, interval.high], rtol=1e-12)


@pytest.mark.parametrize("right", [0, 1, 8, 9])
def test_ten_copies_of_each_image_say_no_more_than_one(right):
    once = np.arange(9) < right
    np.testing.assert_allclose(interval_by_units(np.repeat(once, 10), np.repeat(np.arange(9), 10)), wilson(right, 9))


def test_images_of_which_each_is_a_unit_have_wilsons_interval_to_the_last_digit():
    right = np.arange(150) < 146
    alone = {"accuracy": 146 / 150, "accuracy_interval": wilson(146, 150)}
    assert measure(right) == measure(right, np.arange(150)[::-1] + 7) == alone


def test_answers_are_worth_less_the_more_those_of_a_unit_go_together():
    """Six images of a unit are right, three others wrong: effective units 81 / (36 + 3), below 2/9 / (16/3 / 81)."""
    right, units = np.array([True] * 6 + [False] * 3), np.array([5, 5, 5, 5, 5, 5, 2, 3, 4])
    found = measure(right, units)
    assert found["units"] == 4
    np.testing.assert_allclose(found["accuracy_interval"], wilson(81 / 39 * 2 / 3, 81 / 39))


def test_one_large_unit_does_not_stand_for_the_small_ones():
    right, units = np.arange(1010) < 1000, np.r_[np.zeros(1000, int), np.arange(1, 11)]
    assert interval_by_units(right, units)[0] < 0.3  # ten of eleven units are wrong
    assert interval_by_units(np.ones(1010, bool), units)[0] < 0.25


def test_the_others_than_those_that_were_learned_are_counted_by_themselves():
    right = np.array([True] * 9 + [False])
    seen = np.arange(10) < 6
    assert measure(right, seen=seen)["seen"] == {"images": 6, "others": 4, "right": 3, "accuracy": 0.75}
    assert measure(right, seen=seen)["accuracy"] == 0.9
    assert measure(right, seen=seen | True)["seen"] == {"images": 10, "others": 0, "right": 0, "accuracy": None}
    assert measure(right, seen=seen & False) == measure(right)


def test_never_more_answers_are_taken_than_there_are_units():
    right = np.array([True, False] * 4)  # of each unit one: nothing in common
    np.testing.assert_allclose(interval_by_units(right, np.repeat(np.arange(4), 2)), wilson(2, 4))
    right[1] = True  # share 5/8; sums 0.75 and -0.25 three times: 0.234 / (0.75 / 64) = 20
    np.testing.assert_allclose(interval_by_units(right, np.repeat(np.arange(4), 2)), wilson(2.5, 4))


def test_the_bootstrap_draws_units_as_a_hand_worked_example_does():
    """Three units: of one image, right; of two, one of them right; of three, none right. 27 equally likely draws."""
    right, units = np.array([1, 1, 0, 0, 0, 0.0]), np.array([0, 1, 1, 2, 2, 2])
    of_units = [(1, 1), (1, 2), (0, 3)]
    drawn = [
        sum(of_units[i][0] for i in draw) / sum(of_units[i][1] for i in draw)
        for draw in itertools.product(range(3), repeat=3)
    ]
    found = bootstrap(right, units, 200_000, seed=0)
    values, counts = np.unique(np.round(drawn, 9), return_counts=True)
    found_values, found_counts = np.unique(found.round(9), return_counts=True)
    np.testing.assert_array_equal(found_values, values)  # 0, 1/7, 1/5, … 1
    np.testing.assert_allclose(found_counts / 200_000, counts / 27, atol=0.005)


def test_the_interval_is_scipys_bootstrap_of_whole_units():
    rng = np.random.default_rng(1)
    units = np.repeat(np.arange(60), rng.integers(1, 9, 60))
    right = (rng.random(60)[units] < 0.8).astype(float)  # all images of a unit are right, or none is
    mine, method = accuracy_interval(right, units, seed=0)
    sums = np.bincount(units, right), np.bincount(units).astype(float)
    other = scipy_bootstrap(
        sums, lambda r, n, axis: r.sum(axis) / n.sum(axis), paired=True, vectorized=True, method="percentile",
        n_resamples=20_000, rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    np.testing.assert_allclose(mine, other, atol=0.012)
    alone, _ = accuracy_interval(right, np.arange(len(units)), seed=0)
    assert mine[1] - mine[0] > 1.5 * (alone[1] - alone[0])  # units say less than as many single images would
    assert method == "percentiles of 2,000 bootstrap draws of 60 units"


def test_the_interval_goes_by_the_seed():
    right, units = np.array([1, 0, 1, 1, 0.5, 1]), np.arange(6)
    one, again, other = (bootstrap(right, units, 50, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize(("value", "bounds"), [(1.0, [0.8389, 1.0]), (0.0, [0.0, 0.1611])])
def test_without_a_mistake_the_interval_is_wilsons_by_units(value, bounds):
    interval, method = accuracy_interval(np.full(60, value), np.repeat(np.arange(20), 3), seed=0)
    np.testing.assert_allclose(interval, bounds, atol=1e-4)  # z² / (20 + z²) with z = 1.96
    assert method == "Wilson, 20 units"

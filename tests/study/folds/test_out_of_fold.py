"""The figures of out-of-fold predictions, held against exact enumeration, SciPy and scikit-learn."""

import itertools

import numpy as np
import pytest
from scipy.stats import bootstrap as scipy_bootstrap
from sklearn.metrics import precision_recall_fscore_support

from study.folds.divide import Labelled, make_folds
from study.folds.out_of_fold import (
    accuracy_interval,
    bootstrap,
    describe,
    describe_spread,
    mistakes,
    summarise,
)

NAMES = ("cat", "dog")


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


@pytest.fixture(scope="module")
def predicted():
    rng = np.random.default_rng(3)
    images = Labelled(np.repeat([0, 1], [20, 40]), np.arange(60), NAMES)
    folds = make_folds(images, 5, 3, seed=0)
    shares = rng.dirichlet([1, 1], (3, 60))
    shares[:, np.arange(60), images.labels] += 0.3
    return images, folds, shares / shares.sum(axis=2, keepdims=True)


def test_the_figures_are_those_of_all_predictions_together(predicted):
    images, folds, probabilities = predicted
    summary = summarise(images, folds, probabilities, seed=0)
    calls, truth = probabilities.argmax(axis=2).ravel(), np.tile(images.labels, 3)
    assert summary["accuracy"] == pytest.approx((calls == truth).mean())
    each = precision_recall_fscore_support(truth, calls)
    for index, name in enumerate(NAMES):
        entry = summary["per_class"][name]
        assert [entry["precision"], entry["recall"], entry["f1"]] == pytest.approx([score[index] for score in each[:3]])
    assert [entry["support"] for entry in summary["per_class"].values()] == [20, 40]
    right = probabilities.argmax(axis=2) == images.labels
    assert summary["accuracy_of_repeats"]["each"] == pytest.approx(right.mean(axis=1))
    assert summary["accuracy_of_repeats"]["std"] == pytest.approx(right.mean(axis=1).std(ddof=1))
    by_fold = [right[fold.repeat - 1, fold.held_out].mean() for fold in folds]
    assert summary["accuracy_of_folds"]["mean"] == pytest.approx(np.mean(by_fold))
    assert summary["baseline"] == {"class": "dog", "accuracy": pytest.approx(2 / 3)}
    assert (summary["images"], summary["units"]) == (60, 60)


def test_the_figures_in_words(predicted):
    images, folds, probabilities = predicted
    summary = summarise(images, folds, probabilities, seed=0)
    text = describe(summary, 3)
    assert text.startswith(
        f"out of fold: accuracy {100 * summary['accuracy']:.1f} % from all 60 images, each predicted"
    )
    assert text.endswith("60 units); always answering dog: 66.7 %")
    assert describe_spread(summary, 15, 3).startswith("mean over 15 folds: ")
    single = summarise(images, folds[:5], probabilities[:1], seed=0)
    assert single["accuracy_of_repeats"]["std"] is None
    assert "one repeat: --repeats 3 shows" in describe_spread(single, 5, 1)


def test_mistakes_of_most_repeats_stand_first_then_the_surest():
    images = Labelled(np.array([0, 0, 1, 1]), np.arange(4), NAMES)
    cat = np.array([[0.9, 0.4, 0.7, 0.2], [0.8, 0.3, 0.9, 0.6], [0.9, 0.6, 0.8, 0.1]])  # of each repeat and image
    found = mistakes(images, np.stack([cat, 1 - cat], axis=2))
    assert [(entry["row"], entry["wrong"], entry["predicted"]) for entry in found] == [
        (2, 3, "cat"), (1, 2, "dog"), (3, 1, "cat"),
    ]  # fmt: skip
    assert [entry["probability"] for entry in found] == pytest.approx([0.8, 1.7 / 3, 0.3])

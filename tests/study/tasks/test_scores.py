"""Scores of classes: what SciPy and scikit-learn give."""

import itertools

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, confusion_matrix, precision_recall_fscore_support

from study.runs.difference import mcnemar
from study.tasks import scores


@pytest.mark.parametrize(("better", "worse"), [(0, 1), (5, 5), (3, 12), (40, 17), (900, 1100)])
def test_mcnemar_is_the_binomial_test_of_scipy(better, worse):
    assert mcnemar(better, worse) == pytest.approx(binomtest(better, better + worse).pvalue, rel=1e-9)


def test_scores_of_classes_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 4, 60), rng.integers(1, 6, 60)  # 0 is never called, 4 and 5 are never there
    counts = scores.confusion(labels, predicted, 7)
    np.testing.assert_array_equal(counts, confusion_matrix(labels, predicted, labels=range(7)))
    ours = scores.precision_recall_f1(counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1))
    theirs = precision_recall_fscore_support(labels, predicted, labels=range(7), zero_division=0)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("steps", [3, 1000])
def test_average_precision_is_that_of_scikit_learn_with_equal_probabilities_too(steps):
    rng = np.random.default_rng(steps)
    truth, probability = (rng.random(80) < 0.3).astype(int), rng.integers(0, steps, 80) / steps
    assert scores.average_precision(truth, probability) == pytest.approx(average_precision_score(truth, probability))


@pytest.mark.parametrize(("support", "count"), [(1, 1), (1, 2), (1, 6), (2, 6), (3, 6), (6, 6)])
def test_average_precision_by_chance_is_the_mean_over_all_orders(support, count):
    orders = set(itertools.permutations([1] * support + [0] * (count - support)))
    likely = np.arange(count, 0, -1.0)
    mean = np.mean([scores.average_precision(np.array(order), likely) for order in orders])
    assert scores.average_precision_by_chance(support, count) == pytest.approx(mean, rel=1e-12)

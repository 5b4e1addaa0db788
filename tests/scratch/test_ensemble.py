"""Ensembles in NumPy: by hand, and against scikit-learn's."""

from functools import partial

import numpy as np
import pytest
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import StratifiedKFold

from scratch import ensemble


def problem(seed, classes=3, count=240, wrong=0.1):
    """Points around the centre of their class, some of them with the label of another."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    x = rng.normal(0, 1, (classes, 8))[labels] + rng.normal(0, 1.2, (count, 8))
    noisy = rng.random(count) < wrong
    return x, np.where(noisy, rng.integers(0, classes, count), labels)


def fit_of(penalty, classes=3):
    return partial(ensemble.fit_least_squares, classes=classes, penalty=penalty)


def test_the_weights_of_a_learner_and_of_the_images_by_hand():
    assert ensemble.vote_weight(0.25, 2) == pytest.approx(np.log(3))
    assert ensemble.vote_weight(2 / 3, 3) == pytest.approx(0)  # chance
    wrong = np.array([True, False, False, False])
    weights = ensemble.raise_weights(np.full(4, 0.25), wrong, np.log(3))
    np.testing.assert_allclose(weights, [0.5, 1 / 6, 1 / 6, 1 / 6])  # the mistake is now half of all: chance


@pytest.mark.parametrize("weighted", [False, True])
def test_least_squares_is_scikit_learns(weighted):
    x, labels = problem(0)
    weights = np.random.default_rng(1).random(len(x)) if weighted else None
    mine = ensemble.fit_least_squares(x, labels, 3, 0.7, weights)(x)
    np.testing.assert_allclose(mine, RidgeClassifier(alpha=0.7).fit(x, labels, weights).decision_function(x), atol=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_bagging_votes_as_scikit_learns_on_the_same_samples(seed):
    x, labels = problem(seed)
    theirs = BaggingClassifier(RidgeClassifier(alpha=1.0), 7, random_state=seed).fit(x, labels)
    mine = ensemble.bag(x, labels, theirs.estimators_samples_, fit_of(1.0))(x)
    np.testing.assert_allclose(mine, theirs.predict_proba(x), atol=1e-9)


def test_a_bootstrap_sample_has_as_many_and_leaves_about_a_third_out():
    rows = ensemble.bootstrap(10_000, np.random.default_rng(0))
    assert len(rows) == 10_000
    assert len(np.unique(rows)) / 10_000 == pytest.approx(1 - np.exp(-1), abs=0.01)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_boosting_is_scikit_learns(seed, classes):
    x, labels = problem(seed, classes)
    model = AdaBoostClassifier(RidgeClassifier(alpha=0.1), n_estimators=8, random_state=0).fit(x, labels)
    learner, weights = ensemble.boost(x, labels, classes, 8, 0.1)
    assert len(weights) > 1
    np.testing.assert_allclose(weights, model.estimator_weights_[: len(weights)], rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(learner(x).argmax(axis=1), model.predict(x))
    # its probabilities are flatter: of the sums over all weights, times K / (K - 1)^2
    scaled = learner(x) / sum(weights) * classes / (classes - 1) ** 2
    np.testing.assert_allclose(ensemble.probabilities(scaled), model.predict_proba(x), atol=1e-9)


def test_boosting_ends_at_a_learner_without_a_mistake():
    x, labels = problem(0, wrong=0)
    _, weights = ensemble.boost(np.hstack([x, 100 * np.eye(3)[labels]]), labels, 3, 8, 1e-6)
    assert weights == [1.0]


@pytest.mark.parametrize("seed", range(3))
def test_stacking_is_scikit_learns_on_the_same_folds(seed):
    x, labels = problem(seed)
    splits = list(StratifiedKFold(4, shuffle=True, random_state=seed).split(x, labels))
    kinds = [("strict", RidgeClassifier(alpha=100.0)), ("loose", RidgeClassifier(alpha=0.01))]
    theirs = StackingClassifier(kinds, RidgeClassifier(alpha=0.5), cv=splits).fit(x, labels)
    folds, fits = [held_out for _, held_out in splits], [fit_of(100.0), fit_of(0.01)]
    mine = ensemble.stack(x, labels, folds, fits, fit_of(0.5), 3)(x)
    np.testing.assert_allclose(mine, theirs.decision_function(x), atol=1e-8)

"""Weights, draws and repeated images by which each class counts as much: against scikit-learn and by counting."""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight

from scratch.imbalance import balanced_draw, class_weights, oversample

LABELS = np.repeat(np.arange(3), (1668, 4863, 2623))


def test_weights_are_those_of_scikit_learn_and_their_mean_is_1():
    weights = class_weights(LABELS, 3)
    np.testing.assert_allclose(weights, compute_class_weight("balanced", classes=np.arange(3), y=LABELS))
    np.testing.assert_allclose(weights[LABELS].mean(), 1)


def test_every_class_is_drawn_equally_often():
    shares = np.bincount(LABELS[balanced_draw(LABELS, 6000, np.random.default_rng(0))]) / 6000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.03)


def test_oversampling_keeps_every_image_and_repeats_rare_ones_evenly():
    rows = oversample(LABELS, np.random.default_rng(0))
    assert np.bincount(LABELS[rows]).tolist() == [4863] * 3
    times = np.bincount(rows)
    assert [set(times[label == LABELS]) for label in range(3)] == [{2, 3}, {1}, {1, 2}]

"""Principal components: those of scikit-learn, and what they are for."""

import numpy as np
from sklearn.decomposition import PCA

from scratch import pca

X = np.random.default_rng(0).normal(size=(30, 6)) * np.arange(1, 7)


def test_places_and_shares_are_those_of_scikit_learn():
    places, shares = pca.project(X, 3)
    theirs = PCA(3, svd_solver="full").fit(X)
    np.testing.assert_allclose(np.abs(places), np.abs(theirs.transform(X)), atol=1e-9)
    np.testing.assert_allclose(shares, theirs.explained_variance_ratio_, atol=1e-9)


def test_float32_points_far_from_zero_lose_no_digits():
    x = np.random.default_rng(0).normal(1000, (1, 0.5), (200_000, 2)).astype(np.float32)
    _, shares = pca.project(x, 2)
    np.testing.assert_allclose(shares, pca.project(x.astype(np.float64), 2)[1], atol=1e-6)


def test_points_on_a_line_need_one_direction_only():
    places, shares = pca.project(np.outer(np.arange(10), [1.0, 2.0, 2.0]))
    np.testing.assert_allclose(shares, [1, 0], atol=1e-12)
    np.testing.assert_allclose(np.diff(places[:, 0]), 3)  # the length of (1, 2, 2); the largest part points up

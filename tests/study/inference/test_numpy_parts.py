"""Neighbours and discriminant analysis of `check`: those of scikit-learn."""

import tracemalloc

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import NearestNeighbors

from study.inference import label_errors, same_scene


def test_nearest_are_those_of_scikit_learn(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(90, 12)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    monkeypatch.setattr(same_scene, "COMPARED", 40 * len(rows))
    theirs = NearestNeighbors(algorithm="brute").fit(rows).kneighbors(return_distance=False, n_neighbors=5)
    np.testing.assert_array_equal(np.sort(same_scene.nearest(rows, 5)), np.sort(theirs))


def test_neighbours_take_no_memory_that_grows_with_the_square_of_the_images():
    rows = np.random.default_rng(0).normal(size=(5000, 12)).astype(np.float32)
    tracemalloc.start()
    try:
        same_scene.nearest(rows, 5)
        assert tracemalloc.get_traced_memory()[1] < len(rows) ** 2 * 4  # bytes: half of the places of all pairs
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("classes", [2, 5])
def test_discriminant_analysis_is_that_of_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    labels = rng.integers(0, classes, 120)
    features = (rng.normal(size=(120, 8)) + labels[:, None]).astype(np.float32)
    theirs = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=label_errors.SHRINKAGE)
    theirs.fit(features[:80], labels[:80])
    found, probabilities = label_errors.discriminant(features[:80], labels[:80], features[80:])
    np.testing.assert_array_equal(found, theirs.classes_)
    np.testing.assert_allclose(probabilities, theirs.predict_proba(features[80:]), atol=1e-5)

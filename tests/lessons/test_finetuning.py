"""Transfer and fine-tuning in small pieces: rows by class, a head in NumPy, and a network tuned from one start."""

import numpy as np
import pytest

from lessons import finetuning
from scratch.affine import Affine

LABELS = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
ROWS = np.array([8, 0, 3, 4, 7, 1, 2])


def test_as_many_rows_of_each_class_are_drawn():
    rows = finetuning.per_class(ROWS, LABELS, 2, seed=0)
    assert sorted(LABELS[rows]) == [0, 0, 1, 1, 2, 2]
    assert set(rows) <= set(ROWS)
    assert len(set(rows)) == 6


def test_more_rows_than_the_rarest_class_has_are_refused():
    with pytest.raises(ValueError, match="received count=3; right is at most 2, the rarest class"):
        finetuning.per_class(ROWS, LABELS, 3, seed=0)


def test_a_head_learns_what_the_features_tell():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    features = (np.eye(3)[labels] * 3 + rng.normal(size=(120, 3))).astype(np.float32)
    layer = finetuning.head(features[::2], labels[::2], 3, seed=0, epochs=60)
    assert finetuning.accuracy(layer, features[1::2], labels[1::2]) > 0.85


def test_neighbours_are_of_the_same_class_or_not():
    vectors = np.array([[0.0], [1.0], [10.0], [11.0], [12.5]])
    assert finetuning.alike(vectors, np.array([0, 0, 1, 1, 1])) == 1
    assert finetuning.alike(vectors, np.array([0, 1, 0, 1, 1])) == pytest.approx(1 / 5)


@pytest.mark.slow
def test_tuning_begins_at_the_head_each_time_and_batch_statistics_leave_no_trace():
    rng = np.random.default_rng(0)
    pixels, labels = rng.uniform(0, 255, (12, 32, 32, 3)).astype(np.float32), np.repeat([0, 1, 2], 4)
    network = finetuning.network(3, 32)
    features = finetuning.embed(network, pixels)
    layer = finetuning.head(features, labels, 3, seed=0)
    tuner = finetuning.Tuner(network, (pixels, labels), (pixels, labels))
    before = finetuning.accuracy(layer, features, labels)
    first = tuner.tune(layer, 1e-3, 1, seed=0)
    assert first[0] == pytest.approx(before)
    assert tuner.by_batch_statistics(layer, 2, seed=0) <= 1
    np.testing.assert_allclose(finetuning.embed(network, pixels), features, atol=1e-4)
    raw = Affine(features.shape[1], 3, np.random.default_rng(1))
    assert tuner.tune(raw, 1e-3, 0, seed=0) == [pytest.approx(finetuning.accuracy(raw, features, labels))]

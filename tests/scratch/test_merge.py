"""Merging classes of a confusion matrix: the same as counting anew under the merged labels."""

import numpy as np
import pytest

from scratch import metrics


@pytest.mark.parametrize("into", [[0, 0, 1, 2], [0, 1, 1, 0], [2, 1, 0, 0]])
def test_merging_counts_as_merged_labels_do(into):
    random, into = np.random.default_rng(0), np.array(into)
    true, predicted = random.integers(0, 4, (2, 200))
    matrix = metrics.confusion(true, predicted, 4)
    merged = metrics.merge(matrix, into)
    np.testing.assert_array_equal(merged, metrics.confusion(into[true], into[predicted], into.max() + 1))
    assert metrics.accuracy(merged) >= metrics.accuracy(matrix)

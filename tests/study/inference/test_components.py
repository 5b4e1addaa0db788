"""Principal components are those of scikit-learn, and take no more than a block of rows at a time."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from study.inference import components


class CutOut:
    """Rows that can only be had by their indices, as those of the store."""

    def __init__(self, whole):
        self.whole, self.shape, self.dtype, self.largest = whole, whole.shape, whole.dtype, 0

    def __len__(self):
        return len(self.whole)

    def __getitem__(self, indices):
        self.largest = max(self.largest, len(indices))
        return self.whole[np.asarray(indices)]


@pytest.mark.parametrize("shape", [(40, 60), (200, 30), (900, 300), (150, 600), (620, 600), (620, 100), (2500, 640)])
def test_components_are_those_of_scikit_learn(shape):
    rng = np.random.default_rng(0)
    features = (rng.normal(size=shape) / np.arange(1, shape[1] + 1) ** 0.5 + 5).astype(np.float32)
    pca = PCA(min(components.COMPONENTS, *shape), random_state=0)
    theirs = pca.fit_transform(features)
    ours, shares = components.reduce(features)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(np.abs(ours[:, 10:]).max(axis=0), np.abs(theirs[:, 10:]).max(axis=0), atol=1e-3)
    np.testing.assert_allclose(ours[:, :10], theirs[:, :10], atol=1e-3)
    np.testing.assert_allclose(shares, pca.explained_variance_ratio_[:2], rtol=1e-4)


def test_of_many_rows_with_few_columns_they_are_exact_however_far_from_zero():
    whole = (np.random.default_rng(0).normal(size=(5000, 60)) / np.arange(1, 61) ** 0.5 + 50).astype(np.float32)
    centred = whole.astype(float) - whole.mean(axis=0, dtype=float)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    found, shares = components.reduce(whole)
    np.testing.assert_allclose(np.abs(found), np.abs(left * singular), atol=1e-3)
    np.testing.assert_allclose(shares, singular[:2] ** 2 / np.square(centred).sum(), rtol=1e-5)


@pytest.mark.parametrize("width", [60, 600])
def test_rows_are_cut_out_a_block_at_a_time(width):
    whole = np.random.default_rng(0).normal(size=(5000, width)).astype(np.float32)
    rows = CutOut(whole)
    found, shares = components.reduce(rows)
    expected, expected_shares = components.reduce(whole)
    np.testing.assert_array_equal(found, expected)
    assert shares == expected_shares
    assert rows.largest == components.BLOCK


@pytest.mark.parametrize("n", [0, 1, 2, 5000])
def test_rows_without_any_difference_have_no_components(n):
    found, shares = components.reduce(np.full((n, 600), 0.1, np.float32))
    assert (found.shape, shares) == ((n, 2), (0.0, 0.0))
    assert not found.any()

"""Principal components, a block at a time: those of the whole array, and those of scikit-learn."""

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


def features(n, width):
    """Features of which some directions vary much more than others, and which are far from 0."""
    random = np.random.default_rng(0)
    scale = np.linspace(3, 0.01, width) ** 2
    return (random.normal(size=(n, width)) * scale + 5).astype(np.float32)


@pytest.mark.parametrize(
    ("n", "width"),
    [(60, 20), (450, 480), (3000, 600), (2500, 1280), (700, 1280), (150, 900), (90, 900), (9000, 300), (560, 560)],
)
def test_components_are_those_of_scikit_learn(n, width):
    of = features(n, width)
    found, (first, second) = components.reduce(of)
    count = min(components.COMPONENTS, n, width)
    pca = PCA(count, random_state=0)
    expected = pca.fit_transform(of)
    assert found.shape == (n, count)
    # Of close singular values the vectors may turn among themselves: what is compared is what does not.
    np.testing.assert_allclose(np.abs(found[:, :5]), np.abs(expected[:, :5]), atol=2e-2)
    np.testing.assert_allclose(found.std(axis=0)[:30], expected.std(axis=0)[:30], rtol=2e-3)
    np.testing.assert_allclose((first, second), pca.explained_variance_ratio_[:2], rtol=2e-3)


def test_rows_are_cut_out_a_block_at_a_time():
    whole = features(3000, 600)
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

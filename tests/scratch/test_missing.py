"""Missing values: filled by the mean of the known ones, and a channel that says which were filled."""

import numpy as np

from scratch.missing import holes, known_mean, with_mask


def test_holes_are_filled_and_told_in_a_further_channel():
    x = np.random.default_rng(0).uniform(size=(3, 8, 8, 2)).astype(np.float32)
    broken = holes(x, 3, np.random.default_rng(1))
    assert np.isnan(broken).sum() == 3 * 9 * 2
    fill = known_mean(broken)
    np.testing.assert_allclose(fill, [np.nanmean(broken[..., 0]), np.nanmean(broken[..., 1])], rtol=1e-5)
    both = with_mask(broken, fill)
    assert both.shape == (3, 8, 8, 3)
    known = both[..., 2] == 1
    assert known.sum() == 3 * (64 - 9)
    np.testing.assert_array_equal(both[known][:, :2], x[known])
    np.testing.assert_allclose(both[~known][:, :2], np.broadcast_to(fill, (27, 2)), rtol=1e-5)


def test_one_missing_channel_is_enough_for_the_mask():
    x = np.array([[[[1.0, np.nan], [2.0, 3.0]]]])
    np.testing.assert_array_equal(with_mask(x, np.array([0.0, 9.0]))[0, 0], [[1, 9, 0], [2, 3, 1]])

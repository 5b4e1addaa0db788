"""What a loss asks for is what the mathematics says."""

from functools import partial

import numpy as np
import pytest

from lessons import asking
from scratch import losses

SHARES = np.array([0.1, 0.25, 0.5, 0.8])


def test_cross_entropy_asks_for_the_share_itself():
    np.testing.assert_allclose(asking.best_probability(losses.cross_entropy, SHARES), SHARES, atol=1e-3)


def test_class_weights_ask_for_the_share_that_weights_would_make():
    weighted = partial(losses.weighted_cross_entropy, weights=np.array([1.0, 4.0]))
    expected = 4 * SHARES / (4 * SHARES + 1 - SHARES)
    np.testing.assert_allclose(asking.best_probability(weighted, SHARES), expected, atol=1e-3)


def test_focal_loss_asks_for_less_certainty_on_the_same_side():
    asked = asking.best_probability(losses.focal, SHARES)
    assert asked[2] == pytest.approx(0.5, abs=1e-3)
    assert (np.abs(asked - 0.5)[[0, 1, 3]] < np.abs(SHARES - 0.5)[[0, 1, 3]]).all()
    assert (asked > SHARES)[:2].all()


def test_dice_wants_all_or_nothing_and_descent_finds_no_better():
    shares = np.linspace(0.005, 0.995, 60) ** 3  # class 1 is rare
    step, answers = asking.best_dice_step(shares)
    assert step < 0.5
    assert answers.tolist() == (shares >= step).tolist()
    t, z = np.stack([1 - shares, shares], axis=1), np.zeros((60, 2))
    for _ in range(3000):
        p = losses.softmax(z)
        z -= 50 * losses.softmax_backward(losses.dice(p, t)[1], p)
    best = losses.dice(np.stack([1 - answers, answers], axis=1), t)[0]
    assert best - 1e-9 <= losses.dice(losses.softmax(z), t)[0] < best + 0.01

"""Trials of settings on vectors."""

import numpy as np
import pytest

from lessons import trials


@pytest.fixture
def pairs():
    """Two classes that a line divides, with room between them: 40 to learn from, 20 to judge."""
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    x = (rng.normal(size=(60, 4)) + 4 * labels[:, None] - 2).astype(np.float32)
    t = np.eye(2, dtype=np.float32)[labels]
    return (x[:40], t[:40]), (x[40:], t[40:])


def test_accuracy_is_noted_of_every_set_after_every_epoch(pairs):
    train, validation = pairs
    found = trials.accuracies(train, [validation, train], epochs=30, seed=0)
    assert found.shape == (30, 2)
    assert (found[-1] >= 0.95).all()
    np.testing.assert_array_equal(found, trials.accuracies(train, [validation, train], epochs=30, seed=0))


def test_who_judges_does_not_change_what_is_learned(pairs):
    train, validation = pairs
    both = trials.accuracies(train, [validation, train], epochs=3, seed=1)
    np.testing.assert_array_equal(both[:, 1:], trials.accuracies(train, [train], epochs=3, seed=1))


def test_fewer_epochs_are_the_beginning_of_more(pairs):
    losses = trials.validation_losses(*pairs, rate=0.1, penalty=1e-3, epochs=6)
    assert losses.shape == (6,)
    assert (np.diff(losses) < 0).all()
    np.testing.assert_array_equal(losses[:2], trials.validation_losses(*pairs, rate=0.1, penalty=1e-3, epochs=2))
    assert trials.validation_loss(*pairs, rate=0.1, penalty=1e-3) == losses[trials.EPOCHS - 1]


def test_the_loss_shows_a_rate_that_is_too_small_and_one_that_diverges(pairs):
    good = trials.validation_loss(*pairs, rate=1.0, penalty=0.0)
    assert good < 0.1
    assert trials.validation_loss(*pairs, rate=1e-6, penalty=0.0) > good + 0.1
    assert trials.validation_loss(*pairs, rate=10.0, penalty=1e200) == np.inf

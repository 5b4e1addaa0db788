"""The search for a learning rate: what is made of a curve, and that training with that is good."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from small import assert_same, cross_entropy, features, noisy_images, settings, tiny

from errors import UserError
from models.parts.head import head
from study.fit import loop, lr_search
from study.fit.lr_search import HIGHEST, LOWEST, STEPS, advised, search, smoothed, steepest, sweep
from study.settings.stages import Stage

HARD = features(n=400, noise=2.5)  # the classes overlap: to be sure of all is to be wrong of some
HARD = replace(HARD, indices={"train": np.arange(240), "val": np.arange(240, 400)})
RATES = np.geomspace(LOWEST, HIGHEST, STEPS).tolist()


def test_a_curve_is_smoothed_without_a_lag():
    assert smoothed([2.0] * 30) == pytest.approx([2.0] * 30)
    step = smoothed([3.0] * 50 + [1.0] * 50)
    assert int(np.argmin(np.diff(step))) == 49  # it falls fastest where the losses do


def test_the_rate_is_that_of_the_steepest_descent_and_not_of_the_least_loss():
    falling = 1 + 1 / (1 + np.exp((np.arange(STEPS) - 40) / 3))  # from 2 to 1 around iteration 40, and flat from there
    noise = np.random.default_rng(0).normal(0, 0.03, STEPS)
    assert steepest(RATES, smoothed(falling + noise)) == pytest.approx(RATES[40], rel=0.3)
    floor = np.maximum(falling - 1, 0)  # one that reaches 0, where the least loss may be anywhere
    assert steepest(RATES, smoothed(floor)) == pytest.approx(RATES[40], rel=0.2)


@pytest.mark.parametrize("losses", [[], [1.0], [1.0] * 50, list(range(1, STEPS)), [1.0, 0.97] * 30])
def test_a_loss_that_never_falls_is_told(losses):
    message = r"^--find-learning-rate: the loss fell at no rate from 1e-05 to 10, so there is no advice\. Look at "
    with pytest.raises(UserError, match=message):
        steepest(RATES[: len(losses)], smoothed(losses))


@pytest.mark.parametrize(
    ("losses", "rate"),
    [
        ({0.01: 0.5, 0.1: 0.3}, 0.1),
        ({0.01: 0.5, 0.1: 0.49}, 0.01),  # that may be luck
        ({0.01: 0.5, 0.1: 2.0}, 0.01),
        ({0.01: 0.5, 0.1: math.nan}, 0.01),
        ({0.01: math.nan, 0.1: 0.9}, 0.1),
        ({0.01: 0.5}, 0.01),
    ],
)
def test_another_rate_than_the_default_is_advised_only_where_it_was_clearly_better(losses, rate):
    assert advised(losses) == rate


def trained(rate, seed):
    """Cross-entropy of the training part after three epochs, from the weights that the sweep began with."""
    keras.utils.set_random_seed(seed)
    model = head(8, 2, 0.0)
    chosen = settings(optimizer="momentum", patience=0, keep_diverged=True)
    loop.run_stage(model, Stage("head", 3, 16, rate), HARD, chosen)
    with np.errstate(divide="ignore"):  # a rate far too large makes it sure of what is wrong
        return cross_entropy(model, HARD, "train")


@pytest.mark.slow
@pytest.mark.parametrize(("default", "seed"), [(1e-5, 0), (0.05, 1), (1000.0, 2)])
def test_the_advice_trains_no_worse_than_the_default(default, seed):
    keras.utils.set_random_seed(seed)
    model = head(8, 2, 0.0)
    before = model.get_weights()
    stage = Stage("head", 3, 16, default)
    found = search(model, stage, HARD, settings(optimizer="momentum", seed=seed))
    assert_same(model.get_weights(), before)
    assert list(found.losses) == [default, found.sweep.steepest]
    assert list(found.sweep.rates) == pytest.approx(RATES[: len(found.sweep.rates)])
    assert len(found.sweep.losses) == len(found.sweep.smooth) == len(found.sweep.rates)
    assert trained(found.advised, seed) <= trained(default, seed) + 0.02
    if default != 0.05:  # far too small or far too large a default gives way
        assert found.advised == found.sweep.steepest


@pytest.mark.slow
def test_a_sweep_is_a_mean_that_hardly_depends_on_the_seed():
    rates = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        model = head(8, 2, 0.0)
        found = sweep(model, Stage("head", 3, 16, 0.1), HARD, settings(optimizer="momentum", seed=seed))
        rates.append(found.steepest)
    assert max(rates) < 6 * min(rates)


@pytest.mark.slow
def test_a_loss_that_breaks_ends_the_sweep_of_a_whole_network(monkeypatch):
    model, chosen = tiny(), settings(augment={"brightness": 0.1}, optimizer="sgd", warmup=0.1, ema=0.9)
    before = model.get_weights()
    monkeypatch.setattr(lr_search, "HIGHEST", 1e6)
    found = sweep(model, Stage("scratch", 2, 8, 0.1), noisy_images(n=92), chosen)
    assert_same(model.get_weights(), before)
    assert 5 < len(found.rates) < STEPS
    assert np.isfinite(found.losses).all()
    assert found.steepest < found.rates[-1] / 10

"""The search for a learning rate: the curve, what is made of it, and that training with that is good."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import re

import keras
import numpy as np
import pytest
from helpers import QUICK, call
from PIL import Image
from small import assert_same, cross_entropy, features, noisy_images, settings, tiny

from errors import UserError
from models.parts.head import head
from study.fit import loop, lr_finder
from study.fit.lr_finder import FIRST, HIGHEST, LOWEST, STEPS, Sweep, smoothed, suggest_rate, sweep
from study.settings.stages import Stage

HARD = {"n": 400, "noise": 2.5}  # the classes overlap: to be sure of all is to be wrong of some
RATES = np.geomspace(LOWEST, HIGHEST, STEPS).tolist()


def test_the_mean_of_equal_losses_is_that_loss():
    assert smoothed([2.0] * 30) == pytest.approx([2.0] * 30)
    assert smoothed([1.0, 3.0]) == pytest.approx([1.0, (0.9 * 1 + 3) / 1.9])


def test_the_suggestion_is_a_tenth_of_the_rate_of_the_least_loss():
    losses = [abs(number - 100) for number in range(STEPS)]
    assert suggest_rate(RATES, losses) == pytest.approx(RATES[100] / 10, rel=0.05)
    losses[3] = -1.0  # a lucky batch at the start
    assert suggest_rate(RATES, losses) == pytest.approx(RATES[100] / 10, rel=0.05)


@pytest.mark.parametrize("losses", [[], [1.0] * FIRST, list(range(STEPS))])
def test_a_loss_that_never_falls_is_told(losses):
    with pytest.raises(UserError, match=r"^--find-learning-rate: the loss fell at no rate from 1e-05 to 10\. Look at "):
        suggest_rate(RATES[: len(losses)], losses)


def trained(rate):
    """Cross-entropy of the training part after three epochs, from the weights that the sweep began with."""
    keras.utils.set_random_seed(0)
    model = head(8, 2, 0.0)
    chosen = settings(optimizer="momentum", patience=0, keep_diverged=True)
    loop.run_stage(model, Stage("head", 3, 16, rate), features(**HARD), chosen)
    with np.errstate(divide="ignore"):  # a rate far too large makes it sure of what is wrong
        return cross_entropy(model, features(**HARD), "train")


def test_the_suggested_rate_trains_better_than_far_smaller_and_larger_ones():
    keras.utils.set_random_seed(0)
    model = head(8, 2, 0.0)
    before = model.get_weights()
    found = sweep(model, Stage("head", 3, 16, 0.1), features(**HARD), settings(optimizer="momentum"))
    assert_same(model.get_weights(), before)
    assert list(found.rates) == pytest.approx(RATES[: len(found.rates)])
    assert len(found.losses) == len(found.smooth) == len(found.rates)
    best = trained(found.suggested)
    assert best < trained(found.suggested / 100)
    assert best < trained(found.suggested * 100)


def test_a_loss_that_breaks_ends_the_sweep_of_a_whole_network(monkeypatch):
    model, chosen = tiny(), settings(augment={"flip": 1.0}, optimizer="sgd", warmup=0.1, ema=0.9)
    before = model.get_weights()
    monkeypatch.setattr(lr_finder, "HIGHEST", 1e25)
    found = sweep(model, Stage("scratch", 2, 8, 0.1), noisy_images(), chosen)
    assert_same(model.get_weights(), before)
    assert FIRST < len(found.rates) < STEPS
    assert np.isfinite(found.losses).all()
    assert found.suggested < found.rates[-1] / 10


def test_the_curve_is_a_picture(tmp_path):
    losses = [3.0, *np.linspace(2, 1, 80), *np.linspace(1, 40, 20)]
    found = Sweep(tuple(RATES[:101]), tuple(losses), tuple(smoothed(losses)), 0.01)
    path = lr_finder.draw_sweep(found, Stage("scratch", 2, 8, 0.1), settings(runs=str(tmp_path / "runs")))
    with Image.open(path) as curve:
        assert (curve.format, np.asarray(curve.convert("RGB")).std() > 10) == ("PNG", True)


@pytest.mark.parametrize("learning", ["transfer", "finetune"])
def test_the_command_ends_with_what_to_type(run, toy, tmp_path, learning):
    quick = [word for word in QUICK if word not in ("--learning-rate", "0.002")]
    quick += ["--weights", str(run), "--learning", learning, "--epochs", "1"]
    ran = call("train", "--find-learning-rate", "--data", toy, *quick, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["learning-rate-original.png"]
    name = "head" if learning == "transfer" else learning
    (rate,) = re.findall(rf"suggested learning rate of stage {name}: (\S+);", ran.out)
    assert LOWEST / 10 <= float(rate) <= HIGHEST / 10
    assert f"train with it: python main.py train --learning-rate {rate} --data {toy} " in ran.out


def test_it_does_not_go_with_a_rate(toy, tmp_path):
    ran = call("train", "--find-learning-rate", "--data", toy, *QUICK, "--runs", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("error: --find-learning-rate looks for what --learning-rate says. Leave one of the two out.\n")

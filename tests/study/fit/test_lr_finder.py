"""What the search for a learning rate says and draws, and the command that asks for it."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import math
import re

import numpy as np
import pytest
from helpers import QUICK, call
from PIL import Image
from small import settings

from study.fit import lr_finder
from study.fit.lr_search import HIGHEST, LOWEST, STEPS, Search, Sweep, smoothed
from study.settings.stages import Stage

RATES = np.geomspace(LOWEST, HIGHEST, STEPS).tolist()


def test_the_curve_is_a_picture(tmp_path):
    losses = [3.0, *np.linspace(2, 1, 70), *np.linspace(1, 40, 20)]
    found = Search(Sweep(tuple(RATES[:91]), tuple(losses), tuple(smoothed(losses)), 0.01), {0.1: 1.0, 0.01: 0.5}, 0.01)
    path = lr_finder.draw_sweep(found, Stage("scratch", 2, 8, 0.1), settings(runs=str(tmp_path / "runs")))
    with Image.open(path) as curve:
        assert (curve.format, np.asarray(curve.convert("RGB")).std() > 10) == ("PNG", True)


@pytest.mark.slow
def test_the_command_ends_with_what_to_type(run, toy, tmp_path):
    quick = [word for word in QUICK if word not in ("--learning-rate", "0.002")]
    quick += ["--weights", str(run), "--learning", "transfer", "--epochs", "1"]
    ran = call("train", "--find-learning-rate", "--data", toy, *quick, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["learning-rate-original.png"]
    (rate,) = re.findall(r"^suggested learning rate of stage head: ([\d.e-]+)[;,] .*\d%? .*$", ran.out, re.M)
    assert LOWEST / 10 <= float(rate) <= HIGHEST / 10
    assert f"nothing was saved but the curve: {tmp_path / 'learning-rate-original.png'}\n" in ran.out
    assert "is the default" not in ran.out  # those are figures
    assert ran.next.startswith("next: train with it: python main.py train ")
    assert f" --data {toy} " in ran.next
    assert ran.next.endswith(f" --learning-rate {rate}\n")
    assert "--find-learning-rate" not in ran.next


@pytest.mark.parametrize(
    ("advised", "losses", "sentence"),
    [
        (
            0.1,
            {0.1: 0.5, 0.02: 0.49},
            "0.1, the default; a short training with 0.02, at which the loss fell fastest, was not clearly better",
        ),
        (
            0.02,
            {0.1: 0.5, 0.02: 0.4},
            "0.02; after a short training its validation loss is lower by 20% than that of the default, 0.1",
        ),
        (
            0.02,
            {0.1: math.nan, 0.02: 0.4},
            "0.02; after a short training its validation loss is lower than that of the default, 0.1",
        ),
    ],
)
def test_the_advice_is_said_in_a_sentence(advised, losses, sentence):
    found = Search(Sweep((), (), (), 0.02), losses, advised)
    told = lr_finder.sentence_of(found, Stage("head", 2, 8, 0.1))
    assert told == f"suggested learning rate of stage head: {sentence}"


@pytest.mark.slow
def test_the_figures_of_the_search_are_shown_where_they_are_asked_for(run, toy, tmp_path):
    quick = [word for word in QUICK if word not in ("--learning-rate", "0.002")]
    quick += ["--weights", str(run), "--learning", "transfer", "--epochs", "1"]
    ran = call("train", "--find-learning-rate", "-v", "--data", toy, *quick, "--runs", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^validation loss after a short training: .* at \S+; \S+ is the default$", ran.out, re.M)


def test_it_does_not_go_with_a_rate(toy, tmp_path):
    ran = call("train", "--find-learning-rate", "--data", toy, *QUICK, "--runs", tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == ("error: --find-learning-rate looks for what --learning-rate says. Leave one of the two out.\n")

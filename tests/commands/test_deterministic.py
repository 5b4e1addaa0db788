"""`--deterministic`: nothing is chosen by its speed, and two processes end with equal bits."""

import json
import zipfile

import pytest
from helpers import QUICK, call, process

from errors import UserError
from study.settings.learning_type import choose_learning
from study.settings.resolve import resolve


def test_it_computes_in_float32_and_leaves_what_was_asked_for():
    assert resolve({"deterministic": True}, {}).run.precision == "float32"
    assert resolve({"deterministic": True, "precision": "bfloat16"}, {}).run.precision == "bfloat16"
    assert resolve({}, {}).run.precision == "auto"
    with pytest.raises(UserError, match=r"--deterministic chooses nothing by its speed\. Received: --precision auto"):
        resolve({"deterministic": True, "precision": "auto"}, {})


@pytest.mark.parametrize(("rarest", "learning"), [(20, "transfer"), (2000, "finetune"), (6000, "scratch")])
def test_the_table_alone_decides_the_learning_type(rarest, learning):
    choice = choose_learning("auto", "imagenet", ("scratch", "transfer", "finetune"), rarest, None)
    assert choice.learning == learning
    assert ("however long it takes" in choice.reason) == (learning != "transfer")


def test_it_is_refused_with_a_choice_by_speed(tmp_path):
    ran = call("train", "--deterministic", "--precision", "auto", "--runs", tmp_path)
    assert (ran.code, ran.err.count("\n")) == (2, 1)


@pytest.mark.slow
def test_two_processes_end_with_equal_bits(toy, tmp_path):
    weights, settings = [], []
    for name in ("one", "other"):
        more = ("--augment", "flip,rotation,brightness,mixup,erase", "--dropout", 0.3, "--ema", 0.9, "--deterministic")
        ended = process("train", "--data", toy, *QUICK, *more, "--runs", tmp_path / name, "--json")
        assert ended.returncode == 0, ended.stderr
        run = next((tmp_path / name).glob("2*"))
        settings.append(json.loads((run / "run.json").read_text())["settings"]["deterministic"])
        weights.append(zipfile.ZipFile(run / "model.keras").read("model.weights.h5"))
    assert settings == [True, True]
    assert weights[0] == weights[1]

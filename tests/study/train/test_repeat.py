"""The command that repeats a training."""

import shlex

from study.settings.train import TrainSettings
from study.train.repeat import asked


def of(**flags):
    return asked(flags, TrainSettings.of(split_seed=0, **flags))


def test_what_was_given_is_named():
    assert of().given == ()
    assert of(epochs=3, model="lenet", verbose=True).given == ("epochs", "model", "verbose")


def test_paths_become_absolute_and_stay_one_word(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    repeat = of(data="my photos", epochs=3).repeat
    assert shlex.split(repeat.command)[3:] == [
        *("--data", str(tmp_path / "my photos"), "--epochs", "3"),
        *("-m", "original", "--seed", "0", "--split-seed", "0"),
    ]
    assert repeat.added == ("--seed", "--split-seed")


def test_what_cannot_be_said_twice_is_left_out():
    repeat = asked(
        {"model": "lenet", "name": "a", "seed": 5}, TrainSettings.of(split_seed=7, model="lenet", seed=5)
    ).repeat
    assert repeat.command == "python main.py train -m lenet --seed 5 --split-seed 7"
    assert (repeat.added, repeat.left_out) == (("--split-seed",), ("--name",))


def test_weights_that_are_a_word_are_no_path():
    assert "--weights imagenet " in of(weights="imagenet").repeat.command

"""Which settings were typed, and the command that repeats a training."""

import shlex

import pytest

from study.settings.train import TrainSettings
from study.train.repeat import given, repeat


def of(command, **values):
    return command, TrainSettings.of(split_seed=0, **values)


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("python main.py train", ()),
        ("python main.py train -m lenet --epochs=3 -v --seed 0", ("model", "epochs", "verbose", "seed")),
        ("python main.py train --data 'my photos' --image-size 64 --json", ("data", "image_size")),
    ],
)
def test_what_was_typed_is_named_in_its_order(command, names):
    assert given(*of(command)) == names


def test_without_a_command_what_is_no_default_was_given():
    assert given(*of("", model="lenet", epochs=3)) == ("model", "split_seed", "epochs")


@pytest.mark.parametrize("typed", ["--data 'my photos'", "'--data=my photos'"])
def test_paths_become_absolute_and_stay_one_word(tmp_path, monkeypatch, typed):
    monkeypatch.chdir(tmp_path)
    told = repeat(*of(f"python main.py train {typed} --epochs 3", data="my photos", epochs=3))
    assert shlex.split(told.command)[3:] == [
        *("--data", str(tmp_path / "my photos"), "--epochs", "3"),
        *("--model", "original", "--seed", "0", "--split-seed", "0"),
    ]
    assert told.added == ("--seed", "--split-seed")


def test_what_cannot_be_said_twice_is_left_out():
    told = repeat(*of("python main.py train -m lenet --name a --seed 5 --split-seed 7 --json", model="lenet"))
    assert told.command == "python main.py train -m lenet --seed 5 --split-seed 7"
    assert (told.added, told.left_out) == ((), ("--name",))
    assert repeat(*of("python main.py train --name=a -m lenet")).command.startswith("python main.py train -m lenet ")


def test_weights_that_are_a_word_are_no_path():
    told = repeat(*of("python main.py train --weights imagenet", weights="imagenet"))
    assert "--weights imagenet " in told.command


def test_where_nothing_was_typed_there_is_nothing_to_repeat():
    assert repeat(*of("")) is None

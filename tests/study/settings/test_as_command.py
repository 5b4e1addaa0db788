"""A command made of settings is read as the same settings again."""

import shlex

import pytest
from accepted import accept, flags_of

from study.settings.as_command import as_command, changed
from study.settings.train import TrainSettings


def read_again(name, values, paths=()):
    _, flags = flags_of(as_command(name, values, paths).removeprefix("python main.py "))
    flags.pop("paths", None)
    return flags


@pytest.mark.parametrize(
    "values",
    [
        {"data": "my photos", "split": (6, 2, 2), "range": (-1000.0, 65535.5), "group": "-x|y"},
        {"augment": {"flip": 1.0, "crop": 0.123456789}, "progressive": (64, 96), "learning_rate": 1.2345678e-05},
        {"augment": {}, "class_weight": {"x, y": 2.0, 'a "b"': 1.5, "a=b": 3.0, "flip": 0.25}},
        {"coordinates": True, "keep_diverged": True, "epochs": 3, "l2": 0.0},
        {"labels": "$(touch x).csv", "exclude": "a'b.csv", "class_weight": "balanced"},
        {"model": "lenet", "label_smoothing": 0.1, "mask_values": "1=own,2=a, b"},
    ],
)
def test_values_come_back_as_they_were(values):
    assert read_again("train", values) == values


def test_what_was_typed_and_is_not_read_yet_stays_as_it_was():
    typed = {"vary": ["optimizer=sgd,adam", "l2=0,1e-4"], "coordinates": "on", "augment": "flip,crop=0.3"}
    assert read_again("compare", typed | {"seeds": 7}) == typed | {"seeds": 7}


def test_what_a_command_does_not_take_is_left_out():
    values = {"data": "photos", "epochs": 3, "labels": "l.csv", "verbose": True, "strict": False, "out": None}
    assert as_command("check", values) == "python main.py check --data photos --labels l.csv"
    for task, given in (("multilabel", " --task multilabel"), ("segment", "")):  # of masks it has one class a folder
        assert as_command("check", {"data": "photos", "task": task}) == f"python main.py check --data photos{given}"


def test_a_path_is_not_taken_for_a_flag():
    assert as_command("predict", {"tta": "flip"}, ["-", "-x.jpg", "a b"]) == (
        "python main.py predict --tta flip - ./-x.jpg 'a b'"
    )
    assert accept("predict --tta flip ./-x.jpg")[1]["paths"] == ("./-x.jpg",)


def test_only_what_is_not_at_its_default_need_be_said():
    settings = TrainSettings.of(model="original", split=(8, 1, 1), range=(0.0, 1.0), epochs=3, data="photos")
    found = {"data": "photos", "range": (0.0, 1.0), "epochs": 3}
    assert changed(settings.as_dict()) == found
    assert changed({**settings.as_dict(), "split": [8, 1, 1], "range": [0.0, 1.0], "of another version": 1}) == found
    assert shlex.split(as_command("train", found)) == [
        *("python", "main.py", "train", "--data", "photos", "--range", "0:1", "--epochs", "3")
    ]

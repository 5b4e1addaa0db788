"""What `--json` prints is JSON whatever was found."""

import json
import os
from pathlib import Path

import numpy as np

from study.runtime.result import Result, plain


def test_numbers_that_are_none_and_those_of_numpy():
    values = {
        "loss": float("nan"),
        "each": [np.float32("inf"), np.float64(0.5), np.int64(3), np.bool_(True), None],
        "array": np.array([[1.0, np.nan]]),
        "pair": (1, float("-inf")),
        3: {"path": Path("a/b")},
    }
    assert json.loads(json.dumps(plain(values), allow_nan=False)) == {
        "loss": None,
        "each": [None, 0.5, 3, True, None],
        "array": [[1.0, None]],
        "pair": [1, None],
        "3": {"path": "a/b"},
    }


def test_a_name_that_is_no_utf_8_is_written_as_in_the_tables():
    name = os.fsdecode("猫\udcff.png".encode("utf-8", "surrogateescape"))
    assert plain([name, Path(name), {name: 1}]) == ["猫\\xff.png", "猫\\xff.png", {"猫\\xff.png": 1}]
    assert plain("half \ud83d") == "half \\ud83d"


def test_the_next_command_stands_behind_the_values():
    assert Result({"a": 1}, "python main.py train", "train").as_json() == {
        "a": 1,
        "next": {"command": "python main.py train", "why": "train"},
    }
    assert Result({"a": 1}).as_json() == {"a": 1, "next": None}
    assert Result({}, "python main.py train", "train").next_line() == "next: train: python main.py train"
    assert Result({}, "python main.py train").next_line() == "next: python main.py train"

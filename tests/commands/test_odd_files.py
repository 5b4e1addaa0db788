"""Every kind of broken or odd file: `train` and `predict` use it or name it with its reason, and none stops them."""

import csv
import json

import odd_files
import pytest
from helpers import QUICK, call

from data import names, split

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The folder, what should become of each file, and a run trained on it."""
    root = tmp_path_factory.mktemp("odd")
    expected = {names.printable(name): reason for name, reason in odd_files.build(root / "data").items()}
    ran = call("train", "--data", root / "data", *QUICK, "--epochs", 1, "--runs", root / "runs")
    assert ran.code == 0, ran.err
    (run,) = (root / "runs").iterdir()
    return root / "data", expected, run, ran


def test_training_uses_every_file_or_names_it_with_its_reason(odd):
    _, expected, run, ran = odd
    used = {row.path for row in split.read_split(run / "split.csv")}
    left_out = {
        entry["path"]: entry["reason"]
        for entry in json.loads((run / "run.json").read_text("utf-8"))["data"]["left_out"]
    }
    assert len(expected) >= 30
    for name, reason in expected.items():
        if reason == odd_files.USED:
            assert name in used, (name, left_out.get(name))
        elif reason:
            assert reason in left_out[name], name
            assert f"  {name}: " in ran.out
        else:  # hidden
            assert name not in used | left_out.keys()
    assert ran.err == ""


def test_predict_answers_for_every_file_or_says_why_not(odd, tmp_path):
    data, expected, run, _ = odd
    ran = call("predict", "--run", run, data, "--csv", tmp_path / "answers.csv")
    assert ran.code == 0, ran.err
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    for name, reason in expected.items():
        row = rows.get(f"{data}/{name}")
        if reason == odd_files.USED:
            assert row["predicted"] in odd_files.CLASSES
        elif row is not None:
            assert row["error"]
            assert not row["predicted"]

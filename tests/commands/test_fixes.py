"""The loop of mending labels: `check` suspects, a person decides, `train` and the next `check` obey."""

import csv
import importlib.util
import json
import shutil

import pytest
from helpers import QUICK, call, fails, make_toy

from data.drawn import folder as drawn
from data.store.hashes import hash_all
from models.parts.lite_weights import LITE0
from study.check.label_issues import SUSPECTED_LABEL_ERROR

needs_weights = pytest.mark.skipif(
    importlib.util.find_spec(LITE0.replace("-", "_")) is None, reason="no ImageNet weights installed"
)


@pytest.fixture
def data(tmp_path):
    """Toy images, of which one circle lies among the squares."""
    root = make_toy(tmp_path / "toy")
    shutil.move(root / "circle" / "0.png", root / "square" / "wrong.png")
    return root


def suspected(out):
    with (out / "check.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row["path"] for row in csv.DictReader(file) if row["kind"] == SUSPECTED_LABEL_ERROR]


@pytest.mark.slow
@needs_weights
def test_an_image_that_a_person_decided_on_is_not_suspected_again(tmp_path):
    data = drawn.write(tmp_path, 100)
    shutil.move(data / "dog" / "dog_00000.jpg", data / "cat" / "wrong.jpg")
    assert call("check", "--data", data, "--out", tmp_path / "first").code == 0
    assert "cat/wrong.jpg" in suspected(tmp_path / "first")
    (tmp_path / "fixes.csv").write_text("path,action,label\ncat/wrong.jpg,keep,\n")
    ran = call("check", "--data", data, "--out", tmp_path / "again", "--fixes", tmp_path / "fixes.csv")
    assert f"--fixes {tmp_path / 'fixes.csv'}: 0 image(s) relabelled, 0 left out\n" in ran.out
    assert "cat/wrong.jpg" not in suspected(tmp_path / "again")
    page = (tmp_path / "again" / "check.html").read_text(encoding="utf-8")
    assert '"earlier": [["cat/wrong.jpg", "keep", "", ""]]' in page


@pytest.mark.slow
def test_training_obeys_and_records(data, tmp_path):
    (sha256,) = hash_all([data / "square" / "wrong.png"])
    (data / "square" / "wrong.png").rename(data / "square" / "renamed.png")
    rows = f"square/wrong.png,relabel,circle,{sha256}\nstripes/3.png,leave out,,\n"
    (tmp_path / "fixes.csv").write_text("path,action,label,sha256\n" + rows)
    runs = tmp_path / "runs"
    ran = call("train", *QUICK, "--epochs", 1, "--data", data, "--fixes", tmp_path / "fixes.csv", "--runs", runs)
    assert ran.code == 0, ran.err
    assert f"--fixes {tmp_path / 'fixes.csv'}: 1 image(s) relabelled, 1 left out\n" in ran.out
    (run,) = runs.iterdir()
    info = json.loads((run / "run.json").read_text())
    assert info["settings"]["fixes"] == str(tmp_path / "fixes.csv")
    assert info["data"]["fixes"] == {"kept": 0, "relabelled": 1, "left_out": 1}
    assert {"path": "stripes/3.png", "reason": "left out by the table of fixes"} in info["data"]["left_out"]
    with (run / "split.csv").open(encoding="utf-8", newline="") as file:
        labels = {row["path"]: row["label"] for row in csv.DictReader(file)}
    assert labels["square/renamed.png"] == "circle"
    assert "stripes/3.png" not in labels


def test_a_table_that_cannot_be_obeyed_is_told_by_its_flag(data, tmp_path):
    (tmp_path / "fixes.csv").write_text("path,action,label\nsquare/wrong.png,relabel,zebra\n")
    for command in (("train", *QUICK, "--runs", tmp_path / "runs"), ("check", "--out", tmp_path / "runs")):
        ran = call(*command, "--data", data, "--fixes", tmp_path / "fixes.csv")
        told = f"--fixes {tmp_path / 'fixes.csv'} relabels square/wrong.png as zebra, which is no class of {data}."
        fails(ran, told, tmp_path / "runs")

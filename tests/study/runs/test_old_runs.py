"""Run folders of earlier versions stay readable: what was trained once is never lost.

tests/fixtures/run-before-rooms is what commit 3a78f5c left after, on the toy images of tests/helpers.py,

    python main.py train -m lenet --data toy --image-size 32 --epochs 8 --batch-size 16 --learning-rate 0.002

without its drawings, its report and the copy of the network in OpenVINO's format, which are large or made again.
"""

import json
import shutil

import pytest
from helpers import ROOT, TOY_CLASSES, call, make_toy

OLD = ROOT / "tests" / "fixtures" / "run-before-rooms"
# what `python main.py predict` of commit 3a78f5c printed for the first image of each class
PREDICTED = {"circle": 0.9881, "square": 0.9997, "stripes": 0.9997}


@pytest.fixture
def old_run(tmp_path):
    """The old run folder beside the images that it was trained on."""
    run = tmp_path / "runs" / "old"
    shutil.copytree(OLD, run)
    (run / "report.html").write_text("<!doctype html><title>lenet</title>")
    recorded = json.loads((run / "run.json").read_text())
    recorded["data"]["folder"] = recorded["settings"]["data"] = str(make_toy(tmp_path / "toy"))
    (run / "run.json").write_text(json.dumps(recorded))
    return run


def test_predict_says_what_the_old_version_said(old_run, tmp_path):
    images = [tmp_path / "toy" / label / "0.png" for label in TOY_CLASSES]
    ran = call("predict", "--run", old_run, *images)
    assert ran.code == 0, ran.err
    for label, image in zip(TOY_CLASSES, images, strict=True):
        line = next(line for line in ran.out.splitlines() if str(image) in line)
        *_, predicted, probability = line.split()
        assert predicted == label
        assert float(probability) == pytest.approx(PREDICTED[label], abs=1e-3)


@pytest.mark.slow
def test_inspect_writes_the_page_of_an_old_run(old_run, tmp_path):
    ran = call("inspect", "--run", old_run, "--inspects", tmp_path / "inspects")
    assert ran.code == 0, ran.err
    (page,) = (tmp_path / "inspects").rglob("*.html")
    assert "inside lenet" in page.read_text(encoding="utf-8")
    assert str(old_run) in json.loads(page.with_suffix(".json").read_text())["network"]


@pytest.mark.slow
def test_a_new_training_takes_an_old_split(old_run, tmp_path):
    old, again = old_run / "split.csv", tmp_path / "again"
    ran = call("train", "-m", "lenet", "--data", tmp_path / "toy", "--split-file", old,
               "--image-size", "32", "--epochs", "1", "--batch-size", "16", "--runs", again)  # fmt: skip
    assert ran.code == 0, ran.err
    (new,) = again.rglob("split.csv")
    rows, before = ([line.split(",") for line in path.read_text().splitlines()] for path in (new, old))
    assert sorted(row[:4] for row in rows) == sorted(before)  # behind them stands the unit of each image

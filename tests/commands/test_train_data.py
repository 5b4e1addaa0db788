"""`train` on data folders of every kind: ready-made splits, broken files, odd names."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, make_patches, make_toy, toy_image
from PIL import Image
from run_files import quick_transfer, run_info, table

from data.split import SplitEntry, write_split
from data.store.store import Store
from study.settings.source import load_dataset
from study.settings.train import TrainSettings


def test_split_file_keeps_assignments_and_restores_the_ratio(run, tmp_path):
    data = make_toy(tmp_path / "toy", 30)
    again = load_dataset(
        TrainSettings.of(data=str(data), image_size=32, split_file=str(run / "split.csv"), seed=5), Store(None)
    )
    before = {row["path"]: row["part"] for row in table(run / "split.csv")}
    after = {row.path: row.split for row in again.entries}
    assert before.items() <= after.items()
    for label in TOY_CLASSES:
        parts = [split for path, split in after.items() if path.startswith(label)]
        counts = [parts.count(split) for split in ("train", "val", "test")]
        assert np.abs(np.subtract(counts, [24, 3, 3])).max() <= 1  # a near copy of a kept picture follows it


def test_ready_made_folders_are_used_as_they_are(run, tmp_path):
    data = tmp_path / "toy"
    counts = {"train": 6, "validation": 3, "test": 4}
    for i, (split, count) in enumerate(counts.items()):
        make_toy(data / split, count, first=10 * i)
    made, _ = quick_transfer(run, data, tmp_path / "runs")
    rows = table(made / "split.csv")
    assert all(row["path"].split("/")[0].startswith(row["part"]) for row in rows)
    assert [sum(row["part"] == split for row in rows) for split in ("train", "val", "test")] == [18, 9, 12]
    assert run_info(made)["class_names"] == list(TOY_CLASSES)
    page = " ".join((made / "report.html").read_text("utf-8").split())
    assert "39 images, in the splits that its folders give; every image" in page


def test_test_images_that_are_in_training_too_are_told_beside_the_figure_with_that_of_the_others(run, tmp_path):
    data, ranges = tmp_path / "data", {"train": range(6), "val": range(6, 9), "test": range(9, 14)}
    made = make_patches(tmp_path / "made", 14)
    for split, numbers in ranges.items():
        for label in TOY_CLASSES:
            (data / split / label).mkdir(parents=True)
            for number in numbers:
                shutil.copy(made / label / f"{number}.png", data / split / label)
    shutil.copy(made / "circle" / "0.png", data / "test" / "circle" / "copy.png")
    Image.open(made / "square" / "7.png").save(data / "test" / "square" / "near.jpg", quality=95)
    trained, ran = quick_transfer(run, data, tmp_path / "runs")
    metrics = json.loads((trained / "metrics.json").read_text(encoding="utf-8"))
    seen = metrics["test"]["seen"]
    assert (seen["images"], seen["others"], metrics["test"]["n"]) == (2, 15, 17)
    known = {row["path"]: row["label"] == row["predicted"] for row in table(trained / "predictions.csv")}
    assert seen["right"] == sum(right for path, right in known.items() if "copy" not in path and "near" not in path)
    also = "2 of the 17 images are also in training or validation, by copies, near duplicates or groups: of the "
    also += "other 15, "
    (told,) = (line for line in ran.out.splitlines() if line.startswith("test: accuracy"))
    assert f"; {also}{seen['right']} " in told
    page = " ".join((trained / "report.html").read_text("utf-8").split())
    assert page.index("test images") < page.index(f". {also}{seen['right']} ")
    assert "seen" not in metrics["val"]
    again = call("predict", "--run", trained)
    assert told in again.out
    assert also not in call("predict", "--run", trained, "--part", "val").out


def test_test_images_that_the_split_itself_tears_from_their_copies_are_told_too(run, tmp_path):
    """Of a class that is one scene over and over, and of near duplicates that an earlier split held apart."""
    data, given = make_patches(tmp_path / "data", 10), tmp_path / "split.csv"
    scene = Image.open(data / "square" / "0.png").copy()
    for file in (data / "square").iterdir():
        file.unlink()
    for number in range(10):
        scene.save(data / "square" / f"{number}.jpg", quality=50 + 4 * number)
    first, ran = quick_transfer(run, data, tmp_path / "runs")
    rows = [SplitEntry(row["path"], row["sha256"], row["label"], row["part"]) for row in table(first / "split.csv")]
    tested = [row.path for row in rows if row.split == "test"]
    torn = [path for path in tested if path.startswith("square/")]
    assert len(torn) == 1
    assert f"1 of the {len(tested)} images is also in training or validation, by copies, near dup" in ran.out
    apart = {"circle/9.png": "train", "circle/copy.jpg": "test"}
    write_split(given, [replace(row, split=apart.get(row.path, row.split)) for row in rows])
    second, _ = quick_transfer(run, data, tmp_path / "more", "--split-file", given)
    metrics = json.loads((second / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert metrics["seen"]["images"] == 2
    assert f"2 of the {metrics['n']} images are also in training" in call("predict", "--run", second).out


def test_broken_files_are_left_out_and_named_hidden_ones_passed_over(run, tmp_path):
    data = make_toy(tmp_path / "toy", 8)
    toy_image("circle", 100).resize((200, 200)).save(tmp_path / "whole.jpg")
    (data / "circle" / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:1500])
    (data / "circle" / "page.jpg").write_bytes(b"<!doctype html><p>404")
    (data / "square" / "empty.png").write_bytes(b"")
    (data / "square" / ".hidden.png").write_bytes(b"junk")
    (data / "square" / "Thumbs.db").write_bytes(b"junk")
    made, ran = quick_transfer(run, data, tmp_path / "runs")
    left_out = {entry["path"]: entry["reason"] for entry in run_info(made)["data"]["left_out"]}
    assert set(left_out) == {"circle/cut.jpg", "circle/page.jpg", "square/empty.png"}
    assert left_out["circle/cut.jpg"].startswith("truncated")
    assert left_out["circle/page.jpg"].startswith("not an image")
    assert left_out["square/empty.png"] == "the file is empty"
    assert "3 file(s) left out:" in ran.out
    for name, reason in left_out.items():
        assert f"  {name}: {reason}\n" in ran.out
    assert "hidden" not in ran.out
    assert "Thumbs" not in ran.out
    assert len(table(made / "split.csv")) == 24
    assert "circle/cut.jpg" in (made / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_names_that_a_spreadsheet_would_run_are_guarded_in_every_table_and_read_again(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = make_toy(tmp_path / "toy", 12)
    (data / "square").rename(data / "=1+1")
    toy_image("circle", 1).save(data / "=1+1" / "copy.png")
    made, _ = quick_transfer(run, data, tmp_path / "runs")
    names = {row["label"] for row in table(made / "split.csv")}
    assert names == {"circle", "stripes", "'=1+1"}
    rows = table(made / "predictions.csv")
    assert {row["label"] for row in rows} == names
    assert all(row["path"].startswith("'=1+1/") == (row["label"] == "'=1+1") for row in rows)
    assert run_info(made)["class_names"] == ["=1+1", "circle", "stripes"]
    assert call("predict", "--run", made).code == 0  # finds its images
    toy_image("circle", 99).save("-rf.png")
    assert call("predict", "--run", made, Path("-rf.png"), "--csv", "answers.csv").code == 2  # a flag, as ever
    assert call("predict", "--run", made, "-", "--csv", "answers.csv", stdin=b"-rf.png\n").code == 0
    (answer,) = table(Path("answers.csv"))
    assert answer["path"] == "'-rf.png"
    assert 0 <= float(answer["p_=1+1"]) <= 1
    assert call("check", "--data", data, "--out", "checked").code == 0
    found = (tmp_path / "checked" / "check.csv").read_text(encoding="utf-8-sig")
    assert "\n'=1+1/copy.png,two labels," in found
    Path("marked.csv").write_text("Path;Drop\n'=1+1/copy.png;x\ncircle/1.png;\n", encoding="utf-8")
    dataset = load_dataset(
        TrainSettings.of(data=str(data), image_size=32, split_file=str(made / "split.csv"), exclude="marked.csv"),
        Store(None),
    )
    assert [entry.name for entry in dataset.skipped] == ["=1+1/copy.png"]


@pytest.mark.slow
def test_data_folder_whose_name_is_no_unicode(run, tmp_path):
    data = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    try:
        data.mkdir()
    except OSError:
        pytest.skip("this file system takes Unicode names only")
    made, _ = quick_transfer(run, make_toy(data, 6), tmp_path / "runs")
    assert call("predict", "--run", made).code == 0  # the folder is found again

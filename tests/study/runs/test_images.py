"""The images of a run are found again; the program's own drawings are drawn again."""

import json
import shutil
from pathlib import Path

import pytest
from helpers import call, message
from run_files import run_info, table

from data.drawn import folder as drawn_folder
from data.split import SplitEntry, write_split
from data.store.hashes import hash_file
from study.predict.stream import predict_split
from study.runs.folder import read_run
from study.runs.images import images_of, masks_of


@pytest.fixture
def of_drawings(run, tmp_path, monkeypatch):
    """A run on few drawings, of which nothing is left: the cache is empty."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("STUDY_CACHE", str(cache))
    monkeypatch.setattr(drawn_folder.cached, "__defaults__", (12, 32, 0, None))
    images = drawn_folder.cached()
    copy, info = shutil.copytree(run, tmp_path / "run"), run_info(run)
    data = {"folder": str(images), "masks": str(images.parent / "masks"), "drawn": True}
    info |= {"class_names": list(drawn_folder.CLASS_COUNTS), "data": info["data"] | data}
    (copy / "run.json").write_text(json.dumps(info))
    files = sorted(images.rglob("*.jpg"))
    entries = [(path.relative_to(images).as_posix(), hash_file(path), path.parent.name) for path in files]
    write_split(copy / "split.csv", [SplitEntry(*entry, "test") for entry in entries])
    shutil.rmtree(cache)
    return copy


def test_drawings_that_are_gone_are_drawn_again(of_drawings, tmp_path):
    ran = call("predict", "--run", of_drawings, "--csv", tmp_path / "answers.csv")
    assert ran.code == 0, ran.err
    answered = [Path(row["path"]) for row in table(tmp_path / "answers.csv")]
    assert len(answered) == 12
    assert all(path.is_relative_to(tmp_path / "cache") and path.is_file() for path in answered)
    assert len(list(masks_of(read_run(of_drawings)).rglob("*.png"))) == 12


def test_drawings_of_another_place_are_found_where_this_one_has_its_own(of_drawings, tmp_path):
    own, run = drawn_folder.cached(), read_run(of_drawings)
    run.info["data"] |= {"folder": "/none/drawn/images", "masks": "/none/drawn/masks"}
    assert {path.parent.parent for path in images_of(run).values()} == {own}
    assert masks_of(run) == own.parent / "masks"


def test_drawings_that_come_out_otherwise_ask_for_a_training(of_drawings, tmp_path, monkeypatch):
    monkeypatch.setattr(drawn_folder.cached, "__defaults__", (12, 32, 1, None))
    told = message(predict_split, read_run(of_drawings), "test")
    assert told.startswith("12 of 12 images of the run's test split are missing or changed in ")
    assert f". They are drawings: remove {tmp_path / 'cache' / 'drawn-v1-12-32-1'} to have them drawn again; " in told
    assert told.endswith(" if that is no help, train again, or name files or folders to predict.")


def test_images_of_a_user_that_are_gone_are_not_replaced(of_drawings):
    run = read_run(of_drawings)
    run.info["data"]["drawn"] = False
    assert images_of(run) == {}
    assert " Put them back, " in message(predict_split, run, "test")

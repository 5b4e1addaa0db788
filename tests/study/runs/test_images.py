"""The images of a run are found again; the program's own drawings are drawn again."""

import json
import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from helpers import call, message
from run_files import run_info, table

from data.drawn import folder as drawn_folder
from data.split import SplitEntry, read_split, write_split
from data.store.hashes import hash_file
from study.inspect.source import from_run
from study.predict.own_split import predict_split
from study.runs.folder import read_run
from study.runs.images import images_of, masks_of
from study.runs.remedies import drawn_alike


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


def drawn_otherwise(run):
    """The folder of a run as one has it whose drawings came out otherwise, by another version of Pillow."""
    entries = read_split(run / "split.csv")
    write_split(run / "split.csv", [replace(entry, sha256=f"{place:064}") for place, entry in enumerate(entries)])
    info = run_info(run)
    (run / "run.json").write_text(json.dumps(info | {"versions": info["versions"] | {"pillow": "1.1.6"}}))
    return run


def test_drawings_that_come_out_otherwise_ask_for_a_training(of_drawings):
    told = message(predict_split, read_run(drawn_otherwise(of_drawings)), "test", whole=False)
    assert told.startswith("12 of 12 images of the run's test split are missing or changed in ")
    assert told.endswith(
        f". They are drawings, which come out otherwise here than for the run (pillow 1.1.6 then, {version('pillow')} "
        "now): train again, or name files or folders to predict."
    )


def test_drawings_that_were_changed_in_the_cache_are_drawn_again_once_they_are_removed(of_drawings, capsys):
    images = drawn_folder.cached()
    (images / "cat" / "cat_00000.jpg").write_bytes((images / "dog" / "dog_00000.jpg").read_bytes())
    assert predict_split(read_run(of_drawings), "test", whole=False).missing == 1
    told = " ".join(capsys.readouterr().out.split())
    assert told.endswith(f" They are drawings: remove {images.parent} to have them drawn again.")
    shutil.rmtree(images.parent)
    assert len(predict_split(read_run(of_drawings), "test").predictions) == 12


def test_inspect_says_the_same_of_drawings(of_drawings):
    drawn_folder.cached()
    told = message(from_run(read_run(drawn_otherwise(of_drawings))).take, np.arange(2))
    assert " was changed since the run. They are drawings, which come out otherwise here than for the run (" in told


def test_drawings_of_another_version_of_this_program_are_no_longer_drawn(of_drawings):
    run = read_run(of_drawings)
    assert drawn_alike(run)
    run.info["data"]["folder"] = run.info["data"]["folder"].replace("drawn-v1-", "drawn-v0-")
    assert not drawn_alike(run)


def test_images_of_a_user_that_are_gone_are_not_replaced(of_drawings):
    run = read_run(of_drawings)
    run.info["data"]["drawn"] = False
    assert images_of(run) == {}
    told = message(predict_split, run, "test")
    assert told.endswith(". Put them back, or name the folder that holds them now by --data DIR.")

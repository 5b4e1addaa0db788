"""`runs remove` where a run is somebody else's: it stays, under its name."""

import errno
import os
import shutil

import pytest
from another_user import UNIX, may_only_read, shared_place
from full_disk import content_of
from helpers import call

from errors import UserError
from study.checkpoint import unfinished
from study.runs import removal
from study.runtime import locks, temporary


@UNIX
@pytest.mark.parametrize("closed", ["run", "finder", "runs"])
def test_a_run_of_somebody_else_is_not_removed_nor_hidden(closed, run):
    with shared_place() as runs:
        mine, theirs = (shutil.copytree(run, runs / name) for name in ("mine", "theirs"))
        (theirs / "finder").mkdir()
        place = {"run": theirs, "finder": theirs / "finder", "runs": runs}[closed]
        for folder in (theirs, theirs / "finder", mine):
            folder.chmod(0o777)
        before = content_of(runs)
        with may_only_read(place), pytest.raises(UserError) as told:
            removal.remove(["mine", "theirs"], str(runs))
        of = mine if closed == "runs" else theirs
        assert str(told.value) == (
            f"{of} may not be removed: this user cannot write to {place}. Nothing was removed; let its owner do it."
        )
        assert content_of(runs) == before


@UNIX
def test_an_unfinished_training_of_somebody_else_is_not_removed_nor_hidden():
    with shared_place() as runs:
        folder = make_unfinished(runs)
        before = content_of(runs)
        with may_only_read(folder), pytest.raises(UserError, match=r"theirs may not be removed: .*Nothing was removed"):
            removal.remove(["theirs"], str(runs))
        assert content_of(runs) == before


@pytest.mark.parametrize("name", ["mine", "theirs"])
def test_what_the_disk_does_not_remove_keeps_its_name(name, run, tmp_path, monkeypatch):
    shutil.copytree(run, tmp_path / "mine")
    make_unfinished(tmp_path)
    before = content_of(tmp_path)

    def refuse(path, **_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(temporary.shutil, "rmtree", refuse)
    with pytest.raises(UserError, match=rf"{name} could not be removed: Permission denied\. It stays as it is; "):
        removal.remove([name], str(tmp_path))
    assert content_of(tmp_path) == before


def make_unfinished(runs):
    """Write the folder of a training that was stopped, with a checkpoint."""
    asked = {"settings": {}, "versions": {}, "data": "", "program": "", "flags": {}, "model": "lenet"}
    folder = runs / unfinished.FOLDER / "theirs"
    folder.mkdir(parents=True)
    unfinished.output.write_json(folder / unfinished.ASKED, {"schema": unfinished.SCHEMA, **asked})
    unfinished.files.write(folder, unfinished.Checkpoint({"outcomes": [], "standing": None}, {}))
    (folder / unfinished.LOCK).touch()
    for place in (folder, folder.parent):
        place.chmod(0o777)
    return folder


def make_crossval(runs, run, finished=True):
    """What `crossval` leaves where each fold is a training: one that is done, one that was killed, one that failed."""
    folder = runs / "original-0123abcd-crossval"
    first, second = (folder / "repeat-1" / f"fold-{number}" for number in (1, 2))
    shutil.copytree(run, first / "20260101-120000-original")
    make_unfinished(second)
    (second / ".unfinished-7-abc").mkdir()
    (second / ".unfinished-7-abc" / "model.keras").touch()
    for file in (
        first / "split.csv",
        first / "train.log",
        second / "train.log",
        second / "train.lock",
        folder / ".lock",
    ):
        file.touch()
    if finished:
        for name in ("crossval.html", "out-of-fold.csv"):
            (folder / name).touch()
        (folder / "crossval.json").write_text('{"crossval": 1, "settings": 1, "class_names": 1, "results": 1}')
    return folder


@pytest.mark.parametrize("finished", [True, False])
def test_a_cross_validation_is_removed_whole_and_none_that_is_at_work_or_holds_a_file_of_the_users(
    finished, run, tmp_path
):
    runs = tmp_path / "runs"
    folder = make_crossval(runs, run, finished)
    words = ("runs", "remove", folder.name, "--runs", runs)
    for own in ("notes.txt", "repeat-1/notes.txt", "repeat-1/fold-1/20260101-120000-original/notes.txt", "repeat-x/a"):
        (folder / own).parent.mkdir(exist_ok=True)
        (folder / own).write_text("mine")
        before = content_of(runs)
        ran = call(*words)
        assert (ran.code, "is not of the training: move it away first. Nothing was removed." in ran.err) == (2, True)
        assert content_of(runs) == before
        (folder / own).unlink()
    (folder / "repeat-x").rmdir()
    for lock in (folder / ".lock", folder / "repeat-1" / "fold-2" / "train.lock"):
        with locks.holding(lock, 0, "held"):
            ran = call(*words)
            told = f"error: A cross-validation is at work in {folder}. Wait for it, or stop it first.\n"
            assert (ran.code, ran.err) == (2, told)
    assert folder.is_dir()
    ran = call(*words)
    assert (ran.code, ran.err, list(runs.iterdir())) == (0, "", [])
    assert ran.out.startswith(f"removed {folder}: ")
    assert ran.out.endswith(" MB (a cross-validation)\n")


def test_a_folder_that_is_only_called_like_a_cross_validation_is_not_removed(tmp_path):
    folder = tmp_path / "runs" / "my-abc-crossval"
    folder.mkdir(parents=True)
    (folder / "crossval.json").write_text("{}")
    assert call("runs", "remove", folder.name, "--runs", tmp_path / "runs").code == 2
    assert (folder / "crossval.json").is_file()


@UNIX
def test_a_cross_validation_of_somebody_else_is_not_removed_nor_hidden(run):
    with shared_place() as runs:
        folder = make_crossval(runs, run)
        closed = folder / "repeat-1" / "fold-1"
        before = content_of(runs)
        with may_only_read(closed), pytest.raises(UserError, match=r"may not be removed: .*Nothing was removed"):
            removal.remove([str(folder)], str(runs))
        assert content_of(runs) == before

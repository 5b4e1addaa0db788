"""`runs remove` where a run is somebody else's: it stays, under its name."""

import errno
import os
import shutil

import pytest
from another_user import UNIX, may_only_read, shared_place
from full_disk import content_of

from errors import UserError
from study.checkpoint import unfinished
from study.runs import removal
from study.runtime import temporary


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

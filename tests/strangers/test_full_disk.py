"""A disk that is full at each position in turn: one line, exit code 2, nothing half-written, all else untouched."""

import json
import os
import shutil

import numpy as np
import pytest
from full_disk import content_of, every_position, full_disk
from helpers import call, make_toy

from data.store.rows import RowType
from data.store.store import Store
from errors import UserError
from study.checkpoint import files
from study.checkpoint.files import Checkpoint
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Unfinished
from study.predict.sorting import LOCK
from study.runtime import output

ASKED = {"model": "tiny", "flags": {}, "settings": {}, "data": "", "program": "", "versions": {}}
STEP = 1 if "STUDY_FUZZ_CASES" in os.environ else 13  # of commands, where it is not `make soak` that asks
ONCE_OR_FROM_THEN_ON = pytest.mark.parametrize("once", [True, False], ids=["once", "from then on"])
ONCE_OR_FROM_THEN_ON_OF_COMMANDS = pytest.mark.parametrize(
    "once", [pytest.param(True, id="once", marks=pytest.mark.slow), pytest.param(False, id="from then on")]
)
# What an earlier command left: nothing else is written over.
TABLE = "path,predicted,error\nbefore,cat,\n"
PAGE = '<html><meta name="generator" content="study-classification">before'


def told(what, positions):
    print(f"\n{what}: {positions:,} positions failed")
    return positions


WRITERS = {
    "page": ("a.html", lambda path: output.write_page(path, "<p>" + "x" * 20_000)),
    "JSON": ("a.json", lambda path: output.write_json(path, {"numbers": list(range(3000))})),
    "table": ("a.csv", lambda path: output.write_csv(path, ["a", "b"], [[i, "é"] for i in range(3000)])),
}


@ONCE_OR_FROM_THEN_ON
@pytest.mark.parametrize("before", [None, b"before"], ids=["new", "over another"])
@pytest.mark.parametrize("name", WRITERS)
def test_a_file_is_whole_or_as_it_was(name, before, once, tmp_path):
    path = tmp_path / WRITERS[name][0]

    def begin():
        path.unlink(missing_ok=True)
        if before is not None:
            path.write_bytes(before)

    def work():
        try:
            WRITERS[name][1](path)
        except UserError as error:
            return str(error)
        return None

    def check(said, disk):
        there = content_of(tmp_path)
        if said is None:
            assert there.keys() == {path.name}
            assert there[path.name] != before
        else:
            assert said.startswith(f"Cannot write {path}: the disk is full.")
            assert "\n" not in said
            assert there == ({} if before is None else {path.name: before})
        begin()

    begin()

    what = f"{name}, {'new' if before is None else 'over another'}"
    assert told(what, every_position(tmp_path, work, check, once)) > 2


def checkpoint(number):
    return Checkpoint({"epoch": number}, {"model": [np.full((50, 50), number, np.float32)] * 5})


@ONCE_OR_FROM_THEN_ON
def test_a_checkpoint_is_whole_or_the_earlier_ones_are_as_they_were(tmp_path, once):
    begun = tmp_path / "begun"
    begun.mkdir()
    for number in (1, 2):
        files.write(begun, checkpoint(number))
    folder = tmp_path / "folder"

    def work():
        try:
            return files.write(folder, checkpoint(3))
        except OSError as error:
            return error

    def check(result, disk):
        there = content_of(folder)
        newest = files.newest(folder)[0].state["epoch"]
        assert newest in (2, 3)
        if isinstance(result, OSError):
            kept = {name: content for name, content in there.items() if content_of(begun).get(name) == content}
            assert len(kept) == 2 or newest == 3
            assert all(name.endswith(".npz") for name in there)
        shutil.rmtree(folder)
        shutil.copytree(begun, folder)

    shutil.copytree(begun, folder)
    assert told("checkpoint", every_position(folder, work, check, once)) > 5


@ONCE_OR_FROM_THEN_ON
def test_a_training_goes_on_without_a_checkpoint_and_says_so_once(tmp_path, capsys, once):
    runs = tmp_path / "runs"
    runs.mkdir()

    def work():
        keeper = Keeper(Unfinished(runs, ASKED, None, "resume {}".format), 10.0)
        for number in (1, 2):
            keeper.write(lambda number=number: checkpoint(number))
        command = keeper.unfinished.command()
        keeper.unfinished.remove()
        return command

    def check(command, disk):
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) <= disk.failed  # none where only the end, which removes them, meets a full disk
        for line in lines:
            assert line.startswith("no checkpoint could be written in ")
            assert line.endswith(": the disk is full; training goes on")
        assert disk.failed or command
        assert content_of(runs).keys() <= {".unfinished"}
        shutil.rmtree(runs)
        runs.mkdir()

    assert told("folder of checkpoints", every_position(runs, work, check, once)) > 10


@ONCE_OR_FROM_THEN_ON
def test_the_store_keeps_whole_rows_or_none(tmp_path, once):
    root, row_type = tmp_path / "store", RowType("pixels 8", (8, 8, 3))
    rows = {f"{i:064x}": np.full((8, 8, 3), i, np.uint8) for i in range(20)}

    def work():
        store = Store(root)
        with store.writer(row_type) as keep:
            for key, row in rows.items():
                keep.add(key, row)
        store.keep_blob("networks", "a", b"x" * 100_000)
        return store.trouble

    def check(trouble, disk):
        assert "\n" not in trouble
        store, out = Store(root), np.zeros((20, 8, 8, 3), np.uint8)
        there = store.rows(row_type, list(rows)).read_into(out)
        for found, key, row in zip(out, rows, there, strict=True):
            assert not row or (found == rows[key]).all()
        assert there.all() or disk.failed
        assert store.blob("networks", "a") in (None, b"x" * 100_000)
        shutil.rmtree(root, ignore_errors=True)

    assert told("store", every_position(root, work, check, once)) > 3


def refused_or_done(ran, disk, *allowed):
    """Hold a command to its exit code and one line; what stands before it are notes."""
    assert "Traceback" not in ran.err
    errors = [line for line in ran.err.splitlines() if line.startswith("error: ")]
    assert ran.code in ((2,) if errors else (0, *allowed)), ran.err
    assert len(errors) <= 1
    assert all("full" in line or "No space" in line for line in errors), ran.err
    return ran.code == 0


@pytest.mark.soak
@ONCE_OR_FROM_THEN_ON_OF_COMMANDS
def test_a_run_folder_is_whole_or_not_there(run, toy, tmp_path, once):
    runs = tmp_path / "runs"
    words = ("train", "-m", "original", "--image-size", 32, "--weights", run, "--learning", "transfer", "--epochs", 1)

    def work():
        return call(*words, "--data", toy, "--runs", runs)

    def check(ran, disk):
        whole = refused_or_done(ran, disk)
        there = [path for path in runs.iterdir() if path.name[0] != "."]
        assert len(there) == whole, (ran.err, there)
        for left in set(runs.iterdir()) - {
            *there,
            runs / ".unfinished",
        }:  # what took so long to learn is not thrown away for want of a name
            assert f"error: All is saved in {left}, but could not be given its name" in ran.err
        if whole:
            assert call("runs", "--runs", runs).code == 0
        shutil.rmtree(runs)
        runs.mkdir()

    runs.mkdir()
    assert told("run folder of train", every_position(runs, work, check, once, STEP)) > 2


@pytest.mark.soak
@ONCE_OR_FROM_THEN_ON_OF_COMMANDS
def test_what_predict_writes_is_whole_or_as_it_was(run, tmp_path, once):
    images, out = make_toy(tmp_path / "images", 1, first=500), tmp_path / "out"
    table, page, sort = out / "a.csv", out / "a.html", out / "sorted"

    def begin():
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        table.write_text(TABLE)
        page.write_text(PAGE)

    def work():
        return call("predict", "--run", run, images, "--csv", table, "--page", page, "--sort", sort)

    def check(ran, disk):
        refused_or_done(ran, disk)
        assert [path for path in out.rglob(".*") if path != sort / LOCK] == []
        text, shown = table.read_text(), page.read_text()
        assert text == TABLE or text.count("\n") == 4
        assert shown == PAGE or shown.rstrip().endswith("</html>")
        for path in sort.rglob("*.png"):
            assert path.read_bytes() in {image.read_bytes() for image in images.rglob("*.png")}
        begin()

    begin()

    assert told("predict", every_position(out, work, check, once, STEP)) > 2


@pytest.mark.soak
@ONCE_OR_FROM_THEN_ON_OF_COMMANDS
def test_each_file_that_check_writes_is_whole_or_not_there(toy, tmp_path, once):
    out = tmp_path / "out"
    assert call("check", "--data", toy, "--out", tmp_path / "first").code == 0
    whole = [(tmp_path / "first" / "check.csv").read_bytes()]
    out.mkdir()

    def work():
        return call("check", "--data", toy, "--out", out / "check")

    def check(ran, disk):
        done, there = refused_or_done(ran, disk), content_of(out)
        assert not [name for name in there if "/." in f"/{name}"], there
        page, table = there.get("check/check.html"), there.get("check/check.csv")
        assert page is None or page.rstrip().endswith(b"</html>")
        whole.append(table or whole[0])
        assert whole[-1] == whole[0]
        assert not done or (page and table)
        shutil.rmtree(out)
        out.mkdir()

    assert told("check", every_position(out, work, check, once, STEP)) > 0


def test_the_disk_of_these_tests_is_full_where_it_says(tmp_path):
    """Counting must not change what is written, and the position that fails is the one that was asked for."""
    with full_disk(tmp_path, 0) as disk:
        output.write_json(tmp_path / "a.json", {"a": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}
    kinds = [seen.split()[0] for seen in disk.seen]
    assert kinds == ["open", "write", "open", "fsync", "replace"]
    for number in range(1, 6):
        with full_disk(tmp_path, number) as disk, pytest.raises(UserError):
            output.write_json(tmp_path / "a.json", {"a": 2})
        assert disk.seen[number - 1].startswith(kinds[number - 1])
        assert json.loads((tmp_path / "a.json").read_text()) == {"a": 1}

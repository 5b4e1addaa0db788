"""A folder that is filled is whole or not there, and one that was there stays the same."""

import errno

import pytest
from full_disk import content_of, every_position
from helpers import message

from errors import UserError
from study.runtime.new_folder import filled_within


def fill(out, error=None):
    with filled_within(out, "--masks") as folder:
        (folder / "cat").mkdir()
        (folder / "cat" / "a.png").write_bytes(b"a")
        (folder / "b.png").write_bytes(b"b")
        assert [path for path in out.iterdir() if not path.name.startswith(".")] == []  # until all is in it
        if error:
            raise error


WHOLE = {"b.png": b"b", "cat": None, "cat/a.png": b"a"}


def test_a_new_folder_and_those_around_it_are_made(tmp_path):
    fill(tmp_path / "new" / "out")
    assert content_of(tmp_path / "new" / "out") == WHOLE


def test_a_folder_that_is_there_stays_the_same_with_its_hidden_files(tmp_path, monkeypatch):
    (tmp_path / ".hidden").write_bytes(b"mine")
    before = tmp_path.stat().st_ino
    monkeypatch.chdir(tmp_path)
    fill(tmp_path.relative_to(tmp_path))
    assert content_of(tmp_path) == WHOLE | {".hidden": b"mine"}
    assert tmp_path.stat().st_ino == before


@pytest.mark.parametrize("error", [ValueError("broken"), KeyboardInterrupt(), OSError(errno.EIO, "bad")])
@pytest.mark.parametrize("there", [True, False])
def test_whatever_stops_it_leaves_what_was_there(tmp_path, error, there):
    if there:
        (tmp_path / "new" / "out").mkdir(parents=True)
        (tmp_path / "new" / "out" / ".hidden").write_bytes(b"mine")
    before = content_of(tmp_path)
    with pytest.raises(type(error)):
        fill(tmp_path / "new" / "out", error)
    assert content_of(tmp_path) == before


@pytest.mark.parametrize("once", [True, False], ids=["once", "from then on"])
def test_a_full_disk_leaves_nothing_and_is_told(tmp_path, once):
    out = tmp_path / "new" / "out"

    def work():
        try:
            fill(out)
        except UserError as error:
            return str(error)
        return None

    def check(said, disk):
        if said is None:
            assert content_of(out) == WHOLE
            for path in (out / "cat" / "a.png", out / "b.png"):
                path.unlink()
            for path in (out / "cat", out, out.parent):
                path.rmdir()
        else:
            told = ("The disk is full: nothing was left in ", "Cannot write to ")
            assert said.startswith(tuple(f"{start}--masks {out}" for start in told))
            assert content_of(tmp_path) == {}

    assert every_position(tmp_path, work, check, once) > 5


@pytest.mark.parametrize("name", ["b.png", "other.txt"])
def test_a_folder_that_holds_something_stays_as_it_is(tmp_path, name):
    (tmp_path / name).write_bytes(b"mine")
    told = f"--masks takes a new or empty folder, so that no file is replaced. Received: {tmp_path}"
    assert message(fill, tmp_path) == told
    assert content_of(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("name", ["b.png", ".hidden"])
def test_what_comes_into_it_meanwhile_is_not_replaced(tmp_path, name):
    def both():
        with filled_within(tmp_path, "--masks") as folder:
            (folder / name).write_bytes(b"ours")
            (tmp_path / name).write_bytes(b"theirs")

    assert "so that no file is replaced" in message(both) or "which is not replaced" in message(both)
    assert content_of(tmp_path) == {name: b"theirs"}


def test_a_file_in_its_place_is_told(tmp_path):
    (tmp_path / "out").write_bytes(b"mine")
    assert message(fill, tmp_path / "out") == (
        f"Cannot write to --masks {tmp_path / 'out'}: File exists. Give another folder."
    )

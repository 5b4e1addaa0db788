"""Checkpoint files: whole or not at all, two of them, and nothing taken on trust."""

import errno
import hashlib
import io
import os
import zipfile

import numpy as np
import pytest

from errors import UserError
from study.checkpoint import files
from study.checkpoint.files import Checkpoint, newest, read, state_of, write


def checkpoint(number=1):
    arrays = {"model": [np.full((2, 3), number, np.float32), np.array(7, np.int64)], "best": []}
    return Checkpoint({"epoch": number, "loss": float("nan")}, arrays)


def rewritten(path, change):
    """A file with other parts under the name that its new content asks for, as a stranger could make it."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    content = io.BytesIO()
    change(parts, content)
    name = f"{path.name[:8]}-{hashlib.sha256(content.getvalue()).hexdigest()[:16]}.npz"
    made = path.with_name(name)
    made.write_bytes(content.getvalue())
    return made


def stored(parts, content, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_what_is_written_is_read_again(tmp_path):
    found = read(write(tmp_path, checkpoint(3)))
    assert found.state["epoch"] == 3
    assert np.isnan(found.state["loss"])
    assert [array.dtype.name for array in found.arrays["model"]] == ["float32", "int64"]
    np.testing.assert_array_equal(found.arrays["model"][0], np.full((2, 3), 3))
    assert found.arrays["best"] == []


def test_the_last_two_are_kept(tmp_path):
    written = [write(tmp_path, checkpoint(number)) for number in range(1, 5)]
    assert sorted(tmp_path.iterdir()) == written[-2:]
    assert newest(tmp_path)[0].state["epoch"] == 4


@pytest.mark.parametrize("harm", [lambda data: data[:-9], lambda data: data[:60] + b"x" + data[61:], lambda data: b""])
def test_of_a_damaged_one_the_one_before_is_taken(tmp_path, harm):
    write(tmp_path, checkpoint(1))
    path = write(tmp_path, checkpoint(2))
    path.write_bytes(harm(path.read_bytes()))
    found, damaged = newest(tmp_path)
    assert (found.state["epoch"], damaged) == (1, [path])
    with pytest.raises(UserError, match="no checkpoint of this program, or damaged"):
        read(path)


def test_without_any_there_is_none(tmp_path):
    (tmp_path / "00000001-0123456789abcdef.npz").write_bytes(b"no zip")
    (tmp_path / "mine.npz").write_bytes(b"of the user")
    assert newest(tmp_path) == (None, [tmp_path / "00000001-0123456789abcdef.npz"])


def objects(parts, content):
    made = io.BytesIO()
    np.save(made, np.array([{"a": 1}], object), allow_pickle=True)
    stored(parts | {"model.0.npy": made.getvalue()}, content)


def compressed(parts, content):
    made = io.BytesIO()
    np.save(made, np.zeros(10_000_000, np.uint8))
    stored(parts | {"model.0.npy": made.getvalue()}, content, zipfile.ZIP_DEFLATED)


def larger_than_the_file(parts, content):
    made = io.BytesIO()
    np.lib.format.write_array_header_1_0(made, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)})
    stored(parts | {"model.0.npy": made.getvalue()}, content)


def other_state(parts, content):
    made = io.BytesIO()
    np.save(made, np.frombuffer(b"[1, 2]", np.uint8))
    stored(parts | {"state.npy": made.getvalue()}, content)


def without_an_array(parts, content):
    stored({name: data for name, data in parts.items() if name != "model.1.npy"}, content)


@pytest.mark.parametrize("change", [objects, compressed, larger_than_the_file, other_state, without_an_array])
def test_a_file_of_a_stranger_is_refused_though_its_name_fits(tmp_path, change):
    path = rewritten(write(tmp_path, checkpoint()), change)
    with pytest.raises(UserError, match="no checkpoint of this program, or damaged"):
        read(path)


def test_the_state_alone_is_read_without_the_arrays(tmp_path):
    assert state_of(write(tmp_path, checkpoint(5)))["epoch"] == 5
    path = tmp_path / "00000009-0123456789abcdef.npz"
    path.write_bytes(b"")
    with pytest.raises(UserError):
        state_of(path)


def test_a_full_disk_leaves_the_earlier_ones(tmp_path, monkeypatch):
    first = write(tmp_path, checkpoint(1))

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write(tmp_path, checkpoint(2))
    assert list(tmp_path.iterdir()) == [first]

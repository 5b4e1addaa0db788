"""A file system without locks, as some of a network are: refused in one line, or safe without."""

import errno
import os

import pytest
from helpers import call, make_patches

fcntl = pytest.importorskip("fcntl", reason="Windows locks otherwise")

LENET = ("-m", "lenet", "--epochs", "1", "--augment", "none")
WHAT = {
    "compare": (*LENET, "--vary", "l2=0,0.01", "--seeds", "1", "--out"),
    "crossval": (*LENET, "--folds", "2", "--repeats", "1", "--runs"),
    "tune": (*LENET, "--trials", "1", "--runs"),
}


def without_locks(monkeypatch, number):
    def flock(*arguments):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
@pytest.mark.parametrize("name", WHAT)
def test_what_works_alone_in_a_folder_is_refused_in_one_line(name, number, tmp_path, monkeypatch):
    data = make_patches(tmp_path / "data")
    without_locks(monkeypatch, number)
    ran = call(name, "--data", data, *WHAT[name], tmp_path / "out")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert f"cannot be kept to one process: its file system has no locks ({os.strerror(number)}). " in ran.err
    assert ran.err.startswith(f"error: {tmp_path / 'out'}")
    assert not list(tmp_path.rglob("train.log"))

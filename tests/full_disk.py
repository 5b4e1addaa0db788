"""A disk that is full at one moment: the n-th time that something is written below a folder, it fails.

Counted are files opened for writing, each write that reaches the system, fsync, and names given, changed or linked.
What C writes (SQLite, HDF5, OpenVINO) is not seen: for that there are small disks, `strangers/test_small_disk.py`.
"""

import builtins
import contextlib
import errno
import io
import os
import shutil
from pathlib import Path

from helpers import classes_in

NAMES = ("rename", "replace", "link", "symlink", "mkdir", "utime", "truncate")  # of functions of os


class Disk:
    """Fails at the n-th position, once or from there on; `seen` are those that were reached."""

    def __init__(self, root, fails_at, once=True):
        self.root, self.fails_at, self.once, self.seen = Path(root).resolve(), fails_at, once, []

    def holds(self, path):
        if not isinstance(path, str | bytes | os.PathLike):
            return False
        whole = Path(os.path.abspath(os.fsdecode(path)))  # noqa: PTH100 - of a link its own place
        return whole.is_relative_to(self.root)

    def count(self, what, path):
        self.seen.append(f"{what} {os.fsdecode(path)}")
        number = len(self.seen)
        if number == self.fails_at or (not self.once and number > self.fails_at > 0):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(path))

    @property
    def failed(self):
        return len(self.seen) >= self.fails_at > 0


class _File(io.FileIO):
    """A file whose writes are counted."""

    def __init__(self, disk, path, mode):
        super().__init__(path, mode)
        self.disk, self.path = disk, path

    def write(self, data):
        self.disk.count("write", self.path)
        return super().write(data)


@contextlib.contextmanager
def full_disk(root, fails_at, once=True):
    """Let the n-th position below `root` fail within the block; 0: none, to count them."""
    disk, kept = Disk(root, fails_at, once), (io.open, os.open, os.fsync, *(getattr(os, name) for name in NAMES))
    opened, os_open, fsync, *functions = kept
    places = {}  # descriptor -> path

    def open_counted(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
        if not disk.holds(file) or not set(mode) & set("wax+") or opener:
            return opened(file, mode, buffering, encoding, errors, newline, closefd, opener)
        disk.count("open", file)
        raw = _File(disk, file, mode.replace("b", "").replace("t", ""))
        places[raw.fileno()] = file
        if buffering == 0:
            return raw
        buffered = (io.BufferedRandom if "+" in mode else io.BufferedWriter)(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    def os_open_counted(path, flags, *more, **named):
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes and disk.holds(path):
            disk.count("open", path)
        descriptor = os_open(path, flags, *more, **named)
        places[descriptor] = path
        return descriptor

    def fsync_counted(descriptor):
        if disk.holds(places.get(descriptor)):
            disk.count("fsync", places[descriptor])
        return fsync(descriptor)

    def counted(name, function):
        def call(path, *more, **named):
            target = more[0] if more and name in ("rename", "replace", "link", "symlink") else path
            if disk.holds(target):
                disk.count(name, target)
            return function(path, *more, **named)

        return call

    io.open = builtins.open = open_counted
    os.open, os.fsync = os_open_counted, fsync_counted
    for name, function in zip(NAMES, functions, strict=True):
        setattr(os, name, counted(name, function))
    try:
        yield disk
    finally:
        io.open = builtins.open = opened
        os.open, os.fsync = os_open, fsync
        for name, function in zip(NAMES, functions, strict=True):
            setattr(os, name, function)


def content_of(folder):
    """Return path below a folder -> bytes of the file, None for a folder: what is there, hidden or not."""
    return {
        path.relative_to(folder).as_posix(): None if path.is_dir() else path.read_bytes()
        for path in sorted(Path(folder).rglob("*"))
    }


def every_position(root, work, check, once=True, step=1):
    """Let each position below `root` fail in turn, or one of so many; return how many failed.

    Args:
        work: does what writes; is called anew for each position.
        check: is told what `work` returned and whether a position failed.
    """
    for tried, number in enumerate(range(1, 100_000, step)):
        with full_disk(root, number, once) as disk:
            result = work()
        check(result, disk)
        if not disk.failed:
            return tried
    raise AssertionError("no end of positions")


def whole_folder_or_none(root, work, out, images, kept=()):
    """Let each position fail in turn while a command makes the folder `out`: it is whole, or one line and nothing.

    `kept`: names beside it that may stay.
    """
    refused = []

    def check(ran, disk):
        if ran.code:  # 0 also where another way was open: tempfile knows two to make a file
            assert disk.failed
            refused.append(ran)
            assert "the disk is full" in ran.err.lower() or "No space left on device" in ran.err
            assert ran.err.startswith("error: ")
            assert [path.name for path in out.parent.glob("*") if path.name not in kept] == []
        else:
            assert sum(classes_in(out).values()) == images
        shutil.rmtree(out.parent, ignore_errors=True)

    assert every_position(root, work, check) > 10
    assert len(refused) > 10

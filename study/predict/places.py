"""How sorted files come to their folders: whole or not at all, and over no other file."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from pathlib import Path

from data.file_names import numbered
from study.runtime.temporary import aside_in


def place_copy(file: Path, folder: Path, name: str) -> Path:
    """Copy a file into a folder, whole or not at all, under a name or it with a number; return where it is.

    Its date stays; a file that is there is never written over.
    """
    aside = aside_in(folder)
    try:
        shutil.copyfile(file, aside)
        with contextlib.suppress(OSError):  # some disks keep no dates
            stat = file.stat()
            os.utime(aside, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return settle(aside, folder, name)
    finally:
        aside.unlink(missing_ok=True)


def place_link(file: Path, folder: Path, name: str) -> Path:
    """Make a symbolic link to a file in a folder, under a name or it with a number; return where it is."""
    for number in itertools.count(1):
        target = folder / numbered(name, number)
        with contextlib.suppress(FileExistsError):
            target.symlink_to(file.absolute())
            return target
    raise AssertionError


def settle(aside: Path, folder: Path, name: str) -> Path:
    """Give a file in a folder its name, or the first one with a number that nothing has; return where it is."""
    for number in itertools.count(1):
        target = folder / numbered(name, number)
        try:
            os.link(aside, target)  # unlike renaming, this fails where something has the name
        except FileExistsError:
            continue
        except OSError:  # a disk without hard links
            if os.path.lexists(target):
                continue
            return aside.rename(target)
        return target
    raise AssertionError

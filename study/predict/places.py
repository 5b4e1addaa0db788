"""Where sorted files go: folders for classes of any name, and names of files that nothing has yet."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path

from study.runtime.temporary import UNFINISHED

MOST_BYTES = 255  # of a name, on most disks
SHORT = 100  # bytes of a folder's name, so that Windows takes the whole path
NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')  # on Windows, and some of them anywhere
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)  # devices of Windows


def folder_names(names: Iterable[str]) -> dict[str, str]:
    """Return for each name, of a class or verdict, the name of its folder, which every disk takes.

    It is the name itself where that will do, and no two are alike but for upper and lower case: others get a number.
    """
    folders, taken = {}, set()
    for name in sorted(dict.fromkeys(names), key=lambda name: as_folder(name) != name):  # who needs no change, first
        plain = as_folder(name)
        numbers = (numbered(plain, number) for number in itertools.count(1))
        folders[name] = next(one for one in numbers if one.casefold() not in taken)
        taken.add(folders[name].casefold())
    return folders


def as_folder(name: str) -> str:
    """Return a name that a folder may have anywhere: `a/b` -> `a_b`, `con` -> `_con`, `cat.` -> `cat_`."""
    text = NOT_IN_NAMES.sub("_", name)
    while len(os.fsencode(text)) > SHORT:
        text = text[:-1]
    text = re.sub(r"[. ]$", "_", text)
    return f"_{text}" if RESERVED.match(text) or text.startswith((".", " ")) or not text else text


def numbered(name: str, number: int) -> str:
    """`cat.jpg`, `cat-2.jpg`, `cat-3.jpg`: the first is the name itself."""
    suffix = Path(name).suffix
    stem = name.removesuffix(suffix)
    tail = suffix if number == 1 else f"-{number}{suffix}"
    while stem and len(os.fsencode(stem + tail)) > MOST_BYTES:
        stem = stem[:-1]
    return stem + tail


def place_copy(file: Path, folder: Path) -> Path:
    """Copy a file into a folder, whole or not at all, under its name or one with a number; return where it is.

    Its date stays; a file that is there is never written over.
    """
    aside = folder / f"{UNFINISHED}{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        shutil.copyfile(file, aside)
        with contextlib.suppress(OSError):  # some disks keep no dates
            stat = file.stat()
            os.utime(aside, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        return settle(aside, folder, file.name)
    finally:
        aside.unlink(missing_ok=True)


def place_link(file: Path, folder: Path) -> Path:
    """Make a symbolic link to a file in a folder, under its name or one with a number; return where it is."""
    for number in itertools.count(1):
        target = folder / numbered(file.name, number)
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

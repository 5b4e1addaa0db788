"""Names of folders for classes of any name, which every disk takes, and of files that nothing has yet."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable
from pathlib import Path

from data.walk import IMAGE_SUFFIXES

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


def image_name(name: str, suffix: str) -> str:
    """Return the name of an image's file, with the suffix behind it where it has none by which images are known."""
    return name if Path(name).suffix.lower() in IMAGE_SUFFIXES else name + suffix


def as_file(name: str) -> str:
    """Return a name that a file may have anywhere, with the same suffix: `a:b.png` -> `a_b.png`."""
    suffix = Path(name).suffix
    return as_folder(name.removesuffix(suffix)) + suffix


def numbered(name: str, number: int) -> str:
    """`cat.jpg`, `cat-2.jpg`, `cat-3.jpg`: the first is the name itself."""
    suffix = Path(name).suffix
    stem = name.removesuffix(suffix)
    tail = suffix if number == 1 else f"-{number}{suffix}"
    while stem and len(os.fsencode(stem + tail)) > MOST_BYTES:
        stem = stem[:-1]
    return stem + tail

"""A new folder with one sub-folder for each class: whole or not there, and never over another one."""

from __future__ import annotations

import math
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from errors import UserError
from study.fetch.catalogue import DataSet
from study.runtime import new_folder

LICENCE = ".licence.txt"  # hidden, so that it is not counted among the files that are no images


class Placed:
    """A folder that is being filled: where it is, and how many images of each class it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.counts = folder, Counter()

    def add(self, label: str, name: str, source: IO[bytes] | Path, copy: bool = True) -> None:
        """Add one image: its bytes, or the file itself, of which a hard link is made unless `copy` or impossible.

        Raises:
            UserError: the class has an image of that name.
        """
        target = self.folder / label / name
        target.parent.mkdir(exist_ok=True)
        try:
            if not isinstance(source, Path):
                with target.open("xb") as file:
                    shutil.copyfileobj(source, file, 1 << 20)
            elif copy or not linked(source, target):
                with source.open("rb") as original, target.open("xb") as file:
                    shutil.copyfileobj(original, file, 1 << 20)
        except FileExistsError as error:
            raise UserError(f"Two images of {label} are called {name}: one would overwrite the other.") from error
        self.counts[label] += 1


def linked(source: Path, target: Path) -> bool:
    """Make a hard link, and say whether the file system lets one. Raise FileExistsError where `target` is there."""
    try:
        os.link(source.resolve(), target)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def check_space(folder: Path, needed: int, what: str) -> None:
    """Raise UserError where the disk of a folder has less room than is needed."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UserError(
            f"{what} needs {math.ceil(needed / 1e6):,} MB in {folder.absolute()}, where {free // 1_000_000:,} MB are "
            "free. Free some space, or give another --out DIR."
        )


@contextmanager
def filling(out: Path, data_set: DataSet) -> Iterator[Placed]:
    """Yield what is to be filled; it becomes `out` at the end, with the licence in it, and goes if that fails.

    Raises:
        UserError: the disk is full.
    """
    with new_folder.filled(out) as temporary:
        yield Placed(temporary)
        (temporary / LICENCE).write_text("\n".join([*data_set.told(), ""]), encoding="utf-8")

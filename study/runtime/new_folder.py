"""A folder to write into that is new or empty: it gets its name when all is in it, and nothing is ever overwritten."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import UserError
from study.runtime import output
from study.runtime.temporary import unfinished


def check(out: Path, flag: str = "--out", make: bool = False) -> None:
    """Raise UserError now, not after the work, where a folder is there and holds something, or cannot be made.

    `make`: whether the folder around it is made now.
    """
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UserError(
            f"{flag} takes a new or empty folder, so that nothing is overwritten. Received: {out}, which is there."
        )
    output.check_writable(out.absolute().parent, flag, make)


@contextmanager
def filled(out: Path, flag: str = "--out") -> Iterator[Path]:
    """Yield a hidden folder to fill; it becomes `out` at the end, and goes if that fails.

    Raises:
        UserError: the disk is full.
    """
    place = out.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(place.parent)
    try:
        yield temporary
        check(out, flag)  # another command may have made it meanwhile
        if place.is_dir():
            place.rmdir()  # empty: Windows renames over none
        temporary.rename(place)
    except OSError as error:
        if output.is_disk_full(error):
            raise UserError(
                f"The disk is full: {out} was not made. Free some space, or give another {flag} DIR."
            ) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)

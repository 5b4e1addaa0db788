"""A folder to write into that is new or empty: it gets its name when all is in it, and nothing is ever overwritten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from errors import UserError
from study.runtime import output
from study.runtime.temporary import unfinished


def check(out: Path, make: bool = False) -> None:
    """Raise UserError now, not after the work, where a folder is there and holds something, or cannot be made.

    `make`: whether the folder around it is made now.
    """
    if out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UserError(
            f"--out takes a new or empty folder, so that nothing is overwritten. Received: {out}, which is there."
        )
    output.check_writable(out.absolute().parent, "--out", make)


@contextmanager
def filled(out: Path) -> Iterator[Path]:
    """Yield a hidden folder to fill; it becomes `out` at the end, and goes if that fails.

    Raises:
        UserError: the disk is full.
    """
    place = out.absolute()
    place.parent.mkdir(parents=True, exist_ok=True)
    temporary = unfinished(place.parent)
    try:
        yield temporary
        check(out)  # another command may have made it meanwhile
        if place.is_dir():
            place.rmdir()  # empty: Windows renames over none
        temporary.rename(place)
    except OSError as error:
        if output.is_disk_full(error):
            raise UserError(
                f"The disk is full: {out} was not made. Free some space, or give another --out DIR."
            ) from error
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def filled_within(out: Path, flag: str) -> Iterator[Path]:
    """Yield a hidden folder to fill; what is in it comes into `out` around it at the end, and goes if that fails.

    Unlike of `filled`, a folder that is there stays the same, which may be the working folder or that of a disk, and
    may hold hidden files.

    Raises:
        UserError: the folder cannot be made, or holds something, or the disk is full.
    """
    refuse_filled(out, flag)
    missing = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        temporary = unfinished(out)
    except OSError as error:
        remove_empty(missing)
        raise UserError(f"Cannot write to {flag} {out}: {error.strerror}. Give another folder.") from error
    names: list[str] = []  # that come into it
    try:
        yield temporary
        refuse_filled(out, flag)  # another command may have filled it meanwhile
        names = [path.name for path in temporary.iterdir()]
        if there := [name for name in names if os.path.lexists(out / name)]:  # hidden files
            raise UserError(f"{flag} {out} has a file {there[0]} already, which is not replaced. Give another folder.")
        for name in names:
            (temporary / name).rename(out / name)
        remove(temporary)
    except BaseException as error:
        for name in names:
            if not os.path.lexists(temporary / name):
                remove(out / name)
        remove(temporary)
        remove_empty(missing)
        if isinstance(error, OSError) and output.is_disk_full(error):
            raise UserError(
                f"The disk is full: nothing was left in {flag} {out}. Free some space, or give another folder."
            ) from error
        raise


def refuse_filled(out: Path, flag: str) -> None:
    """Raise UserError where a folder holds more than hidden files."""
    if out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir()):
        raise UserError(f"{flag} takes a new or empty folder, so that no file is replaced. Received: {out}")


def remove(path: Path) -> None:
    """Remove a file or a folder, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def remove_empty(folders: Iterable[Path]) -> None:
    """Remove folders that hold nothing, each before the one around it."""
    for folder in folders:
        with suppress(OSError):  # it holds something, or was not made
            folder.rmdir()

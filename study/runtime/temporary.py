"""Temporary files of this process in a folder of its own; what killed processes left behind is swept away."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import time
import uuid
from pathlib import Path

PREFIX = "study-classification-"
UNFINISHED = ".unfinished-"  # what a command fills before it gets its name; the number behind it is the process
ASIDE = "[0-9a-f]{32}"  # behind the number, of one file: the folder may be the user's, where others may look alike
HOUR = 3600.0  # seconds


def use_own_folder() -> None:
    """Let `tempfile` make its files in a folder of this process, which goes when it ends, and sweep those of others.

    TensorFlow writes each function that it rewrites into a file there, and a killed process leaves them behind.
    """
    if Path(tempfile.gettempdir()).name.startswith(PREFIX):
        return
    sweep(Path(tempfile.gettempdir()), PREFIX)
    own = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-")
    tempfile.tempdir = own
    atexit.register(shutil.rmtree, own, ignore_errors=True)


def unfinished(folder: Path) -> Path:
    """Make a hidden folder in `folder` to be filled and then renamed; what killed processes left there is swept."""
    sweep(folder, UNFINISHED)
    made = aside_in(folder)
    made.mkdir()  # unlike of tempfile's, its rights are those that the user gives to new folders
    return made


def aside_in(folder: Path) -> Path:
    """Return a hidden path in `folder` for what is written and then renamed; of a file, swept as `ASIDE`."""
    return folder / f"{UNFINISHED}{os.getpid()}-{uuid.uuid4().hex}"


def sweep(folder: Path, prefix: str, rest: str = ".*") -> None:
    """Remove what processes that are gone left in `folder` under names of `prefix`, their number, a dash and `rest`.

    Only what nothing was added to for an hour: in a folder that several computers share, it may be another one's.
    """
    for path in folder.glob(f"{prefix}*"):
        number = re.fullmatch(rf"(\d+)-{rest}", path.name.removeprefix(prefix))
        try:
            if number and is_old(path) and not is_alive(int(number[1])):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        except OSError:  # of somebody else, or gone already
            continue


def locked(folder: Path) -> Path | None:
    """Return what keeps a folder from being removed: one in it, or around it, that may not be written; None else."""
    within = (path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())
    return next((place for place in (folder.parent, folder, *within) if not is_writable(place)), None)


def is_writable(folder: Path) -> bool:
    """Say whether files may be made in a folder, and removed from it."""
    return os.access(folder, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids)


def take_away(folder: Path) -> None:
    """Remove a folder, under another name first, so that no half of it is ever taken for a whole one.

    Raises:
        OSError: it could not be removed; where nothing of it was, it has its name again.
    """
    aside = folder.with_name(f"{UNFINISHED}{os.getpid()}-{folder.name}")
    before = {path.relative_to(folder) for path in folder.rglob("*")}
    folder.rename(aside)
    try:
        shutil.rmtree(aside)
    except OSError:
        if before == {path.relative_to(aside) for path in aside.rglob("*")}:
            aside.rename(folder)
        raise


def is_old(path: Path) -> bool:
    """Say whether nothing was added to a folder, or written to a file, for an hour."""
    return time.time() - path.lstat().st_mtime > HOUR


def is_alive(process: int) -> bool:
    """Say whether a process of this computer is at work."""
    if os.name == "nt":  # os.kill would end it
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True

"""What a command writes: checked before the work, whole or not at all after it."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from errors import UserError
from study.runtime import streams
from study.runtime.temporary import ASIDE, UNFINISHED, aside_in, sweep, unfinished

# An array of numbers as `indent` spreads it over lines. No text has a line break in JSON, so none can look like it.
SPREAD = re.compile(r"\[\n\s+((?:[-+.\w]+,\n\s+)*[-+.\w]+)\n\s+\]")
PATIENCE = 5.0  # seconds
PAGE_SUFFIXES = (".html", ".htm")
KINDS = {stat.S_IFCHR: "device", stat.S_IFBLK: "device", stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}
# What the head of a page of this program has; the second stood in every one before there was the first.
OWN_PAGE = re.compile(rb'<meta name="generator" content="study-classification">|  --ground: #fff; --text: #1a1a1a;')


def check_writable(runs: Path, flag: str = "--runs", make: bool = True) -> None:
    """Make the folder of run folders, or see that it can be made.

    Raises:
        UserError: it cannot be written to; told now, not after training.
    """
    runs.absolute()  # in a working folder that is gone it raises what says so
    try:
        if make:
            runs.mkdir(parents=True, exist_ok=True)
        existing = next(path for path in (runs, *runs.absolute().parents) if path.exists())
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise UserError(
            f"Cannot write to {flag} {runs}: {error.strerror}. Give a folder that can be written."
        ) from error


def refuse_within(out: Path, data: str | Path | None, flag: str) -> None:
    """Raise UserError where results would lie among the images, which they would be the next time."""
    if data is not None and out.resolve().is_relative_to(Path(data).resolve()):
        raise UserError(f"{flag} {out} lies within the images, which stay as they are. Give another {flag} DIR.")


def check_results(folder: str, data: str | Path | None, flag: str = "--runs", make: bool = True) -> None:
    """Raise UserError where a folder of results lies among the images, or cannot be written: `make` makes it."""
    refuse_within(Path(folder), data, flag)
    check_writable(Path(folder), flag, make)


def writable_page(name: str, flag: str = "--page") -> Path:
    """Return the path of a page to write.

    Raises:
        UserError: it cannot be written, no browser would take it for a page, or it is a file that this program did
            not write: told now, not after the work.
    """
    path = writable_file(name, flag)
    if path.suffix.casefold() not in PAGE_SUFFIXES:
        raise UserError(f"{flag} takes a file that ends in {' or '.join(PAGE_SUFFIXES)}. Received: {path}")
    if not is_replaceable_page(path):
        raise UserError(f"{flag} {path} is a file already, and no page of this program: give a new file.")
    return path


def is_replaceable_page(path: Path) -> bool:
    """Say whether there is nothing of the user's at the place of a page."""
    if not path.exists():
        return True
    if not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.read(4096)
    return not head or bool(OWN_PAGE.search(head))


def writable_file(name: str, flag: str) -> Path:
    """Return the path of a file to write.

    Raises:
        UserError: it cannot be written, it is no file but a pipe or a device, it is of a run, or what is printed goes
            into it: told now, not after the work.
    """
    path = Path(name)
    if name == "-":
        raise UserError(f"{flag} takes a file. Received: -; for a result on standard output give --json.")
    if kind := kind_of(path):
        raise UserError(f"{flag} {path} is no file but a {kind}: give {flag} a file.")
    place = target_of(path)
    if (
        place.is_symlink()  # in a circle
        or not place.parent.is_dir()
        or place.is_dir()
        or not os.access(place.parent, os.W_OK)
        or (place.exists() and not os.access(place, os.W_OK))
    ):
        raise UserError(f"Cannot write {flag} {path}: give a file in a folder that exists and can be written.")
    if run := run_around(place):
        raise UserError(f"{flag} {path} lies within {run}, a run folder, which stays as it is. Give a file elsewhere.")
    if is_printed_to(place):
        raise UserError(f"{flag} {path} is where the printed lines go, which would be lost. Give another file.")
    return path


def kind_of(path: Path) -> str:
    """Return what something is that cannot be replaced by a file: "device", "pipe" or "socket"; else nothing."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    return KINDS.get(stat.S_IFMT(mode), "")


def target_of(path: Path) -> Path:
    """Return the file that a symbolic link leads to, there or not; a path that is no link as it is."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def run_around(path: Path) -> Path | None:
    """Return the run folder that a file would lie in, or in a folder of; None where there is none."""
    above = Path(os.path.realpath(path)).parents[:2]
    return next((folder for folder in above if (folder / "run.json").is_file()), None)


def is_printed_to(path: Path) -> bool:
    """Say whether standard output or standard error is led into a file."""
    for number in streams.led_to():
        with suppress(OSError):  # there is no such file, or the stream is closed
            if os.path.samestat(path.stat(), os.fstat(number)):
                return True
    return False


def are_one(path: Path, other: Path) -> bool:
    """Say whether two paths lead to one file, there or not."""
    return os.path.realpath(path) == os.path.realpath(other)


def refuse_input(path: Path, inputs: Iterable[str | Path], flag: str) -> None:
    """Raise UserError where a file to write is one of those that are read."""
    for name in inputs:
        if path.exists() and os.path.exists(name) and path.samefile(name):  # noqa: PTH110 - it may be in a closed folder
            raise UserError(f"{flag} {path} is what is read, and would be lost. Give another file.")


def save_run(runs: Path, model: str, write: Callable[[Path], None], noun: str = "run", flag: str = "--runs") -> Path:
    """Let `write` fill a hidden temporary folder, then rename it to `<YYYYmmdd-HHMMSS>-<model>` and return that.

    Whatever goes wrong in that, Ctrl-C and a full disk included, nothing is left behind. `noun` and `flag` are for
    messages.
    """
    check_writable(runs, flag)
    temporary = unfinished(runs)
    try:
        write(temporary)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        cause = error.__cause__ if isinstance(error, UserError) else error
        if isinstance(cause, OSError) and is_disk_full(cause):
            raise UserError(
                f"The disk is full: the {noun} could not be saved in {runs}. "
                f"Free some space or give another {flag} DIR."
            ) from error
        raise
    return publish(temporary, runs, model)


def is_disk_full(error: Exception) -> bool:
    """Say whether an error is for want of room; native code tells it in its text alone."""
    of_room = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return getattr(error, "errno", None) in of_room or any(os.strerror(one) in str(error) for one in of_room)


def publish(temporary: Path, runs: Path, model: str) -> Path:
    """Give a finished folder its name; one that ends in the same second as another gets a number behind it.

    Windows refuses while a virus scanner looks into the new files, so it is tried for some seconds.
    """
    stem, number, until = f"{datetime.now():%Y%m%d-%H%M%S}-{model}", 1, time.monotonic() + PATIENCE
    while True:
        target = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            return temporary.rename(target)
        except OSError as error:
            if target.exists():  # the name is taken: a folder with files in it cannot be renamed over
                number += 1
            elif time.monotonic() > until or is_disk_full(error):
                raise UserError(
                    f"All is saved in {temporary}, but could not be given its name, {target.name}: {error.strerror}. "
                    "Rename that folder."
                ) from error
            else:
                time.sleep(0.2)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; what is written takes its place at the end, whole or not at all.

    Of a symbolic link, the file that it leads to is replaced. What killed processes left there is swept.

    Raises:
        UserError: the disk is full, the folder cannot be written, or it is no file; what was there before is as it was.
    """
    if kind := kind_of(path):
        raise UserError(f"Cannot write {path}: it is no file but a {kind}. Give another place.")
    path = target_of(path)
    sweep(path.parent, UNFINISHED, ASIDE)
    aside = aside_in(path.parent)
    try:
        yield aside
        with aside.open("rb+") as file:
            os.fsync(file.fileno())  # else a power cut could leave the new name with nothing in it
        if path.exists():
            shutil.copymode(path, aside)
        aside.replace(path)
    except BaseException as error:
        aside.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        why = "the disk is full" if is_disk_full(error) else error.strerror or str(error)
        before = " What was there before is unchanged." if path.exists() else ""
        raise UserError(f"Cannot write {path}: {why}.{before} Free some space, or give another place.") from error


def write_page(path: Path, page: str) -> None:
    """Write an HTML page, whole or not at all."""
    with replacing(path) as aside:
        aside.write_text(page, encoding="utf-8", errors="replace")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write readable JSON in UTF-8, whole or not at all.

    An array of numbers is one line: a confusion matrix can be read, and that of 1,000 classes has not a million lines.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    text = SPREAD.sub(lambda found: f"[{' '.join(found[1].split())}]", text)
    with replacing(path) as aside:
        aside.write_text(text, encoding="utf-8", errors="backslashreplace")  # a folder's name may be no UTF-8


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]], mark: bool = False) -> None:
    """Write a table in UTF-8, whole or not at all; with `mark` at the beginning, which tells Excel the encoding."""
    encoding = "utf-8-sig" if mark else "utf-8"
    with replacing(path) as aside, aside.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)

"""Images that lie within larger files, each unpacked once into a file of its own in the cache."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data import formats
from data.store.cache import cache_folder
from errors import UserError

FOLDER, INDEX = "unpacked-4", "index.jsonl"  # raise the number whenever names or files come out differently
EARLIER = ("unpacked-1", "unpacked-2", "unpacked-3")  # nothing looks into these any more
PER_FOLDER = 1000  # files
LEFT_AFTER = 3600.0  # seconds after which nobody unpacks into a folder any more


@dataclass(frozen=True)
class Unpacked:
    """One image: its file, its name, the file that held it, its labels, and why it is left out, if it is."""

    file: Path
    name: str
    shard: str
    labels: tuple[str, ...]
    reason: str = ""


def place() -> Path:
    """Return the folder of all that was unpacked."""
    return cache_folder() / FOLDER


def holds(file: Path) -> bool:
    """Say whether a file was unpacked: it goes when the cache is emptied, or what held it is changed."""
    return file.is_relative_to(place())


def images(root: Path, files: Sequence[Path], rows: Callable[[], Iterable[tuple[Unpacked, bytes]]]) -> list[Unpacked]:
    """Return the images within some files of a folder, unpacked now if these files are new or were changed.

    Args:
        root: the folder.
        files: that hold the images, known by name, size and time.
        rows: reads them: each image, without its file, and its bytes.

    Raises:
        UserError: the cache cannot be written.
    """
    stats = [(path.relative_to(root).as_posix(), path.stat()) for path in files]
    stamp = json.dumps([(name, found.st_size, found.st_mtime_ns) for name, found in stats])
    of_root = hashlib.sha256(str(root.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:16]
    folder = place() / f"{of_root}-{hashlib.sha256(stamp.encode()).hexdigest()[:16]}"
    if (found := _read(folder)) is None:
        try:
            _discard(folder)
            _write(folder, rows())
        except OSError as error:
            raise UserError(
                f"cannot unpack {root} into the cache {place()} ({error.strerror or error}): free some space, or set "
                "STUDY_CACHE to another folder"
            ) from error
        _sweep(folder, of_root)
        found = _read(folder)
    if found is None:
        raise UserError(f"the cache {place()} was emptied while {root} was unpacked into it: start again")
    return found


def _write(folder: Path, rows: Iterable[tuple[Unpacked, bytes]]) -> None:
    """Write images and index aside, and give the folder its name when all is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.tmp")
    aside.mkdir()
    try:
        with (aside / INDEX).open("w", encoding="utf-8") as index:
            for number, (one, content) in enumerate(rows):
                form = formats.format_of(content[: formats.HEAD])
                suffix = formats.USUAL_SUFFIX.get(form, f".{form.lower()}" if form else ".bin")
                name = f"{number // PER_FOLDER:04d}/{number:07d}{suffix}"
                state = None
                if not one.reason:
                    (aside / name).parent.mkdir(exist_ok=True)
                    (aside / name).write_bytes(content)
                    state = _state(aside / name)
                index.write(json.dumps([name, one.name, one.shard, one.labels, one.reason, state]) + "\n")
        try:
            aside.rename(folder)
        except OSError:
            if _read(folder) is None:  # else another process was first, with the same images
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _read(folder: Path) -> list[Unpacked] | None:
    """Return what a folder holds; None where it is not there, or any of its files is missing or was changed."""
    found = []
    try:
        with (folder / INDEX).open(encoding="utf-8") as index:
            for file, name, shard, labels, reason, state in map(json.loads, index):
                if not reason and _state(folder / file) != state:
                    return None
                found.append(Unpacked(folder / file, name, shard, tuple(labels), reason))
    except (OSError, ValueError, TypeError):
        return None
    return found


def _state(path: Path) -> list[int]:
    """Return size and time of a file, which differ where another program or a power cut changed it."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def _discard(folder: Path) -> None:
    """Remove a folder so that nobody takes what is left of it for all of it, even where this is stopped midway."""
    aside = folder.with_name(f"{folder.name}.{uuid.uuid4().hex}.tmp")
    with contextlib.suppress(FileNotFoundError):  # not there, or another process was first
        folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _sweep(kept: Path, of_root: str) -> None:
    """Remove what was unpacked of the same folder as it was before, and what killed processes left."""
    for name in EARLIER:
        shutil.rmtree(cache_folder() / name, ignore_errors=True)
    for path in kept.parent.iterdir():
        earlier = path.name.startswith(f"{of_root}-") and path != kept and path.suffix != ".tmp"
        if earlier or _is_left(path):
            _discard(path)


def _is_left(path: Path) -> bool:
    """Say whether a killed process left a folder: one that is unpacked into now is not that old."""
    try:
        return path.suffix == ".tmp" and time.time() - path.stat().st_mtime > LEFT_AFTER
    except FileNotFoundError:  # another process was first
        return False


def usage() -> tuple[int, int, float]:
    """Return how many images were unpacked, the bytes that they take, and when some were last."""
    found = [path.stat() for path in place().glob("*/*/*") if path.is_file()]
    return len(found), sum(one.st_size for one in found), max((one.st_mtime for one in found), default=0.0)


def clear() -> int:
    """Remove all of it but what is unpacked just now, and return how many bytes that were."""
    size = usage()[1]
    for name in EARLIER:
        shutil.rmtree(cache_folder() / name, ignore_errors=True)
    for path in place().glob("*"):
        if path.suffix != ".tmp" or _is_left(path):
            _discard(path)
    with contextlib.suppress(OSError):  # not empty, or not there
        place().rmdir()
    return size

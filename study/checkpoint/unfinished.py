"""The folder of an unfinished training, `RUNS/.unfinished/NAME`: what was asked for, and its last checkpoints."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import Timeout

from errors import UserError
from study.checkpoint import files
from study.checkpoint.files import Checkpoint, sync_folder
from study.runtime import locks, output, temporary

FOLDER, ASKED, LOCK = ".unfinished", "training.json", "lock"
DIVERGED = "diverged"  # what is added to what was asked for, where that ended so
SCHEMA, LARGEST = 1, 2**20
NEEDED = {"schema": int, "flags": dict, "settings": dict, "data": str, "program": str, "versions": dict, "model": str}


@dataclass(frozen=True)
class Found:
    """An unfinished training that lies in a folder: what was asked for, and whether somebody is at work on it."""

    folder: Path
    asked: Mapping[str, Any]
    busy: bool

    @property
    def name(self) -> str:
        """Return what `--resume` takes."""
        return self.folder.name

    @property
    def diverged(self) -> bool:
        """Say whether it diverged behind its last checkpoint, as it would again."""
        return self.asked.get(DIVERGED) is True

    def place(self) -> str:
        """Say where its newest readable checkpoint stands."""
        for path in reversed(files.files_of(self.folder)):
            with contextlib.suppress(UserError, KeyError, TypeError):
                return place_of(files.state_of(path))
        return "its checkpoints cannot be read"

    def size(self) -> int:
        """Return the bytes of its folder."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())


class Unfinished:
    """Where the checkpoints of this process's training go.

    Nothing is made before the first of them is written: most trainings are over before.

    Args:
        runs: folder of run folders.
        asked: what makes the training what it is, plain values: settings, data, program, versions.
        found: the one to go on with.
        resume: what `--resume` takes -> the command that goes on with it.
    """

    def __init__(self, runs: Path, asked: Mapping[str, Any], found: Found | None, resume: Callable[[str], str]) -> None:
        self.asked, self.base, self._resume = asked, runs / FOLDER, resume
        self._folder, self._lock = found.folder if found else None, None
        if found:
            try:
                self._hold()
            except locks.LocklessError as error:
                told = "Copy it to a disk of this computer to go on, or train without --resume."
                raise locks.refused(found.folder, error, told) from error
            except OSError as error:
                if error.errno not in locks.CLOSED:
                    raise
                told = "Copy it and give the copy to --resume, or train without --resume."
                raise UserError(f"Cannot write to {found.folder}: {error.strerror}. {told}") from error

    @property
    def folder(self) -> Path:
        """Return the folder, which is there once `begin` was called."""
        return self._folder or self.base

    def begin(self) -> None:
        """Make the folder where there is none yet, and keep other processes out of it."""
        if self._folder:
            return
        sweep(self.base)
        self.base.mkdir(parents=True, exist_ok=True)
        made = temporary.unfinished(self.base)
        try:
            output.write_json(made / ASKED, {"schema": SCHEMA, **self.asked})
            self._folder = output.publish(made, self.base, self.asked["model"])
        except UserError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise error.__cause__ or OSError(str(error)) from error
        sync_folder(self.base)
        try:
            self._hold()
        except locks.LocklessError:  # nobody could tell that this training is at work
            self.remove()
            raise

    def command(self) -> str:
        """Return the command that goes on with it; "" while there is no checkpoint.

        It names the folder by its path where that was given from elsewhere: its name says nothing there.
        """
        if not self._folder or not files.files_of(self._folder):
            return ""
        here = self._folder.parent.resolve() == self.base.resolve()
        return self._resume(self._folder.name if here else str(self._folder))

    def note_diverged(self) -> None:
        """Let whoever goes on with it know that it diverged; what cannot be noted is told by that training again."""
        with contextlib.suppress(OSError, UserError):
            output.write_json(self.folder / ASKED, {**read_asked(self.folder), DIVERGED: True})

    def release(self) -> None:
        """Let other processes go on with it."""
        if self._lock and self._lock.is_locked:
            self._lock.release()
            self._lock = None

    def remove(self) -> None:
        """Remove what is left of a training that is finished."""
        self.release()
        if self._folder:
            with contextlib.suppress(OSError):  # what is finished is no worse for what is left of it
                discard(self._folder)
            self._folder = None

    def _hold(self) -> None:
        lock = locks.lock_of(self._folder / LOCK)
        try:
            locks.acquire(lock)
        except Timeout as error:
            told = f"A training is at work on {self._folder}. Wait for it, or train without --resume."
            raise UserError(told) from error
        self._lock = lock


def is_busy(folder: Path) -> bool:
    """Say whether a training is at work on a folder."""
    return locks.is_held(folder / LOCK)


def discard(folder: Path) -> None:
    """Remove a folder, or none of it. Raise OSError where it may not be removed."""
    try:
        temporary.take_away(folder)
    except FileNotFoundError:  # removed by somebody else
        return
    except OSError as error:
        if not output.is_disk_full(error):
            raise
        (folder / ASKED).unlink(missing_ok=True)  # without it the folder counts for nothing
        shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(OSError):
        folder.parent.rmdir()  # unless others lie there


def sweep(base: Path) -> None:
    """Remove what killed processes left half-made, and folders without a checkpoint on which nobody is at work."""
    temporary.sweep(base, temporary.UNFINISHED)
    for folder in folders(base):
        temporary.sweep(folder, temporary.UNFINISHED)
        if not files.files_of(folder) and temporary.is_old(folder) and not is_busy(folder):
            with contextlib.suppress(OSError):  # of somebody else
                discard(folder)


def folders(base: Path) -> list[Path]:
    """Return the folders of unfinished trainings, the newest first."""
    if not base.is_dir():
        return []
    return sorted((path for path in base.iterdir() if (path / ASKED).is_file() and path.name[0] != "."), reverse=True)


def found_in(runs: Path, unreadable: list[str] | None = None) -> Iterator[Found]:
    """Yield the unfinished trainings of a folder that have a checkpoint, the newest first; others cannot be used.

    To `unreadable` is added why some cannot be read.
    """
    for folder in folders(runs / FOLDER):
        if not files.files_of(folder):
            continue
        try:
            yield Found(folder, read_asked(folder), is_busy(folder))
        except UserError as error:
            if unreadable is not None:
                unreadable.append(str(error))


def left(name: str, runs: Path) -> Found | None:
    """Return what is left of an unfinished training by its folder's name, its path or its own name, usable or not."""
    for folder in (runs / FOLDER / name, Path(name)):
        if folder.resolve().parent.name == FOLDER and (folder / ASKED).is_file():
            return Found(folder, {}, is_busy(folder))
    return named(name, runs)


def is_own(name: str) -> bool:
    """Say whether a file in the folder of an unfinished training is of this program."""
    return (
        name in (ASKED, LOCK)
        or bool(files.NAME.fullmatch(name))
        or ("/" not in name and name.startswith(temporary.UNFINISHED))
    )


def read_asked(folder: Path) -> dict[str, Any]:
    """Return what was asked for. Raise UserError where it cannot be read."""
    try:
        if (folder / ASKED).stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
        wrong = [name for name, kind in NEEDED.items() if not isinstance(asked.get(name), kind)]
        if wrong or asked["schema"] != SCHEMA:
            raise ValueError(f"{', '.join(wrong) or 'schema'} is missing or of another kind")
        if not all(isinstance(text, str) for text in asked["flags"].values()):
            raise ValueError("a flag is no text")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise UserError(f"{folder / ASKED} cannot be read: {error}. Train anew without --resume.") from error
    return asked


def find(name: str, runs: Path) -> Found:
    """Return the unfinished training of a folder's name, of a path, or of the name that `--name` gave it.

    Raises:
        UserError: there is none, or several have the name.
    """
    path = Path(name)
    is_path = len(path.parts) > 1 or path.is_absolute()
    folder = path if is_path else runs / FOLDER / name
    if not folder.is_dir():
        if found := named(name, runs):
            return found
        there = [found.name for found in found_in(runs)]
        known = f"there are {', '.join(there)}" if there else "there is none"
        elsewhere = "" if is_path else "; one in another folder of runs is found by --runs DIR, or by its path."
        raise UserError(
            f"--resume takes the name of an unfinished training in {runs}: {known}. Received: {name}{elsewhere}"
        )
    return Found(folder, read_asked(folder), is_busy(folder))


def named(name: str, runs: Path) -> Found | None:
    """Return the unfinished training that `--name` gave a name. Raise UserError where several have it."""
    found = [one for one in found_in(runs) if one.asked["flags"].get("name") == name]
    if len(found) > 1:
        raise UserError(
            f"{len(found)} unfinished trainings have the name {name}: give the folder's, "
            f"{' or '.join(one.name for one in found)}."
        )
    return found[0] if found else None


def load(found: Found) -> tuple[Checkpoint, list[Path]]:
    """Return the newest checkpoint that is whole, and the newer files that are damaged. Raise UserError for none."""
    checkpoint, damaged = files.newest(found.folder)
    if checkpoint is None:
        why = f"damaged: {', '.join(path.name for path in damaged)}" if damaged else "there is none"
        raise UserError(f"{found.folder} has no checkpoint to go on from ({why}). Train anew without --resume.")
    return checkpoint, damaged


def place_of(state: Mapping[str, Any]) -> str:
    """Say where a checkpoint stands: `after epoch 12`, `after epoch 12, within epoch 13`."""
    done, standing = sum(len(outcome["history"]) for outcome in state["outcomes"]), state["standing"]
    if standing is None:
        return f"after epoch {done}, where a stage had ended"
    within = f", within epoch {done + standing['epoch'] + 1}" if standing["iteration"] else ""
    return f"after epoch {done + standing['epoch']}{within}"


def now() -> str:
    """Return the time of day, as run folders tell it."""
    return datetime.now().astimezone().isoformat(timespec="seconds")

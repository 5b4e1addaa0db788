"""Taking run folders away, and what stopped trainings left: all of one or nothing, and no file of anybody else."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import models
from errors import UserError
from study.checkpoint import unfinished
from study.runs import crossval_folder
from study.runs.folder import FILES, UNREADABLE, Run, folders_named, info_in, is_run, read_run
from study.runs.listing import place_of, size_of
from study.runtime import console, temporary
from study.runtime.temporary import ASIDE, UNFINISHED

PICTURES = ("curves.png", "confusion.png", "mistakes.png", "masks.png", "reliability.png")
WRITTEN = {
    *FILES,
    *PICTURES,
    "model.xml",
    "model.bin",
    "known.npz",
    "labels.csv",
    "boxes.csv",
    "finder",
    "finder/model.keras",
    "finder/model.xml",
    "finder/model.bin",
    "members.csv",
}  # all that a run folder may hold
HALF = re.compile(rf"{re.escape(UNFINISHED)}\d+-{ASIDE}")  # a file that a killed process left there
STAMPED = re.compile(r"\d{8}-\d{6}-([^-]+)(-.+)?")  # the name that a training gives its run folder, with the model
OWN_KEYS = {"schema", "model", "class_names"}  # of a `run.json` of this program, whatever its version


def remove(names: Sequence[str], runs: str) -> dict[str, Any]:
    """Remove runs, cross-validations, and checkpoints of unfinished trainings; return which, and how large they were.

    Raises:
        UserError: one is no run, or only a link to one, or holds a file that no training wrote, or somebody is at work
            on it; then none is removed.
    """
    finished = [name for name in names if is_run(Path(name)) or is_run(Path(runs) / name)]
    finished += [name for name in names if folders_named(name, Path(runs))]  # a finished run comes first
    found = {name: unfinished.left(name, Path(runs)) for name in names if name not in finished}
    stopped = {name: one for name, one in found.items() if one}
    chosen = list({one.folder.resolve(): one for one in stopped.values()}.values())
    if busy := [found for found in chosen if found.busy]:
        raise UserError(f"A training is at work on {busy[0].folder}. Wait for it, or stop it first.")
    asked = [removable(name, runs) for name in names if name not in stopped]
    for folder in asked:
        if crossval_folder.is_crossval(folder):
            check_removable(folder, is_of_crossval)
            if crossval_folder.is_busy(folder):
                raise UserError(f"A cross-validation is at work in {folder}. Wait for it, or stop it first.")
        else:
            check_removable(folder, lambda name: name in WRITTEN or bool(HALF.fullmatch(name)))
    for one in chosen:
        check_removable(one.folder, unfinished.is_own)
    check_writable(*asked, *(one.folder for one in chosen))
    folders = {folder.resolve(): folder for folder in asked}.values()  # one may be given in two ways
    sizes = {folder: size_of(Run(folder, {})) for folder in folders} | {one.folder: one.size() for one in chosen}
    for folder in folders:
        remove_run(folder, sizes[folder])
    for one in chosen:
        with removing(one.folder):
            unfinished.discard(one.folder.resolve())
        console.print(f"removed {one.folder}: {sizes[one.folder] / 1e6:,.1f} MB (an unfinished training)")
    return {"removed": [{"run": folder, "bytes": size} for folder, size in sizes.items()]}


def remove_run(folder: Path, size: int) -> None:
    """Remove a run folder, and say so, and whether it was complete."""
    lacking = [name for name in FILES if not (folder / name).is_file()]
    what = f" (a run that lacked {', '.join(lacking)})" if lacking else ""
    if crossval_folder.is_crossval(folder):
        what = " (a cross-validation)"
    with removing(folder):
        temporary.take_away(folder.resolve())  # it may be given as `.`
    console.print(f"removed {folder}: {size / 1e6:,.1f} MB{what}")


def is_of_crossval(name: str) -> bool:
    """Say whether a file in the folder of a cross-validation, its path from there, is the program's own."""
    return crossval_folder.is_own(name, STAMPED, frozenset(WRITTEN)) or bool(HALF.fullmatch(name))


def removable(name: str, runs: str) -> Path:
    """Return the folder of a run or a cross-validation, also of a run that lacks files or cannot be read.

    Raises:
        UserError: it is none.
    """
    folder = place_of(name, runs)
    if not is_left_of_a_run(folder) and not crossval_folder.is_crossval(folder):
        read_run(folder, runs)  # it says what is wrong
    return folder


def is_left_of_a_run(folder: Path) -> bool:
    """Say whether a folder is a run's: by its `run.json`, or by files of a run and the name that a training gives.

    Who removes one need not be able to read it.
    """
    with contextlib.suppress(*UNREADABLE):
        if info_in(folder).keys() >= OWN_KEYS:
            return True
    stamped = STAMPED.fullmatch(folder.resolve().name)
    is_of_a_model = stamped is not None and set(stamped[1].split("+")) <= set(models.available())
    return is_of_a_model and sum((folder / name).is_file() for name in FILES) > 1


def check_removable(folder: Path, is_own: Callable[[str], bool]) -> None:
    """Raise UserError where a folder to remove is a link, or holds what no training wrote."""
    if folder.is_symlink():
        raise UserError(
            f"{folder} is a link to the run {folder.resolve()}: remove that, or the link by hand. Nothing was removed."
        )
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    if others := [name for name in names if not is_own(name)]:
        raise UserError(f"{folder / others[0]} is not of the training: move it away first. Nothing was removed.")


def check_writable(*folders: Path) -> None:
    """Raise UserError where one of several folders may not be removed, as of another user."""
    for folder in folders:
        if place := temporary.locked(folder.resolve()):
            why = f"this user cannot write to {place}. Nothing was removed; let its owner do it."
            raise UserError(f"{folder} may not be removed: {why}")


@contextmanager
def removing(folder: Path) -> Iterator[None]:
    """Raise UserError where the block could not remove a folder."""
    try:
        yield
    except OSError as error:
        what = "It stays as it is" if folder.exists() else f"What is left of it lies hidden in {folder.parent}"
        raise UserError(f"{folder} could not be removed: {error.strerror}. {what}; remove it by hand.") from error

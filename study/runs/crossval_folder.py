"""The folder of a cross-validation: how it is told from others, and which files in it are the program's own."""

from __future__ import annotations

import json
import re
from pathlib import Path

from study.checkpoint import unfinished
from study.runs.folder import UNREADABLE
from study.runs.missing import CROSSVAL
from study.runtime import locks
from study.runtime.temporary import UNFINISHED

LARGEST = 2**28  # bytes of crossval.json
KEYS = {"crossval", "settings", "class_names", "results"}  # that it has, among others
NAME = re.compile(r".+-[0-9a-f]+-crossval")  # while its folds are trained
WRITTEN = (CROSSVAL, "crossval.html", "out-of-fold.csv", ".lock")
FOLD = re.compile(r"(repeat-\d+)(?:/(fold-\d+)(?:/(.+))?)?")
OF_FOLD = ("split.csv", "train.log", "train.lock")


def is_crossval(folder: Path) -> bool:
    """Say whether a folder is a cross-validation's, finished or not."""
    try:
        if (folder / CROSSVAL).stat().st_size <= LARGEST:
            return json.loads((folder / CROSSVAL).read_text(encoding="utf-8")).keys() >= KEYS
    except UNREADABLE:
        pass
    return NAME.fullmatch(folder.resolve().name) is not None and any(folder.glob("repeat-*/fold-*/train.log"))


def is_own(name: str, of_run: re.Pattern[str], in_run: frozenset[str]) -> bool:
    """Say whether a file or folder in one of a cross-validation, its path from there, was written by the program.

    `of_run`: the names that run folders have. `in_run`: what these hold.
    """
    found = FOLD.fullmatch(name)
    if not found:
        return name in WRITTEN or ("/" not in name and name.startswith(UNFINISHED))
    first, _, rest = (found[3] or "").partition("/")
    if not first or (first in OF_FOLD and not rest):
        return True
    if first == unfinished.FOLDER:
        return "/" not in rest or unfinished.is_own(rest.partition("/")[2])
    if first.startswith(UNFINISHED):  # half of a run, by a killed process
        return not rest or rest in in_run
    return of_run.fullmatch(first) is not None and (not rest or rest in in_run)


def is_busy(folder: Path) -> bool:
    """Say whether a command or one of its trainings is at work in the folder of a cross-validation."""
    return any(locks.is_held(file) for file in (*folder.glob(".lock"), *folder.glob("repeat-*/fold-*/train.lock")))

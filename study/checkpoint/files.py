"""A checkpoint file: named lists of arrays and some plain values, whole or not at all, the last two of them kept.

The file is NumPy's `.npz`, uncompressed, and its name ends in the beginning of its own SHA-256, by which a damaged one
is known. It is looked through before any of it is read.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from errors import UserError
from study.runtime import npz
from study.runtime.temporary import UNFINISHED

KEPT = 2  # the older one is there for the case that the newer one is damaged
NAME = re.compile(r"(\d{8})-([0-9a-f]{16})\.npz")
STATE = "state"


@dataclass(frozen=True)
class Checkpoint:
    """What a training needs to go on: plain values, as JSON has them (NaN too), and named lists of arrays."""

    state: Mapping[str, Any]
    arrays: Mapping[str, Sequence[np.ndarray]]

    @property
    def nbytes(self) -> int:
        """Return the bytes of all arrays."""
        return sum(array.nbytes for arrays in self.arrays.values() for array in arrays)


def write(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint as the newest of a folder, on the disk when this returns; all but the last two are removed.

    Raises:
        OSError: there is no room, or the folder cannot be written; the earlier ones are as they were.
    """
    earlier = files_of(folder)
    number = 1 + max((int(NAME.fullmatch(path.name)[1]) for path in earlier), default=0)
    named = {f"{name}.{i}": array for name, arrays in checkpoint.arrays.items() for i, array in enumerate(arrays)}
    counts = {name: len(arrays) for name, arrays in checkpoint.arrays.items()}
    state = json.dumps({"state": checkpoint.state, "arrays": counts}).encode()
    aside = folder / f"{UNFINISHED}{os.getpid()}-checkpoint"
    try:
        with aside.open("wb+") as file:
            np.savez(file, **{STATE: np.frombuffer(state, np.uint8)}, **named)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        path = aside.rename(folder / f"{number:08}-{digest}.npz")
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    for old in earlier[: 1 - KEPT]:
        old.unlink(missing_ok=True)
    return path


def sync_folder(folder: Path) -> None:
    """Let the names in a folder outlive a power cut, where the system has a way to say so."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def files_of(folder: Path) -> list[Path]:
    """Return the checkpoint files of a folder, the oldest first."""
    return sorted(path for path in folder.glob("*.npz") if NAME.fullmatch(path.name))


def newest(folder: Path) -> tuple[Checkpoint | None, list[Path]]:
    """Return the newest checkpoint that is whole, None where there is none, and the newer files that are damaged."""
    damaged = []
    for path in reversed(files_of(folder)):
        try:
            return read(path), damaged
        except UserError:
            damaged.append(path)
    return None, damaged


def read(path: Path) -> Checkpoint:
    """Read a checkpoint. Raise UserError where the file is not what was written."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()[:16]
        if digest != NAME.fullmatch(path.name)[2]:
            raise ValueError("its content is not what its name says")
        npz.check(path)
        with np.load(path, allow_pickle=False) as stored:
            told = json.loads(bytes(stored[STATE]).decode())
            arrays = {
                str(name): [stored[f"{name}.{i}"] for i in range(int(count))]
                for name, count in dict(told["arrays"]).items()
            }
        return Checkpoint(dict(told["state"]), arrays)
    except npz.UNREADABLE as error:
        raise UserError(f"{path} is no checkpoint of this program, or damaged: {error}") from error


def state_of(path: Path) -> dict[str, Any]:
    """Read the plain values of a checkpoint alone, without a look at its hash. Raise UserError where there are none."""
    try:
        npz.check(path)
        with np.load(path, allow_pickle=False) as stored:
            return dict(json.loads(bytes(stored[STATE]).decode())["state"])
    except npz.UNREADABLE as error:
        raise UserError(f"{path} is no checkpoint of this program, or damaged: {error}") from error

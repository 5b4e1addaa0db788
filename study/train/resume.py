"""Whether a training goes on with one that was stopped, and what a later one has to know of it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from data.cores import bound_to
from data.dataset import Dataset
from errors import UserError
from study.checkpoint import comparison, unfinished
from study.checkpoint.keeper import Keeper
from study.checkpoint.unfinished import Found, Unfinished
from study.fit import restored
from study.runtime import by_backend, console, hardware
from study.settings.as_command import as_command
from study.settings.declare import flag
from study.settings.resolve import as_json
from study.settings.train import DEFAULTS, names_where
from study.settings.typed import as_typed
from study.train.prepare import Prepared

AUTO = "auto"
ONCE = ("resume", "fresh", "finish", "tensorboard")  # flags that no later command is to carry on
ROOT = Path(__file__).resolve().parents[2]
PARTS = ("data", "models", "scratch", "study", "errors.py")  # of the program that a training's numbers come from
PACKAGES = ("keras", "tensorflow", "numpy")
PATH = 4096  # bytes that a path may have
FREE = (
    "engine",
    "keep_diverged",
)  # settings that do not decide what is learned: where features are computed, what is kept


def keeper_of(ready: Prepared, asked: Mapping[str, Any]) -> Keeper | None:
    """Return what keeps checkpoints of this training, with that to go on from, if there is one and it is wanted.

    Args:
        ready: what the training begins with.
        asked: flags that were given.

    Raises:
        UserError: the training to go on with is another one, or somebody is at work on it.
    """
    run = ready.settings.run
    if not run.checkpoint_minutes and not run.resume:
        return None
    runs, now = Path(run.runs), description(ready, asked)
    asked = {**asked, "tensorboard": run.tensorboard, "callback": run.callback}  # as it is now
    found = wanted(run.resume, run.fresh, runs, now)
    if found is None and run.finish:
        raise UserError(
            f"--finish: {runs} has no unfinished training of these settings, or one that is still at work. See them: "
            f"{as_command('runs', of_place(runs))}"
        )
    if found is None:
        return Keeper(Unfinished(runs, now, None, command_of(asked, runs)), run.checkpoint_minutes)
    kept = Unfinished(runs, now, found, command_of(asked, runs))  # holds it: nobody else goes on with it too
    checkpoint, damaged = unfinished.load(found)
    for path in damaged:
        console.print(f"{path} is damaged; the checkpoint before it is taken")
    restored.check(checkpoint, str(found.folder))
    doing = "ending" if run.finish else "going on with"
    console.print(f"{doing} {found.folder} {unfinished.place_of(checkpoint.state)}")
    if found.asked.get("threads") != now["threads"]:
        console.print(
            f"careful: it ran on {found.asked.get('threads')} core(s) and goes on with {now['threads']}: sums are "
            "rounded otherwise, and the result may differ in the last digits"
        )
    return Keeper(kept, run.checkpoint_minutes or DEFAULTS["checkpoint_minutes"], checkpoint)


def agreed(ready: Prepared, asked: Mapping[str, Any], keeper: Keeper | None) -> Keeper:
    """Let all processes go on from the checkpoint that the first one took; the others write none.

    Args:
        ready: what the training begins with.
        asked: flags that were given.
        keeper: of the first process.
    """
    name = np.zeros(PATH, np.uint8)
    if keeper and keeper.resumed:
        path = os.fsencode(keeper.unfinished.folder.resolve())
        name[: len(path)] = np.frombuffer(path, np.uint8)
    (name,) = by_backend.of_first([name])
    if keeper:
        return keeper
    runs, resumed = Path(ready.settings.run.runs), None
    if path := os.fsdecode(name.tobytes().rstrip(b"\0")):
        resumed, _ = unfinished.load(Found(Path(path), {}, busy=True))
    return Keeper(Unfinished(runs, {}, None, command_of(asked, runs)), 0.0, resumed)


def wanted(resume: str | None, fresh: bool, runs: Path, now: Mapping[str, Any]) -> Found | None:
    """Return the unfinished training to go on with; None to begin anew, and then tell of one that could go on.

    Raises:
        UserError: the one that was named is another training.
    """
    if resume not in (None, AUTO):
        found = unfinished.find(resume, runs)
        differing = comparison.differences(found.asked, now, flag)
        if fresh:
            discard(found)
            return None
        if differing:
            remedy = comparison.remedy(found.asked, now, flag)
            raise UserError(
                f"{found.folder} cannot go on: {'; '.join(differing)}. {remedy}, or add --fresh to begin it anew."
            )
        return found
    same = (found for found in unfinished.found_in(runs) if not comparison.differences(found.asked, now, flag))
    found = next((found for found in same if not found.busy), None)
    if found and fresh:
        discard(found)
        return None
    if found and resume is None:
        command = command_of({**found.asked["flags"], "keep_diverged": found.diverged}, runs)(found.name)
        console.print(f"this training was begun on {found.asked['begun']} and stopped: to go on with it: {command}")
        return None
    return found


def discard(found: Found) -> None:
    """Remove the checkpoints of a training that is to begin anew. Raise UserError where somebody is at work on it."""
    if found.busy:
        raise UserError(f"A training is at work on {found.folder}. Wait for it, or stop it first.")
    unfinished.discard(found.folder)
    console.print(f"removed {found.folder}: the training begins anew")


def description(ready: Prepared, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes this training what it is, as plain values."""
    settings = as_json(ready.settings)
    compared = names_where("compared")
    flags = {name: value for name, value in absolute(asked, settings).items() if name in compared or name == "name"}
    return {
        "model": ready.settings.run.model,
        "begun": unfinished.now(),
        "flags": {name: as_typed(name, value) for name, value in flags.items()},
        "settings": {name: plain(settings[name]) for name in compared if name not in FREE},
        "data": data_hash(ready.dataset),
        "program": program_hash(),
        "versions": {
            name: version(name) for name in (*PACKAGES, ready.settings.run.backend) if hardware.is_installed(name)
        },
        "threads": bound_to(),
    }


def absolute(asked: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags with paths that hold from any folder."""
    paths = names_where("path")
    return {name: settings[name] if name in paths else value for name, value in asked.items() if value is not None}


def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a setting may be
    """Return a setting's value as JSON gives it back."""
    return list(value) if isinstance(value, tuple) else value


def data_hash(dataset: Dataset) -> str:
    """Return a hash of all images, labels and splits in their order, which the order of training goes by."""
    digest = hashlib.sha256()
    for entry in dataset.entries:
        digest.update(f"{entry.sha256} {entry.label} {entry.split}\n".encode("utf-8", "surrogateescape"))
    if dataset.auxiliary:
        digest.update(dataset.auxiliary.labels.tobytes())
    if dataset.images.boxes:
        digest.update(repr(dataset.images.boxes).encode())
    if dataset.masks is not None:
        for rows in np.array_split(np.arange(len(dataset.entries)), 1 + len(dataset.entries) // 256):
            digest.update(dataset.masks[rows].tobytes())
    return digest.hexdigest()[:16]


@cache
def program_hash() -> str:
    """Return a hash of the files of the program that decide a training's numbers."""
    digest = hashlib.sha256()
    for path in sorted(sources()):
        digest.update(f"{path.relative_to(ROOT).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def sources() -> Iterable[Path]:
    """Yield the files that `program_hash` reads."""
    for part in PARTS:
        yield from (ROOT / part).rglob("*.py") if (ROOT / part).is_dir() else [ROOT / part]


def command_of(asked: Mapping[str, Any], runs: Path) -> Callable[[str], str]:
    """Return what makes of an unfinished training's name the command that goes on with it.

    Code from outside is named in it: it is not run for the mere reason that a folder asks for it.
    """
    more = {name: asked.get(name) for name in ("augment_with", "tensorboard", "callback", "processes", "keep_diverged")}
    return lambda name: as_command("train", {"resume": name, **more, **of_place(runs)})


def of_place(runs: Path) -> dict[str, str]:
    """Return the flag that names a folder of runs; none for the default."""
    return {"runs": str(runs)} if str(runs) != DEFAULTS["runs"] else {}

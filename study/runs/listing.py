"""The run folders at a glance: which there are, and the best of them."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from data.names import listed
from data.split import bytes_without_units
from errors import UserError
from study import tasks
from study.checkpoint import unfinished
from study.checkpoint.unfinished import Found
from study.runs import missing
from study.runs.folder import (
    UNREADABLE,
    Run,
    by_name,
    is_run,
    read_run,
    run_folders,
)
from study.runs.values import of_listing
from study.runtime import console
from study.tasks.scores import score_text

UNKNOWN = "–"
MAX_NAMED = 6  # classes in the title of a table


def runs_in(folder: Path, data: str | None = None) -> tuple[list[Run], list[str]]:
    """Return the runs of a folder, the newest first, and why others cannot be read.

    With `data`, those alone that learned from that folder or table.
    """
    runs, unreadable = [], []
    for path in run_folders(folder):
        if (path / missing.CROSSVAL).is_file():
            continue
        try:
            runs.append(read_run(path))
        except UserError as error:
            unreadable.append(str(error))
    if data is not None:
        wanted = Path(data).resolve()
        runs = [run for run in runs if wanted in [path.resolve() for path in data_of(run)]]
    return runs, unreadable


def data_of(run: Run) -> list[Path]:
    """Return the folder, and the table if there is one, that a run learned from."""
    return [Path(run.info["data"][key]) for key in ("folder", "table") if run.info["data"].get(key)]


def fingerprint_of(run: Run) -> str:
    """Return eight letters that are the same for two runs where their images, labels and split are."""
    return hashlib.sha256(bytes_without_units(run.folder / "split.csv")).hexdigest()[:8]


def question_of(run: Run) -> tuple[str, ...]:
    """Return the task and the classes of a run: only figures of one question can be compared."""
    return (run.task, *sorted(run.info["class_names"]))


def figures_of(run: Run) -> Mapping[str, Any]:
    """Return what `metrics.json` says of "val" and "test"; nothing where it cannot be read."""
    try:
        metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))
        names = ("accuracy", tasks.get(run.task).SCORE)
        told = [metrics[split][name] for split in ("val", "test") for name in names]
        return metrics if all(isinstance(figure, float) for figure in told) else {}
    except UNREADABLE:
        return {}


def score(run: Run, figures: Mapping[str, Any], split: str) -> str:
    """Return what runs of its task are ranked by: `98.3 %`, `0.873`."""
    name = tasks.get(run.task).SCORE
    return score_text(figures[split][name], name) if figures else UNKNOWN


def size_of(run: Run) -> int:
    """Return the bytes of a run folder."""
    return sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file())


def show(folder: Path, data: str | None) -> dict[str, Any]:
    """Print a table of the runs of each data set, the newest first, and return them."""
    runs, unreadable = runs_in(folder, data)
    stopped = list(unfinished.found_in(folder, unreadable)) if data is None else []
    if not runs and not stopped and (data is not None or not unreadable):
        raise no_run(folder, data)
    tables: dict[tuple[str, str, tuple[str, ...]], list[Run]] = {}
    for run in runs:
        name = str(data_of(run)[-1]) if data_of(run) else UNKNOWN
        tables.setdefault((name, fingerprint_of(run), question_of(run)), []).append(run)
    header = ("run", "name", "validation", "test", "MB")
    for (name, fingerprint, question), of_one in tables.items():
        title = f"{name} ({question_in_title(question)}images and split {fingerprint})"
        console.table(title, header, map(row_of, of_one), left=2, wide=True)
    if stopped:
        console.table(
            "unfinished trainings",
            ("name", "model", "stands", "MB"),
            map(row_of_unfinished, stopped),
            left=3,
            wide=True,
        )
    for why in unreadable:
        console.print(f"not listed: {why}")
    of_stopped = [values_of_unfinished(found) for found in stopped]
    return {"runs": [values_of(run) for run in runs], "unreadable": unreadable, "unfinished": of_stopped}


def question_in_title(question: tuple[str, ...]) -> str:
    """Return a question as a title says it: nothing of classifiers, whose images have the classes as labels."""
    task, *classes = question
    return (
        "" if task == "classify" else f"--task {task} of {listed(classes, MAX_NAMED)}; {tasks.get(task).SCORE_NAME}; "
    )


def no_run(folder: Path, data: str | None) -> UserError:
    """Return the error of a folder without a run, or without one that learned from `data`."""
    which, flags = (f" that learned from {data}", ["--data", data]) if data else ("", [])
    return missing.no_run(folder, which, flags, instead="")


def row_of_unfinished(found: Found) -> tuple[str, ...]:
    """Return the line of a training that was stopped, or that somebody is at work on."""
    stands = f"{found.place()}{', at work' if found.busy else ', diverged' if found.diverged else ''}"
    return (found.name, found.asked["model"], stands, f"{found.size() / 1e6:,.1f}")


def values_of_unfinished(found: Found) -> dict[str, Any]:
    """Return what a script is told of a training that is not finished."""
    told = {"name": found.name, "folder": found.folder, "model": found.asked["model"], "begun": found.asked["begun"]}
    return {**told, "stands": found.place(), "at_work": found.busy, "bytes": found.size()}


def values_of(run: Run) -> dict[str, Any]:
    """Return what a script is told of a run."""
    data = data_of(run)
    return of_listing(run, figures_of(run), fingerprint_of(run), size_of(run), data[-1] if data else None)


def row_of(run: Run) -> tuple[str, ...]:
    """Return a line of the table."""
    figures, name = figures_of(run), run.info.get("settings", {}).get("name")
    percent = (score(run, figures, split) for split in ("val", "test"))
    return (run.folder.name, name or "", *percent, f"{size_of(run) / 1e6:,.1f}")


def show_best(folder: Path, data: str | None) -> dict[str, Any]:
    """Print the run of the best score on validation, and that on test, and return it.

    Only runs of one data set are compared, and of these such as answer the question that the newest one answers.
    """
    runs, _ = runs_in(folder, data)
    judged = {run.folder: (run, figures_of(run)) for run in runs if figures_of(run)}
    if not judged:
        raise no_run(folder, data)
    fingerprints = {fingerprint_of(run) for run, _ in judged.values()}
    if len(fingerprints) > 1:
        listing = shlex.join(["python", "main.py", "runs", "--runs", str(folder)])
        told = "give --data DIR" if data is None else f"images or split were changed. See: {listing}"
        raise UserError(
            f"The runs in {folder} are of {len(fingerprints)} data sets or splits, which cannot be ranked: {told}"
        )
    newest, _ = next(iter(judged.values()))
    alike = [(run, figures) for run, figures in judged.values() if question_of(run) == question_of(newest)]
    if others := len(judged) - len(alike):
        console.to_error(
            f"note: {others:,} run(s) are not ranked: they have another task or other classes than the newest run "
            f"(--task {newest.task}), so that their figure is of something else"
        )
    task = tasks.get(newest.task)
    run, figures = max(alike, key=lambda entry: entry[1]["val"][task.SCORE])
    of = "" if run.task == "classify" else f" {task.SCORE_NAME}"
    console.print(
        f"{run.folder}: {run.info['model']}, validation{of} {score(run, figures, 'val')}, the best of {len(alike):,}; "
        f"test {score(run, figures, 'test')}"
    )
    return {"best": values_of(run), "of": len(alike)}


def find(name: str, runs: str) -> Run:
    """Return the run of a path, a folder's name or a run's name. Raise UserError where there is none."""
    return read_run(place_of(name, runs), runs)


def place_of(name: str, runs: str) -> Path:
    """Return the folder that a path, a folder's name or a run's name stands for, a run's or not."""
    within, chosen = Path(runs) / name, by_name(name, runs)
    is_path = len(Path(name).parts) > 1 and chosen.is_dir()
    return chosen if is_path or is_run(chosen) or not within.is_dir() else within  # else it says what that lacks

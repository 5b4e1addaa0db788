"""Predictions of a classifier: for files and folders, or for a split of the run's own data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from errors import UserError
from study import tasks
from study.predict.stream import PARTS, Answer, answer, listed, own_part
from study.predict.views import count_of
from study.runs.folder import Run
from study.runtime import console, output
from study.tasks.contract import Task


def predict_paths(run: Run, paths: Sequence[str], table: Path | None, views: str = "none") -> None:
    """Print `file  class  probability` for files and folders, and what failed; write the table if one is asked for.

    Raises:
        UserError: every file failed.
    """
    task, answers = task_of(run), []
    for found in answer(run, list(listed(paths)), views):
        answers.append(found)
        if found.probabilities is None:
            print(f"{found.path}: {found.error}", file=sys.stderr)
        else:
            console.say(f"{found.path}  {task.describe_prediction(found.probabilities, run.info)}")
    if table:
        write_answers(table, run, answers)
    failed = sum(bool(found.error) for found in answers)
    if failed == len(answers):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    if failed:
        print(f"{failed} of {len(answers)} files could not be used.", file=sys.stderr)


def predict_part(run: Run, part: str, table: Path | None, views: str = "none") -> None:
    """Answer for the run's own "val" or "test" part and print the per-class report; write the table if asked for."""
    task = task_of(run)
    answers, rows = own_part(run, part, views)
    if table:
        write_answers(table, run, answers)
    mean = f", mean over {count_of(views)} views of each image (--tta {views})" if views != "none" else ""
    console.say(f"{run.folder}: its own {PARTS[part]} part{mean}")
    probabilities = np.stack([found.probabilities for found in answers])
    task.print_report(PARTS[part], task.measure(rows, probabilities, run.info))


def task_of(run: Run) -> Task:
    """Return the task of a run."""
    return tasks.get(run.info.get("task", "classify"))


def write_answers(path: Path, run: Run, answers: Sequence[Answer]) -> None:
    """Write `path,…,error`, one row a file; between them what the task has to say."""
    task = task_of(run)
    columns = task.columns(run.info["class_names"])
    rows = []
    for found in answers:
        predicted = found.probabilities is not None
        cells = task.cells(found.probabilities, run.info) if predicted else [""] * len(columns)
        rows.append([found.path, *cells, found.error])
    output.write_csv(path, ["path", *columns, "error"], rows)

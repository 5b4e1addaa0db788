"""Predictions of a classifier: for files and folders, or for a split of the run's own data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.names import split_labels
from errors import UserError
from study import tasks
from study.predict.stream import PARTS, Answer, answer, find, listed, own_part
from study.predict.told import count_up, padded, width_of
from study.predict.views import count_of
from study.runs.folder import Run
from study.runtime import console, output
from study.tasks.contract import Task


def predict_paths(run: Run, paths: Sequence[str], table: Path | None, views: str = "none") -> int:
    """Print `file  class  probability` for files and folders, and what failed; write the table if one is asked for.

    Returns:
        How many files failed.

    Raises:
        UserError: every file failed.
    """
    task, answers, labels = task_of(run), [], []
    files, skipped = find(list(listed(paths)))
    width = width_of(files)
    for found in answer(run, files, skipped, views):
        answers.append(found)
        if found.probabilities is None:
            print(f"{found.path}: {found.error}", file=sys.stderr)
            continue
        console.say(f"{padded(found.path, width)}  {task.describe_prediction(found.probabilities, run.info)}")
        labels += split_labels(task.cells(found.probabilities, run.info)[0]) or ("none",)
    if table:
        write_answers(table, run, answers)
    failed = sum(bool(found.error) for found in answers)
    if failed == len(answers):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    count_up(labels, len(answers) - failed, failed)
    return failed


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

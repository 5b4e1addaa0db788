"""Predictions of a classifier: for files and folders, or for a split of the run's own data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.csv_table import guarded
from data.names import split_labels
from errors import UserError
from study import tasks
from study.predict.stream import SPLIT_NAMES, Prediction, expand_paths, find, predict_files, predict_split
from study.predict.told import count_up, padded, width_of
from study.predict.views import number_of_views
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
    task, predictions, labels = task_of(run), [], []
    files, skipped = find(list(expand_paths(paths)))
    width = width_of(files)
    for prediction in predict_files(run, files, skipped, views):
        predictions.append(prediction)
        if prediction.probabilities is None:
            print(f"{prediction.path}: {prediction.error}", file=sys.stderr)
            continue
        console.print(
            f"{padded(prediction.path, width)}  {task.describe_prediction(prediction.probabilities, run.info)}"
        )
        labels += split_labels(task.cells(prediction.probabilities, run.info)[0]) or ("none",)
    if table:
        write_predictions(table, run, predictions)
    failed = sum(bool(prediction.error) for prediction in predictions)
    if failed == len(predictions):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    count_up(labels, len(predictions) - failed, failed)
    return failed


def evaluate_split(run: Run, split: str, table: Path | None, views: str = "none") -> None:
    """Answer for the run's own "val" or "test" part and print the per-class report; write the table if asked for."""
    task = task_of(run)
    predictions, entries = predict_split(run, split, views)
    if table:
        write_predictions(table, run, predictions)
    mean = f", mean over {number_of_views(views)} views of each image (--tta {views})" if views != "none" else ""
    console.print(f"{run.folder}: its own {SPLIT_NAMES[split]} split{mean}")
    probabilities = np.stack([prediction.probabilities for prediction in predictions])
    task.print_report(SPLIT_NAMES[split], task.measure(entries, probabilities, run.info))


def task_of(run: Run) -> Task:
    """Return the task of a run."""
    return tasks.get(run.info.get("task", "classify"))


def write_predictions(path: Path, run: Run, predictions: Sequence[Prediction]) -> None:
    """Write `path,…,error`, one row a file; between them what the task has to say."""
    task = task_of(run)
    columns = task.columns(run.info["class_names"])
    rows = []
    for prediction in predictions:
        predicted = prediction.probabilities is not None
        cells = task.cells(prediction.probabilities, run.info) if predicted else [""] * len(columns)
        rows.append([prediction.path, *cells, prediction.error])
    output.write_csv(path, ["path", *columns, "error"], guarded(rows))

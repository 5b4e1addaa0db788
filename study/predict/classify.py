"""Predictions of a classifier: for files and folders, or for a split of the run's own data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.names import split_labels
from errors import UserError
from study import tasks
from study.predict.stream import SPLIT_NAMES, Prediction, expand_paths, find, predict_files, predict_split
from study.predict.told import count_up, padded, width_of
from study.predict.verdicts import COLUMNS, Judge, describe_split, judge_of
from study.predict.views import number_of_views
from study.runs.folder import Run
from study.runtime import console, output
from study.tasks.contract import Task


def predict_paths(
    run: Run, paths: Sequence[str], table: Path | None, views: str = "none", right: float | None = None
) -> int:
    """Print `file  verdict  probability` for files and folders, and what failed; write the table if one is asked for.

    Returns:
        How many files failed.

    Raises:
        UserError: every file failed.
    """
    task, predictions, labels, judge = task_of(run), [], [], judge_of(run, right)
    files, skipped = find(list(expand_paths(paths)))
    width = width_of(files)
    for prediction in predict_files(run, files, skipped, views, known=judge and judge.known):
        predictions.append(prediction)
        if prediction.probabilities is None:
            print(f"{prediction.path}: {prediction.error}", file=sys.stderr)
            continue
        said = judge.describe(prediction) if judge else task.describe_prediction(prediction.probabilities, run.info)
        console.print(f"{padded(prediction.path, width)}  {said}")
        several = split_labels(task.cells(prediction.probabilities, run.info)[0]) or ("none",)
        labels += (judge.verdict(prediction),) if judge else several
    if table:
        write_predictions(table, run, predictions, judge)
    failed = sum(bool(prediction.error) for prediction in predictions)
    if failed == len(predictions):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    if judge and (why := judge.why_none_is_sure()):
        print(why, file=sys.stderr)
    count_up(labels, len(predictions) - failed, failed)
    return failed


def evaluate_split(run: Run, split: str, table: Path | None, views: str = "none", right: float | None = None) -> None:
    """Answer for the run's own "val" or "test" part and print the per-class report; write the table if asked for."""
    task, judge = task_of(run), judge_of(run, right)
    predictions, entries = predict_split(run, split, views, known=judge and judge.known)
    if table:
        write_predictions(table, run, predictions, judge)
    mean = f", mean over {number_of_views(views)} views of each image (--tta {views})" if views != "none" else ""
    console.print(f"{run.folder}: its own {SPLIT_NAMES[split]} split{mean}")
    probabilities = np.stack([prediction.probabilities for prediction in predictions])
    task.print_report(SPLIT_NAMES[split], task.measure(entries, probabilities, run.info))
    if judge and judge.known:
        answered = describe_split(judge, predictions, [entry.label for entry in entries])
        console.print(judge.why_none_is_sure() or f"at --right {judge.asked:g}: {answered}")


def task_of(run: Run) -> Task:
    """Return the task of a run."""
    return tasks.get(run.info.get("task", "classify"))


def write_predictions(path: Path, run: Run, predictions: Sequence[Prediction], judge: Judge | None) -> None:
    """Write `path,…,error`, one row a file; between them what the task has to say, behind them verdict and distance."""
    task = task_of(run)
    columns = task.columns(run.info["class_names"])
    rows = []
    for prediction in predictions:
        predicted = prediction.probabilities is not None
        cells = task.cells(prediction.probabilities, run.info) if predicted else [""] * len(columns)
        rows.append([prediction.path, *cells, prediction.error, *(judge.cells(prediction) if judge else ())])
    output.write_csv(path, ["path", *columns, "error", *(COLUMNS if judge else ())], rows)

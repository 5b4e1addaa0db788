"""Predictions of a classifier: for files and folders, or for a split of the run's own data."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from data.csv_table import guarded
from data.names import composed, printable, split_labels
from study import tasks
from study.predict.stream import SPLIT_NAMES, Prediction, expand_paths, find, predict_files, predict_split
from study.predict.told import count_failures, count_up, padded, width_of
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
    roots = list(expand_paths(paths))
    files, skipped = find(roots)
    predictions = print_each(run, predict_files(run, files, skipped, views), files)
    if table:
        write_predictions(table, run, predictions)
    if not task_of(run).SEVERAL_LABELS and lie_in_classes(files, roots, run.info["class_names"]):
        print(
            "The sub-folders are named as classes of this run: --labelled compares the predictions with them.",
            file=sys.stderr,
        )
    return count_failures([prediction.error for prediction in predictions])


def print_each(
    run: Run, predictions: Iterable[Prediction], files: Sequence[Path], label_of: Mapping[str, str] | None = None
) -> list[Prediction]:
    """Print each prediction as it comes, beside a wrong one its label; then how many got each class. Return them all.

    `files` are those that are predicted for; `label_of`, by printable path, where labels are known.
    """
    task, width, told, labels = task_of(run), width_of(files), [], []
    for prediction in predictions:
        told.append(prediction)
        if prediction.probabilities is None:
            print(f"{prediction.path}: {prediction.error}", file=sys.stderr)
            continue
        line = f"{padded(prediction.path, width)}  {task.describe_prediction(prediction.probabilities, run.info)}"
        predicted = split_labels(task.cells(prediction.probabilities, run.info)[0])
        label = None if label_of is None else label_of[prediction.path]
        wrong = label is not None and set(split_labels(label)) != set(predicted)
        console.print(line + (f"  wrong: labelled {label or 'none'}" if wrong else ""))
        labels += predicted or ("none",)
    count_up(labels, sum(not prediction.error for prediction in told))
    return told


def lie_in_classes(files: Sequence[Path], roots: Sequence[Path], names: Collection[str]) -> bool:
    """Say whether what was given are folders, and every image lies in a sub-folder that is named as a class."""
    if not files or not all(root.is_dir() for root in roots):
        return False
    below = [next((file.relative_to(root).parts for root in roots if file.is_relative_to(root)), ()) for file in files]
    return all(len(parts) > 1 and composed(printable(parts[0])) in names for parts in below)


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


def write_predictions(
    path: Path, run: Run, predictions: Sequence[Prediction], label_of: Mapping[str, str] | None = None
) -> None:
    """Write `path,…,error`, one row a file; between them the label, where it is known, and what the task has to say."""
    task = task_of(run)
    columns = task.columns(run.info["class_names"])
    rows = []
    for prediction in predictions:
        predicted = prediction.probabilities is not None
        cells = task.cells(prediction.probabilities, run.info) if predicted else [""] * len(columns)
        label = [] if label_of is None else [label_of.get(prediction.path, "")]
        rows.append([prediction.path, *label, *cells, prediction.error])
    output.write_csv(path, ["path", *([] if label_of is None else ["label"]), *columns, "error"], guarded(rows))

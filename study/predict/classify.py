"""Predictions of a classifier: for files and folders, or for a split of the run's own data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from data.names import composed, distinct, labels_of, printable, split_labels
from data.split import SplitEntry
from errors import UserError
from study.pages.language import joined, t
from study.predict.outcome import Predicted, images_of_classes
from study.predict.own_split import predict_split
from study.predict.sorting import check_place
from study.predict.stream import Prediction, expand_paths, find, predict_files
from study.predict.told import count_failures, count_up, padded, task_of, width_of
from study.predict.units import together_in_split
from study.predict.verdicts import Judge, count_split, describe_split, judge_of
from study.predict.views import number_of_views
from study.predict.written import Truth, Wanted, write
from study.runs.folder import Run
from study.runtime import console

MOST_NAMED = 3  # files and folders


def predict_paths(
    run: Run, paths: Sequence[str | Path], wanted: Wanted, views: str = "none", right: float | None = None
) -> Predicted:
    """Print `file  verdict  probability` for files and folders, and what failed; write what is wanted.

    Raises:
        UserError: every file failed, or files cannot be sorted where that is wanted.
    """
    judge, roots = judge_of(run, right), list(expand_paths(paths))
    files, skipped = find(roots)
    if wanted.sort:
        check_place(wanted.sort, wanted.way, run, roots, files, judge)
    answers = predict_files(run, files, skipped, views, known=judge and judge.known)
    predictions = print_each(run, answers, files, judge)
    written = write(run, predictions, judge, wanted, named(paths))
    count_failures([prediction.error for prediction in predictions])
    in_folders = not task_of(run).SEVERAL_LABELS and lie_in_classes(files, roots, run.info["class_names"])
    images = images_of_classes(run, predictions, judge)
    return Predicted(run, images, written, judge=judge, in_class_folders=in_folders)


def named(paths: Sequence[str | Path]) -> str:
    """Return in a few words what is predicted for: `photos, more.jpg, …`."""
    a_list = t("a list of files", "ファイルの一覧")
    shown = [a_list if path == "-" else printable(str(path)) for path in paths[:MOST_NAMED]]
    return joined([*shown, "…"][: len(paths)])


def print_each(
    run: Run,
    predictions: Iterable[Prediction],
    files: Sequence[Path],
    judge: Judge | None,
    label_of: Mapping[str, str] | None = None,
) -> list[Prediction]:
    """Print each prediction as it comes, beside a wrong one its label; then how many got each verdict. Return them all.

    `files` are those that are predicted for; `label_of`, by printable path, where labels are known.
    """
    task, width, told, labels = task_of(run), width_of(files), [], []
    none = distinct("none", run.info["class_names"])
    for prediction in predictions:
        told.append(prediction)
        if prediction.probabilities is None:
            console.to_error(f"{prediction.path}: {prediction.error}")
            continue
        said = judge.describe(prediction) if judge else task.describe_prediction(prediction.probabilities, run.info)
        predicted = split_labels(task.predicted_label(prediction.probabilities, run.info))
        label = None if label_of is None else label_of[prediction.path]
        wrong = label is not None and set(split_labels(label)) != set(predicted)
        mark = f"  wrong: labelled {label or none}" if wrong else ""
        console.print(f"{padded(prediction.path, width)}  {said}{mark}")
        labels += (judge.verdict(prediction),) if judge else predicted or (none,)
    for note in judge.notes(Counter(labels)) if judge and labels else ():
        console.to_error(note)
    count_up(labels, sum(not prediction.error for prediction in told))
    return told


def lie_in_classes(files: Sequence[Path], roots: Sequence[Path], names: Collection[str]) -> bool:
    """Say whether what was given are folders, and every image lies in a sub-folder that is named as a class."""
    if not files or not all(root.is_dir() for root in roots):
        return False
    below = [next((file.relative_to(root).parts for root in roots if file.is_relative_to(root)), ()) for file in files]
    return all(len(parts) > 1 and composed(printable(parts[0])) in names for parts in below)


def evaluate_split(run: Run, split: str, wanted: Wanted, views: str, right: float | None) -> Predicted:
    """Answer for the run's own "val" or "test" part and print the per-class report; write what is wanted."""
    task, judge = task_of(run), judge_of(run, right)
    done = predict_split(run, split, views, known=judge and judge.known, whole=False)
    predictions, entries = done.predictions, done.entries
    check_labels(run, entries, task.SEVERAL_LABELS)
    mean = f", mean over {number_of_views(views)} views of each image (--tta {views})" if views != "none" else ""
    console.print(f"{run.folder}: its {done.described}{mean}")
    probabilities = np.stack([prediction.probabilities for prediction in predictions])
    metrics, answered = task.measure(entries, probabilities, run.info, *together_in_split(run, entries)), None
    task.print_report(done.title, metrics)
    if judge and judge.known:
        for note in judge.renamed():
            console.to_error(note)
        answered = count_split(judge, predictions, [entry.label for entry in entries])
        console.print(judge.why_no_threshold() or f"at --right {judge.asked:g}: {describe_split(answered)}")
    label_of = {one.path: entry.label for one, entry in zip(predictions, entries, strict=True)}
    subject = t(f"the run's {done.described}", f"この学習結果{done.described.ja}")
    truth = Truth(label_of, metrics, in_table=False, title=done.title)
    written = write(run, predictions, judge, wanted, subject, truth)
    images = images_of_classes(run, predictions, judge, label_of)
    return Predicted(done.run, images, written, split, metrics, judge, answered, missing=done.missing)


def check_labels(run: Run, entries: Sequence[SplitEntry], several: bool) -> None:
    """Raise UserError where `split.csv` has a label that is no class of the run."""
    labels = (label for entry in entries for label in labels_of(entry.label, several))
    if strange := sorted(set(labels) - set(run.info["class_names"])):
        raise UserError(
            f"{run.folder / 'split.csv'} has the label '{strange[0]}', which is no class of run.json. Train again."
        )

"""Compare predictions with labels that come along: folders whose sub-folders are classes of the run, or tables."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from data import image_folder, labels, parquet_set
from data.any_form import scan
from data.folder import ImageRecord, Scan, Skipped
from data.names import labels_of, printable
from data.split import SplitEntry
from errors import UserError
from study.pages.language import listed
from study.predict.classify import named, print_each
from study.predict.outcome import Predicted, images_of_classes
from study.predict.sorting import check_place
from study.predict.stream import Prediction, expand_paths, predict_files, shown_name
from study.predict.told import MAX_NAMED, count_failures, describe_learned, learned_from, task_of
from study.predict.units import together_of_labelled
from study.predict.verdicts import count_split, judge_of
from study.predict.written import LABELLED, Truth, Wanted, write
from study.runs.folder import Run
from study.runtime import console, output


@dataclass
class Given:
    """What was given: folders and tables, their files, label and group by printable path, and what is no use."""

    roots: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    label_of: dict[str, str] = field(default_factory=dict)
    group_of: dict[str, tuple[Path, str]] = field(default_factory=dict)  # of a table's column; names are each table's
    skipped: list[Skipped] = field(default_factory=list)
    name_of: dict[Path, str] = field(default_factory=dict)  # of images unpacked from a larger file

    def named(self, prediction: Prediction) -> Prediction:
        """Return an answer under the name that its image has in the data set, where its file is of the cache."""
        return replace(prediction, path=self.name_of.get(prediction.file, prediction.path))


def predict_labelled(
    run: Run, paths: Sequence[str | Path], wanted: Wanted, views: str, right: float | None
) -> Predicted:
    """Print the answer for each image, then the report of every class as for a test split; write what is wanted.

    Args:
        run: of a task with one vector of probabilities for an image.
        paths: folders with one sub-folder for each class, or tables with the columns path,label.
        wanted: what to write; the report is written beside the table, as `report_path` says.
        views: as `--tta` names them.
        right: share of answers that must be right, where it was asked for.

    Raises:
        UserError: a label is no class of the run, or nothing is labelled, or every file failed; or files cannot be
            sorted where that is wanted.
    """
    if wanted.table:
        check_report(report_path(wanted.table))
    task, judge, given = task_of(run), judge_of(run, right), collect(run, paths)
    if wanted.sort:
        check_place(wanted.sort, wanted.way, run, given.roots, given.files, judge)
    answers = predict_files(run, given.files, given.skipped, views, known=judge and judge.known, fingerprints=True)
    predictions = print_each(run, map(given.named, answers), given.files, judge, given.label_of)
    usable = [prediction for prediction in predictions if prediction.probabilities is not None]
    if not usable:
        write(run, predictions, judge, wanted, named(paths), Truth(given.label_of))
    count_failures([prediction.error for prediction in predictions])
    entries = [SplitEntry(one.path, one.sha256, given.label_of[one.path]) for one in usable]
    together = together_of_labelled(run, usable, given.group_of)
    metrics = task.measure(entries, np.stack([one.probabilities for one in usable]), run.info, *together)
    task.print_report(LABELLED, metrics)
    learned = learned_from(run, [one.sha256 for one in usable])
    told = describe_learned(learned, len(usable))
    console.print(told)
    written = write(run, predictions, judge, wanted, named(paths), Truth(given.label_of, metrics, told))
    if wanted.table:
        written["report"] = report_path(wanted.table)
        summary = {"run": str(run.folder), "summary": task.describe(LABELLED, metrics)}
        content = {**summary, "warnings": task.warnings(metrics), **learned, "metrics": metrics}
        write_report(written["report"], content)
        console.print(f"report: {written['report']}")
    counted = judge and judge.known
    answered = count_split(judge, usable, [entry.label for entry in entries]) if counted else None
    images = images_of_classes(run, predictions, judge, given.label_of)
    return Predicted(run, images, written, None, metrics, judge, answered, learned=learned)


def collect(run: Run, paths: Sequence[str | Path]) -> Given:
    """Return the images of folders and tables with their labels. Raise UserError for a label that is no class."""
    given, several = Given(), task_of(run).SEVERAL_LABELS
    for path in expand_paths(paths):
        given.roots.append(path)
        if several and not tells_several(path):
            raise UserError(
                f"An image may have several labels in {run.folder}, which folders cannot tell: give --labelled a table "
                f"with the columns path,label. Received: {printable(str(path))}"
            )
        found = relabelled(scan(path, min_classes=1, several_labels=several, explained=True), run)
        check_labels(found.images, path, run, several)
        given.skipped += [replace(item, name=printable(str(found.base / item.name))) for item in found.skipped]
        for image in found.images:
            name = shown_name(image.path, found.base / image.name)
            given.name_of[image.path] = name
            if image.group:
                given.group_of[name] = path, image.group
            if given.label_of.setdefault(name, image.label) != image.label:
                raise UserError(f"{name} is given two labels, {given.label_of[name]} and {image.label}: give it one.")
            given.files.append(image.path)
    given.files = list(dict.fromkeys(given.files))
    return given


def tells_several(path: Path) -> bool:
    """Say whether a path gives an image several labels: a table, or a data set of the hub."""
    return path.is_file() or bool(parquet_set.shards(path) or (path.is_dir() and image_folder.tables(path)))


def relabelled(found: Scan, run: Run) -> Scan:
    """Rename, merge or leave out folders as the label file of the run's training did; others keep their name.

    A folder that the file names another class, and that is itself called as a class of the run, is told.
    """
    if not (run.folder / "labels.csv").is_file():
        return found
    folders = {image.label for image in found.images}
    class_of = labels.by_folder(labels.read(run.folder / "labels.csv"), folders, strict=False)
    for folder in sorted(folders & set(run.info["class_names"])):
        if class_of.get(folder, folder) != folder:
            meant = f"as {class_of[folder]}" if class_of[folder] else "out"
            console.print(
                f"careful: the label file of the training takes the folder {folder} {meant}, and so it is taken here, "
                f"though {folder} is a class too"
            )
    return labels.relabelled(found, class_of, "its folder is left out by the run's label file")


def label_file_for(run: Path, data: Path) -> dict[str, Path]:
    """Return the flag that reads folders as the run's training did; none where some that its file names are missing."""
    table = run / "labels.csv"
    if not table.is_file():
        return {}
    folders = {path.name for path in data.iterdir() if path.is_dir()} if data.is_dir() else set()
    class_of = labels.by_folder(labels.read(table), folders, strict=False)
    return {"labels": table} if class_of and class_of.keys() <= folders else {}


def check_labels(images: Sequence[ImageRecord], path: Path, run: Run, several: bool) -> None:
    """Raise UserError where labels are no classes of the run."""
    names = run.info["class_names"]
    used = {label for image in images for label in labels_of(image.label, several)}
    if unknown := sorted(used - set(names)):
        raise UserError(
            f"{printable(str(path))} has labels that are no classes of {run.folder}: {listed(unknown, MAX_NAMED)}. "
            f"Its classes: {listed(names, MAX_NAMED)}. Rename them, or leave --labelled out."
        )


def report_path(table: Path) -> Path:
    """`answers.csv` -> `answers-report.json`."""
    return table.with_name(f"{table.stem}-report.json")


def check_report(path: Path) -> None:
    """Raise UserError where a file that is no report of this program is at the place of a report."""
    if kind := output.kind_of(path):
        raise UserError(f"The report would be written to {path}, which is a {kind}: give --csv another name.")
    try:
        known = set(json.loads(path.read_text(encoding="utf-8"))) >= {"run", "summary", "metrics"}
    except FileNotFoundError:
        return
    except (OSError, ValueError, TypeError, RecursionError):
        known = False
    if not known:
        raise UserError(
            f"The report would be written to {path}, which is a file already, and no report: give --csv another name."
        )


def write_report(path: Path, content: Mapping[str, Any]) -> None:
    """Write the report, whole or not at all."""
    with output.replacing(path) as aside:
        output.write_json(aside, content)

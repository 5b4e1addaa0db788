"""What a comparison found: a ranking by validation."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from data.csv_table import guarded
from data.split import read_split
from errors import UserError
from study import tasks
from study.runs.folder import UNREADABLE, Run
from study.runtime import output
from study.tasks.contract import Task
from study.tasks.scores import ACCURACY, UNKNOWN

HEADER = ("val_accuracy", "val_accuracy_std", "val_macro_f1", "val_macro_f1_std", "seconds", "n")
OWN = ("seed", "runs")  # settings in which runs of one combination differ


@dataclass(frozen=True)
class Result:
    """One finished training; of its figures only those of the validation split.

    Args:
        run: the run folder and its `run.json`.
        images: images of the validation split.
        seconds: that the training took, without the start of the program.
        epochs: rows of `history.csv`, numbers read.
        baseline: the constant answer that is right most often, and its accuracy, where the task has one.
        loss: cross-entropy.
        own_score: what the task ranks runs by, where that is not its accuracy.
    """

    run: Run
    accuracy: float
    macro_f1: float
    images: int
    seconds: float
    epochs: Sequence[Mapping[str, float]]
    baseline: tuple[str, float] | None = None
    loss: float = math.nan
    own_score: float | None = None

    @property
    def score(self) -> float:
        """Return what runs are ranked by."""
        return self.accuracy if self.own_score is None else self.own_score


@dataclass(frozen=True)
class Line:
    """One combination and its results by seed."""

    label: str
    results: Mapping[int, Result]

    def values(self, name: str) -> list[float]:
        """Return one figure of every seed."""
        return [getattr(result, name) for result in self.results.values()]


# What tables and JSON raise that were cut off or hold something else.
UNREADABLE_TABLES = (*UNREADABLE, csv.Error)


def read_result(run: Run) -> Result:
    """Read a run folder; the test split's figures are passed over. Raise UserError where they cannot be read."""
    name = "metrics.json"
    try:
        val = json.loads((run.folder / name).read_text(encoding="utf-8"))["val"]
        accuracy, macro_f1, images = float(val["accuracy"]), float(val["macro_f1"]), int(val["n"])
        loss = float(val.get("loss", math.nan))
        task = tasks.get(run.task)
        own_score = None if task.SCORE == ACCURACY else float(val[task.SCORE])
        baseline = task.baseline(val)
        name = "history.csv"
        epochs = read_epochs(run.folder / name, f"val_{task.SCORE}")
        name = "run.json"
        seconds, _, _ = sum(run.info["seconds"].values()), run.info["settings"], run.info["stages"][-1]["precision"]
    except KeyError as error:
        raise UserError(f"{run.folder / name} cannot be read: it has no {error.args[0]}. Train again.") from error
    except UNREADABLE_TABLES as error:
        raise UserError(f"{run.folder / name} cannot be read: {error}. Train again.") from error
    return Result(run, accuracy, macro_f1, images, seconds, epochs, baseline, loss, own_score)


def read_epochs(path: Path, score: str = "val_accuracy") -> list[dict[str, float]]:
    """Return validation loss, accuracy and score of each epoch. Raise ValueError and others for another table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        raise ValueError("it has no epoch")
    return [{name: float(row[name]) for name in ("val_loss", "val_accuracy", score)} for row in rows]


def rank(lines: Sequence[Line]) -> list[Line]:
    """Put the best first by the mean of their task's score on validation, then macro F1; those without any run last."""
    scores = {line.label: (mean(line.values("score")), mean(line.values("macro_f1"))) for line in lines if line.results}
    return sorted(lines, key=lambda line: scores.get(line.label, (-1, -1)), reverse=True)


def spread(values: Sequence[float]) -> float | None:
    """Return the standard deviation over seeds; one seed has none."""
    return stdev(values) if len(values) > 1 else None


def row_values(line: Line) -> dict[str, float | None]:
    """Return what stands in the table: the figures of `HEADER`, behind the score of a task that ranks by another."""
    found = dict(zip(HEADER, common_values(line), strict=True))
    name = f"val_{task_of([line]).SCORE}"
    if not line.results or name in found:
        return found
    score = line.values("score")
    return {name: mean(score), f"{name}_std": spread(score), **found}


def common_values(line: Line) -> list[float | None]:
    """Return what stands under `HEADER`."""
    if not line.results:
        return [None] * 5 + [0]
    accuracy, macro_f1 = line.values("accuracy"), line.values("macro_f1")
    return [
        mean(accuracy),
        spread(accuracy),
        mean(macro_f1),
        spread(macro_f1),
        mean(line.values("seconds")),
        len(accuracy),
    ]


def write_csv(path: Path, lines: Sequence[Line]) -> None:
    """Write the ranking."""
    rows = [row_values(line) for line in lines]
    header = max(rows, key=len)
    entries = [
        [line.label, *("" if row.get(name) is None else round(row[name], 6) for name in header)]
        for line, row in zip(lines, rows, strict=True)
    ]
    output.write_csv(path, ("combination", *header), guarded(entries))


def task_of(lines: Sequence[Line]) -> Task:
    """Return the task of the runs; they all have one."""
    results = [result for line in lines for result in line.results.values()]
    return tasks.get(results[0].run.task if results else "classify")


def ranking_table(lines: Sequence[Line]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the ranking for people: header, with the figures as the task calls them, and rows.

    What it is ranked by comes first.
    """
    task = task_of(lines)
    percent, share = (lambda x: f"{100 * x:.1f}"), "{:.3f}".format
    columns = {  # name -> title, and form of its values
        f"val_{task.SCORE}": (task.SCORE_NAME, share),
        f"val_{task.SCORE}_std": ("± std", share),
        "val_accuracy": (f"{task.ACCURACY} %", percent),
        "val_accuracy_std": ("± std", percent),
        "val_macro_f1": (task.MACRO_F1, share),
        "val_macro_f1_std": ("± std", share),
        "seconds": ("seconds a run", "{:.1f}".format),
        "n": ("seeds", str),
    }
    entries = []
    for line in lines:
        values = row_values(line)
        cells = ((values.get(name), form) for name, (_, form) in columns.items())
        entries.append([line.label, *(UNKNOWN if value is None else form(value) for value, form in cells)])
    return ("combination", *(title for title, _ in columns.values())), entries


def resolved_settings(lines: Sequence[Line], varied: Sequence[str]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the settings, as the runs resolved them, that all share; and those that followed from what was varied.

    The second: name -> label -> value.
    """
    settings_of = {line.label: next(iter(line.results.values())).run.info["settings"] for line in lines if line.results}
    names = [name for name in next(iter(settings_of.values())) if name not in (*OWN, *varied)]
    same, follows = {}, {}
    for name in names:
        values = {label: settings.get(name) for label, settings in settings_of.items()}
        if len({json.dumps(value, sort_keys=True) for value in values.values()}) == 1:
            same[name] = next(iter(values.values()))
        else:
            follows[name] = values
    return same, follows


def count_splits(results: Sequence[Result]) -> int:
    """Return how many different splits the runs have: one, if all went well."""
    found = set()
    for result in results:
        entries = read_split(result.run.folder / "split.csv")
        found.add(frozenset((entry.sha256, entry.label, entry.split) for entry in entries))
    return len(found)

"""What `predict` writes beside the lines on the screen: a table, a page, files sorted into folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from errors import UserError
from study.pages.language import t
from study.predict import sorting
from study.predict.answers import answers_of
from study.predict.rows import header_of, row_of
from study.predict.stream import Prediction
from study.predict.tables import write_table
from study.predict.told import task_of
from study.predict.verdicts import Judge
from study.runs.folder import Run
from study.runtime import console, output

LABELLED = t("labelled images", "ラベル付き画像")


@dataclass(frozen=True)
class Wanted:
    """What is to be written.

    Args:
        table: CSV file.
        page: HTML file.
        sort: folder that the files are sorted into.
        way: "copy" or "link".
        masks: new or empty folder, of a run that segments.
        command: as it was typed.
        language: of the page, "en" or "ja".
    """

    table: Path | None = None
    page: Path | None = None
    sort: Path | None = None
    way: str = "copy"
    masks: str | None = None
    command: str = ""
    language: str = "en"


@dataclass(frozen=True)
class Truth:
    """What labels say of the predictions.

    Args:
        label_of: by printable path.
        metrics: of those that got an answer; None where there is none.
        learned: one line on what the run learned from.
        in_table: whether the table of predictions has a column for the labels.
        title: what the figures are called.
    """

    label_of: Mapping[str, str]
    metrics: Mapping[str, Any] | None = None
    learned: str = ""
    in_table: bool = True
    title: str = LABELLED


def check_wanted(run: Run, wanted: Wanted, paths: Sequence[str | Path]) -> None:
    """Raise UserError where a run of this task cannot give what is wanted."""
    if wanted.sort and not paths:
        raise UserError("--sort takes files and folders to sort. Received: no path; the run's own images have labels.")
    if wanted.sort and task_of(run).SEVERAL_LABELS:
        raise UserError(
            f"--sort puts an image into the folder of its class, and in {run.folder} it may have several labels, or "
            "none: leave it out; --csv names all labels of each image."
        )


def write(
    run: Run,
    predictions: Sequence[Prediction],
    judge: Judge | None,
    wanted: Wanted,
    subject: str,
    truth: Truth | None = None,
) -> dict[str, Path]:
    """Write what is wanted, say where it is, and return that.

    Args:
        run: that predicted.
        predictions: all of them, those that failed too.
        judge: of the run.
        wanted: what to write.
        subject: what was predicted for, in a few words.
        truth: where labels are known.
    """
    written, label_of = {}, truth.label_of if truth else None
    answers = answers_of(run, predictions, judge, label_of) if wanted.page or wanted.sort else []
    failed = [prediction for prediction in predictions if prediction.probabilities is None]
    if wanted.table:
        write_predictions(wanted.table, run, predictions, judge, label_of if truth and truth.in_table else None)
        written["csv"] = wanted.table
    if wanted.page:
        from study.predict import page

        output.write_page(wanted.page, page.page(run, answers, failed, judge, wanted, subject, truth))
        written["page"] = wanted.page
        console.print(f"page: {wanted.page}")
    if wanted.sort and answers:
        done = sorting.sort_files(wanted.sort, wanted.way, answers, sorting.folders_of(run, judge), failed)
        written |= {"sorted": wanted.sort, "sort_csv": done.table}
        console.print(sorting.describe(done, wanted.way))
    return written


def write_predictions(
    path: Path,
    run: Run,
    predictions: Sequence[Prediction],
    judge: Judge | None,
    label_of: Mapping[str, str] | None,
) -> None:
    """Write `path,…,error`, one row a file; between them the label, where it is known, and what the task has to say.

    Behind them stand verdict and distance, where there is a `judge`.
    """
    rows = (row_of(run, judge, prediction, label_of) for prediction in predictions)
    write_table(path, header_of(run, judge, label_of is not None), rows)

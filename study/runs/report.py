"""`report.html`: what was trained, on what, how well it does and where it fails, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study import tasks
from study.folds.out_of_fold import beside_test
from study.pages.blocks import Figure, Table
from study.pages.render import render
from study.runs.advice import Commands, next_step
from study.runs.answers import MAX_IN_A_MATRIX, MAX_PAIRS, Answers, confused, matrix
from study.runs.members import members
from study.runs.trust import trust
from study.runtime.format import format_value
from study.tasks.classify import auxiliary_line

SPLITS = ("train", "val", "test")
STAGE_HEADER = (
    "stage", "images", "batch", "iterations an epoch", "epochs run", "images a second", "learning rate",
    "kept epoch, why it ended",
)  # fmt: skip


@dataclass(frozen=True)
class Repeat:
    """A command that repeats a training, the flags that were added to what was typed, and those that were left out."""

    command: str
    added: Sequence[str] = ()
    left_out: Sequence[str] = ()


@dataclass(frozen=True)
class Asked:
    """What was asked for: the names of the settings that were given, and how to repeat it."""

    given: Sequence[str]
    repeat: Repeat


def write(
    folder: Path,
    info: Mapping[str, Any],
    results: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    commands: Commands,
    asked: Asked,
    answers: Answers | None = None,
) -> None:
    """Write `report.html` into a run folder that has its images already.

    `history` has a row an epoch; `results` may have figures out of fold beside those of both splits; `commands` are
    those that can follow; `answers` are those of the test split that are shown, of a classifier.
    """
    task = tasks.get(info.get("task", "classify"))
    cells = matrix(results["test"], answers) if answers else []
    page = render(
        "report.html.jinja",
        info=info,
        headline=task.headline(results["test"]),
        next_step=next_step(info, results, history, commands),
        results=[task.describe("test", results["test"]), task.describe("validation", results["val"])],
        warnings=task.warnings(results["test"]),
        crossval=beside_test(results["crossval"], results["test"]["n"]) if "crossval" in results else [],
        second_task=auxiliary_summary(info["settings"], results),
        answers=answers,
        tested=results["test"]["n"],
        cells=cells if len(cells) <= MAX_IN_A_MATRIX else [],
        confused=confused(cells),
        most_pairs=MAX_PAIRS,
        sections=task.sections(folder, results["test"]),
        stages=Table(STAGE_HEADER, [_stage_row(stage) for stage in info["stages"]], (0, 7)),
        curves=Figure(
            (folder / "curves.png").read_bytes(),
            f"Loss and accuracy over the {'members' if 'ensemble' in info else 'epochs'}",
        ),
        trust=trust(folder, info),
        repeat=asked.repeat,
        members=members(info),
        **_tables(info),
        **_settings(info["settings"], asked.given),
    )
    (folder / "report.html").write_text(page, encoding="utf-8", errors="replace")


def auxiliary_summary(settings: Mapping[str, Any], results: Mapping[str, Any]) -> str:
    """Return what is told of an auxiliary task that was learned beside the class; nothing where there was none."""
    if "auxiliary" not in results["val"]:
        return ""
    lines = (
        auxiliary_line(name, Path(settings["auxiliary"]).name, results[split]["auxiliary"])
        for split, name in (("val", "validation"), ("test", "test"))
    )
    weight = f"weight {settings['auxiliary_weight']:g} in the loss; its head is no part of the saved network"
    return f"{'; '.join(lines)} ({weight})."


def _tables(info: Mapping[str, Any]) -> dict[str, Table]:
    counts = [
        [
            name,
            *(info["data"]["counts"][split].get(name, 0) for split in SPLITS),
            balance["drawn_per_epoch"],
            balance["weight"],
        ]
        for name, balance in info["classes"].items()
    ]
    header = ("class", "train", "validation", "test", "per epoch", "weight in the loss")
    left_out = [[entry["path"], entry["reason"]] for entry in info["data"]["left_out"]]
    return {
        "classes": Table(header, counts),
        "seconds": Table(("step", "seconds"), [[name, f"{spent:.1f}"] for name, spent in info["seconds"].items()]),
        "left_out": Table(("file", "reason"), left_out, (0, 1)),
    }


def _settings(values: Mapping[str, Any], given: Sequence[str]) -> dict[str, Table]:
    """Return the settings that were given, in the order in which they were, and all others."""
    header = ("setting", "value")
    first = [[name, format_value(values[name], name)] for name in given]
    others = [[name, format_value(value, name)] for name, value in values.items() if name not in given]
    return {"given": Table(header, first, (0, 1)), "defaults": Table(header, others, (0, 1))}


def _stage_row(stage: Mapping[str, Any]) -> list[object]:
    numbers = [f"{stage[key]:,}" for key in ("images", "batch_size", "iterations", "epochs_run", "images_per_second")]
    return [stage["name"], *numbers, f"{stage['learning_rate']:g}", f"{stage['kept_epoch']}: {stage['ended']}"]

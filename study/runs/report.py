"""`report.html`: what was trained, on what, how well it does and where it fails, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from study import tasks
from study.pages.blocks import Figure, Table
from study.pages.render import render
from study.runs.advice import next_step
from study.runs.members import members
from study.runs.trust import trust
from study.runtime.format import format_value
from study.tasks.classify import auxiliary_line

SPLITS = ("train", "val", "test")
STAGE_HEADER = (
    "stage", "images", "batch", "iterations an epoch", "epochs run", "images a second", "learning rate",
    "kept epoch, why it ended",
)  # fmt: skip


def write(
    folder: Path,
    info: Mapping[str, Any],
    results: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
    crossval: str,
) -> None:
    """Write `report.html` into a run folder that has its images already.

    `history` has a row an epoch; `crossval` is the command that cross-validates what was trained.
    """
    task = tasks.get(info.get("task", "classify"))
    page = render(
        "report.html.jinja",
        info=info,
        results=[task.describe("test", results["test"]), task.describe("validation", results["val"])],
        warnings=task.warnings(results["test"]),
        next_step=next_step(info, results, history, crossval),
        second_task=auxiliary_summary(info["settings"], results),
        sections=task.sections(folder, results["test"]),
        stages=Table(STAGE_HEADER, [_stage_row(stage) for stage in info["stages"]], (0, 7)),
        curves=Figure(
            (folder / "curves.png").read_bytes(),
            f"Loss and accuracy over the {'members' if 'ensemble' in info else 'epochs'}",
        ),
        trust=trust(folder, info),
        members=members(info),
        **_tables(info),
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
    settings = [[name, format_value(value, name)] for name, value in info["settings"].items()]
    left_out = [[entry["path"], entry["reason"]] for entry in info["data"]["left_out"]]
    return {
        "classes": Table(header, counts),
        "seconds": Table(("step", "seconds"), [[name, f"{spent:.1f}"] for name, spent in info["seconds"].items()]),
        "settings": Table(("setting", "value"), settings, (0, 1)),
        "left_out": Table(("file", "reason"), left_out, (0, 1)),
    }


def _stage_row(stage: Mapping[str, Any]) -> list[object]:
    numbers = [f"{stage[key]:,}" for key in ("images", "batch_size", "iterations", "epochs_run", "images_per_second")]
    return [stage["name"], *numbers, f"{stage['learning_rate']:g}", f"{stage['kept_epoch']}: {stage['ended']}"]

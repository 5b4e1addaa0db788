"""`report.html`: what was trained, on what, how well it does and where it fails, in one file that needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from study import tasks
from study.pages.html import STYLE, picture, render, table
from study.tasks.classify import second_task_line

STAGE_HEADER = (
    "stage", "images", "batch", "iterations an epoch", "epochs run", "images a second", "learning rate",
    "kept epoch, why it ended",
)  # fmt: skip


def write(folder: Path, info: Mapping[str, Any], results: Mapping[str, Any]) -> None:
    """Write `report.html` into a run folder that has its pictures already."""
    data, settings = info["data"], info["settings"]
    parts = ("train", "val", "test")
    counts = [
        [name, *(data["counts"][part].get(name, 0) for part in parts), dose["drawn_per_epoch"], dose["weight"]]
        for name, dose in info["classes"].items()
    ]
    task = tasks.get(info.get("task", "classify"))
    body = [
        f"<h1>{escape(info['model'])}: {escape(', '.join(info['class_names']))}</h1>",
        f"<p class=note>{escape(info['created'])} · <code>{escape(info['command'])}</code></p>",
        f"<p class=big>{escape(task.describe('test', results['test']))}</p>",
        f"<p>{escape(task.describe('validation', results['val']))}</p>",
        *second_task(settings, results),
        "<p class=note>Validation chose the weights that were kept. The test part was looked at once, at the end.</p>",
        _drawings_note(data),
        "<h2>Test part, class by class</h2>",
        render(task.sections(folder, results["test"])),
        "<h2>Training</h2>",
        f"<p>Learning type <b>{escape(info['learning']['type'])}</b>: {escape(info['learning']['reason'])}.</p>",
        table(STAGE_HEADER, [_stage_row(stage) for stage in info["stages"]]),
        picture((folder / "curves.png").read_bytes(), "Loss and accuracy over the epochs"),
        "<p class=note>Losses are cross-entropies, without the L2 penalty. Training is measured with dropout and "
        "augmentation switched on, while the weights change; validation without, at the end of each epoch.</p>",
        "<h2>Data</h2>",
        f"<p><code>{escape(data['folder'])}</code>, {data['images']:,} images, {escape(_split(info))}; every picture "
        f"made {info['image_size']} × {info['image_size']} by {info['resize']}.</p>",
        table(("class", "train", "validation", "test", "drawn an epoch", "weight in the loss"), counts),
        _copies(data["copies"]),
        _learned_before(data),
        _left_out(data["left_out"]),
        "<h2>Time</h2>",
        table(("step", "seconds"), [[name, f"{seconds:.1f}"] for name, seconds in info["seconds"].items()]),
        "<h2>Settings</h2>",
        table(("setting", "value"), [[name, shown(value, name)] for name, value in settings.items()]),
        f"<p class=note>{escape(_made_with(info))}</p>",
    ]
    title = f"{info['model']} · study-classification"
    page = (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{STYLE}</style><body>{''.join(body)}</body></html>"
    )
    (folder / "report.html").write_text(page, encoding="utf-8", errors="replace")


def second_task(settings: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    """Return what is told of a second task that was learned beside the class."""
    if "auxiliary" not in results["val"]:
        return []
    told = (
        second_task_line(name, Path(settings["auxiliary"]).name, results[part]["auxiliary"])
        for part, name in (("val", "validation"), ("test", "test"))
    )
    weight = f"weight {settings['auxiliary_weight']:g} in the loss; its head is no part of the saved network"
    return [f"<p>{escape('; '.join(told))} ({weight}).</p>"]


def _stage_row(stage: Mapping[str, Any]) -> list[object]:
    numbers = [f"{stage[key]:,}" for key in ("images", "batch_size", "iterations", "epochs_run", "images_per_second")]
    return [stage["name"], *numbers, f"{stage['learning_rate']:g}", f"{stage['kept_epoch']}: {stage['ended']}"]


def shown(value: object, name: str) -> str:
    """Return a setting of that name as it would be typed: `8:1:1`, `64,96,128`, `flip=1,translation=0.1`, `none`."""
    if isinstance(value, Mapping):
        return ",".join(f"{name}={strength:g}" for name, strength in value.items()) or "none"
    if isinstance(value, list | tuple):
        return (":" if name == "split" else ",").join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _drawings_note(data: Mapping[str, Any]) -> str:
    if not data["drawn"]:
        return ""
    return "<p><b>These are drawings made by the program, not photos:</b> the figures say nothing about photos.</p>"


def _learned_before(data: Mapping[str, Any]) -> str:
    if not (seen := data["held_out_but_learned_before"]):
        return ""
    return (
        f"<p><b>The weights that it began with had learned from {seen:,} of the validation and test pictures.</b></p>"
    )


def _copies(copies: Mapping[str, int | None]) -> str:
    told = (
        f"<p>{copies['exact']:,} exact copies; {copies['conflicts']:,} contents stand in two classes. "
        f"{copies['near']:,} pairs of near duplicates: "
    )
    if copies["would_leak"] is None:
        given = f"{copies['leaking']:,} of them leak between the parts that were given"
        return f"{told}{given}; {copies['torn']:,} contents stand in two parts.</p>"
    plain = f"{copies['would_leak']:,} of them would have leaked between the parts by a plain random split"
    return f"{told}{plain}, {copies['leaking']:,} do.</p>"


def _left_out(left_out: Sequence[Mapping[str, str]]) -> str:
    if not left_out:
        return "<p>No file was left out.</p>"
    rows = [[entry["path"], entry["reason"]] for entry in left_out]
    return f"<p>{len(rows)} file(s) left out:</p>" + table(("file", "reason"), rows)


def _split(info: Mapping[str, Any]) -> str:
    by_content = f"by content with seed {info['settings']['split_seed']}"
    if info["data"]["ready_made"]:
        return "in the parts that its folders give"
    if file := info["settings"]["split_file"]:
        return f"split as {file} has it, what is new {by_content}"
    return f"split {by_content}"


def _made_with(info: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in info["versions"].items())
    machine = info["machine"]
    return f"{versions}; {machine['system']}, {machine['cores']} cores; commit {info['git_commit'] or 'unknown'}"

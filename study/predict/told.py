"""What `predict` says of the run that it asks, of its predictions together, and of what failed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from data.names import printable
from data.split import read_split
from errors import UserError
from study import tasks
from study.pages.language import SPLIT_NAMES, t
from study.runs.folder import UNREADABLE, Run
from study.runtime import console
from study.saved.cut import caution
from study.tasks.contract import Task

MAX_NAMED = 8  # classes
WIDEST = 60  # letters of a path that others are aligned to


def introduce(run: Run, own_images: bool) -> None:
    """Print to standard error which run predicts, what it knows and how well, and what speaks against asking it.

    Args:
        run: a complete run folder.
        own_images: whether images that are not the run's own are asked about.
    """
    names = run.info["class_names"]
    some = ", ".join(names[:MAX_NAMED]) + (", …" if len(names) > MAX_NAMED else "")
    said = f"{run.folder}: {run.info['model']}, {len(names)} classes ({some})"
    console.to_error(f"{said}; {evaluated(run)[0]}")
    for line in cautions(run) if own_images else ():  # of its own images the whole report follows
        console.to_error(line)


def cautions(run: Run) -> list[str]:
    """Say what speaks against asking a run about images that are not its own."""
    drawn = t(
        "It learned drawings made by the program, and knows nothing of photos.",
        "この学習結果は、プログラムが描いた図を学習したもので、写真については何も知りません。",
    )
    whole = caution(run)
    first = [*([drawn] if run.drawn else []), *([whole] if whole else [])]
    return [*first, *evaluated(run)[1]]


def evaluated(run: Run) -> tuple[str, list[str]]:
    """Return the figures of a run's test split in one line, and what they hide."""
    task = task_of(run)
    try:
        metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))["test"]
        return task.describe(SPLIT_NAMES["test"], metrics), task.warnings(metrics)
    except UNREADABLE:
        return t("its metrics.json cannot be read", "metrics.json を読み込めません"), []


def task_of(run: Run) -> Task:
    """Return the task of a run."""
    return tasks.get(run.task)


def learned_from(run: Run, hashes: Iterable[str]) -> dict[str, Any]:
    """Return what the run learned from, and how many of the images of these contents are among that."""
    rows, data = read_split(run.folder / "split.csv"), run.info["data"]
    seen = {row.sha256 for row in rows if row.split != "test"}
    return {
        "data": data.get("table") or data.get("folder") or "",
        "training_images": sum(row.split == "train" for row in rows),
        "validation_images": sum(row.split == "val" for row in rows),
        "learned_before": sum(content in seen for content in hashes),
    }


def describe_learned(learned: Mapping[str, Any], images: int) -> str:
    """Say in one line what the run learned from, and whether that flatters the figures."""
    training, validation = learned["training_images"], learned["validation_images"]
    place, ja_place = (f" of {learned['data']}", f"{learned['data']} の") if learned["data"] else ("", "")
    source = f"The run learned from {training:,} training and {validation:,} validation images{place}"
    ja_source = f"この学習結果は、{ja_place}訓練画像 {training:,} 枚と検証画像 {validation:,} 枚から学習しました"
    if not learned["learned_before"]:
        return t(
            f"{source}; none of the {images:,} labelled images is among them.",
            f"{ja_source}。ラベル付き画像 {images:,} 枚はどれも含まれていません。",
        )
    return t(
        f"{source}; among them, by content, {learned['learned_before']:,} of the {images:,} labelled images, which "
        "flatters these figures.",
        f"{ja_source}。ラベル付き画像 {images:,} 枚のうち {learned['learned_before']:,} 枚は、内容が同じ画像を"
        "学習しているため、これらの数値は実力より高くなります。",
    )


def width_of(paths: Iterable[Path]) -> int:
    """Return the width that paths are printed in: that of the longest one, but for the very long ones."""
    return min(max((cell_len(printable(str(path))) for path in paths), default=0), WIDEST)


def padded(path: str, width: int) -> str:
    """Return a path with spaces behind it."""
    return path + " " * (width - cell_len(path))


def count_up(labels: Iterable[str], files: int) -> None:
    """Print how many files got each class, where there is more than one file."""
    if files > 1:
        counted = ", ".join(f"{name} {count:,}" for name, count in Counter(labels).most_common())
        console.print(f"{files:,} images: {counted}")


def count_failures(errors: Sequence[str]) -> int:
    """Print to standard error how many files failed, and return that. Raise UserError where all did.

    `errors`: of each file why it failed, nothing where it did not.
    """
    failed = sum(map(bool, errors))
    tell_failures(failed, len(errors))
    return failed


def tell_failures(failed: int, files: int) -> None:
    """Print to standard error how many files failed. Raise UserError where all did."""
    if failed == files:
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    if failed:
        print(f"{failed:,} of {files:,} files could not be used.", file=sys.stderr)

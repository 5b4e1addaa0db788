"""What `predict` says of the run that it asks, of its predictions together, and of what failed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.cells import cell_len

from data.names import printable
from errors import UserError
from study import tasks
from study.runs.folder import Run
from study.runtime import console
from study.runtime.format import visible

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
    figures, against = evaluated(run)
    print(visible(f"{said}; {figures}"), file=sys.stderr)
    if not own_images:  # of its own images the whole report follows
        return
    if run.info["data"].get("drawn"):
        against.insert(0, "It learned drawings made by the program, and knows nothing of photos.")
    for line in against:
        print(visible(line), file=sys.stderr)


def evaluated(run: Run) -> tuple[str, list[str]]:
    """Return the figures of a run's test split in one line, and what they hide."""
    task = tasks.get(run.info.get("task", "classify"))
    try:
        metrics = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))["test"]
        return task.describe("test", metrics), task.warnings(metrics)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, ZeroDivisionError, RecursionError):
        return "its metrics.json cannot be read", []


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
    if failed == len(errors):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    if failed:
        print(f"{failed:,} of {len(errors):,} files could not be used.", file=sys.stderr)
    return failed

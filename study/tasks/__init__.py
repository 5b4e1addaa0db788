"""What is learned of an image: one file a task, found by the file's name.

A task file follows the contract of `study.tasks.contract`; adding the file adds the task. Nothing here imports Keras.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from errors import UserError

if TYPE_CHECKING:
    from study.tasks.contract import Task

SHARED = (
    "contract",
    "crossentropy",
    "figures",
    "intervals",
    "iou",
    "scores",
    "sentences",
    "several_labels",
)  # files that are no task


def available() -> tuple[str, ...]:
    """Return the names of all tasks, sorted."""
    stems = {path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith(("_", "."))}
    return tuple(sorted(stems - set(SHARED)))


@cache  # `predict` asks for each image
def get(name: str) -> Task:
    """Return a task's module. Raise UserError, naming the tasks that exist, for an unknown name."""
    if name not in available():
        raise UserError(f"Unknown task '{name}'. Available: {', '.join(available())}.")
    return importlib.import_module(f"study.tasks.{name}")

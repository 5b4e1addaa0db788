"""The models: one file an architecture, found by the file's name.

A model file holds `SPEC` and `backbone(image_size, weights, recipe)`; adding the file adds the model. What they
share is in `models.parts`. Nothing here imports Keras before a network is built.
"""

from __future__ import annotations

import difflib
import importlib
from pathlib import Path
from types import ModuleType

from errors import UserError


def available(task: str | None = None) -> list[str]:
    """Names of all models, sorted; with a task only of those that are for it."""
    stems = [path.stem for path in Path(__file__).parent.glob("*.py")]
    names = sorted(stem for stem in stems if not stem.startswith(("_", ".")))  # .#lenet.py is an editor's lock
    return [name for name in names if get(name).SPEC.task == task] if task else names


def get(name: str) -> ModuleType:
    """Return the model file's module. Raise UserError, naming the models that exist, for an unknown name."""
    if name not in available():
        near = difflib.get_close_matches(name, available(), n=1)
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise UserError(f"Unknown model '{name}'. {hint}Available: {', '.join(available())}.")
    return importlib.import_module(f"models.{name}")

"""The models: one file an architecture, found by the file's name.

A model file holds `SPEC` and `backbone(image_size, weights, options)`; adding the file adds the model. What they
share is in `models.parts`. Nothing here imports Keras before a network is built.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from errors import UserError, did_you_mean

if TYPE_CHECKING:
    import keras

    from models.parts.joined import Joined
    from models.parts.options import ArchitectureOptions


def available(task: str | None = None) -> list[str]:
    """Names of all models, sorted; with a task only of those that are for it."""
    stems = [path.stem for path in Path(__file__).parent.glob("*.py")]
    names = sorted(stem for stem in stems if not stem.startswith(("_", ".")))  # .#lenet.py is an editor's lock
    return [name for name, model in usable()[0].items() if model.SPEC.task == task] if task else names


def get(name: str) -> ModuleType | Joined:
    """Return the model file's module; of names that are joined by +, what such a file is for all of them.

    Raises:
        UserError: there is none of that name, and the models that exist are named; or it cannot be imported.
    """
    if "+" in name:
        from models.parts.joined import join

        return join(name)
    if name not in available():
        hint = did_you_mean(name, available())
        raise UserError(f"Unknown model '{name}'. {hint}Available: {', '.join(available())}.")
    try:
        return importlib.import_module(f"models.{name}")
    except Exception as error:  # whatever the file raises: it is often somebody's own
        text = " ".join(f"{type(error).__name__}: {error}".split())
        raise UserError(f"models/{name}.py cannot be imported: {text}") from error


def usable() -> tuple[dict[str, ModuleType], list[str]]:
    """Return the models that can be imported, name -> module, and one line on each of the others."""
    found, broken = {}, []
    for name in available():
        try:
            found[name] = get(name)
        except UserError as error:
            broken.append(str(error))
    return found, broken


def build(
    name: str, image_size: int | None = None, weights: str = "none", options: ArchitectureOptions | None = None
) -> keras.Model:
    """Return a backbone: raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, features).

    By default of the model's own size and from random weights; see `models.parts.weights.build_backbone`.
    """
    from models.parts.weights import build_backbone

    return build_backbone(name, image_size, weights, options)


def classifier(backbone: keras.Model, num_classes: int) -> keras.Model:
    """Put a head on a backbone: raw RGB 0..255 -> (batch, num_classes) probabilities."""
    from models.parts.head import head_on

    return head_on(backbone, num_classes, dropout=0.0)

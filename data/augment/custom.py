"""A function of the user's own that changes the images of a training batch, found by its import path."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from errors import UserError

if TYPE_CHECKING:
    pass

ImageFunction = Callable[[np.ndarray], np.ndarray]  # float32 0..255, (n, side, side, 3) -> the same shape

FORM = "package.module:function or path/to/file.py:function"


def parse(text: str) -> str | None:
    """Read `module:function`, `file.py:function` or `none`; a file's path becomes absolute. Raise UserError else."""
    if text == "none":
        return None
    module_path, _, name = text.rpartition(":")
    if not module_path or not name.isidentifier():
        raise UserError(f"`augment_with` takes none, or {FORM}. Received: {text}")
    return f"{Path(module_path).absolute()}:{name}" if module_path.endswith(".py") else text


@cache
def load(path: str) -> ImageFunction:
    """Import what `parse` returned, once.

    Raises:
        UserError: there is no such module or function, or it is none.
    """
    module_path, _, name = path.rpartition(":")
    try:
        module = _from_file(Path(module_path)) if module_path.endswith(".py") else _from_module(module_path)
    except Exception as error:  # whatever the user's code raises
        raise UserError(
            f"`augment_with` {path}: {module_path} cannot be imported: {_one_line(error)}. Give {FORM}."
        ) from error
    function = getattr(module, name, None)
    if function is None:
        raise UserError(f"`augment_with` {path}: there is no {name} in {module_path}. Give {FORM}.")
    if not callable(function):
        raise UserError(
            f"`augment_with` {path}: {name} is no function but of type {type(function).__name__}. Give {FORM}."
        )
    return function


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError("no such file")
    spec = importlib.util.spec_from_file_location(f"_own_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # a dataclass looks there for its own
    spec.loader.exec_module(module)
    return module


def _from_module(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)  # last, so that nothing of the program's own is hidden
    return importlib.import_module(name)


def _one_line(error: Exception) -> str:
    """Return an exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def apply(path: str, function: ImageFunction, pixels: np.ndarray) -> np.ndarray:
    """Let the function change a batch, a copy of it, and look at what comes back.

    Args:
        path: as it was given, for what is told.
        function: that of the user.
        pixels: float32 0..255, (n, side, side, 3).

    Returns:
        float32 of the same shape; what left 0..255 is cut off.

    Raises:
        UserError: it raised something, or returned another shape or values that are no numbers.
    """
    try:
        result = np.asarray(function(pixels.copy()))
    except Exception as error:  # whatever the user's code raises
        raise UserError(f"`augment_with` {path} failed on a batch {pixels.shape}: {_one_line(error)}.") from error
    if result.shape != pixels.shape:
        raise UserError(
            f"`augment_with` {path} must return images of the shape it gets, {pixels.shape}. Received: {result.shape}"
        )
    if result.dtype.kind not in "fiu":
        raise UserError(f"`augment_with` {path} must return numbers 0 to 255. Received: values of type {result.dtype}")
    if not np.isfinite(result).all():
        raise UserError(f"`augment_with` {path} must return finite numbers 0 to 255. Received: nan or infinity")
    return np.clip(result, 0, 255).astype(np.float32)


def check(path: str, pixels: np.ndarray) -> None:
    """Try the function on a real batch, uint8 0..255, before anything is trained.

    Raises:
        UserError: what `load` and `apply` raise, or values scaled to 0..1.
    """
    pixels = pixels.astype(np.float32)
    result = apply(path, load(path), pixels)
    if result.max() <= 1 < pixels.max():
        raise UserError(
            f"`augment_with` {path} must return values 0 to 255, as it gets them; scaling is the model's. "
            f"Received: values up to {result.max():g}"
        )

"""Code of the user's own, found by its import path: what a setting names, imported once, with the reason where not."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from errors import UserError

FORM = "package.module:{noun} or path/to/file.py:{noun}"


def parse(text: str, setting: str, noun: str) -> str | None:
    """Read `module:name`, `file.py:name` or `none`; a file's path becomes absolute. Raise UserError else."""
    if text == "none":
        return None
    module_path, _, name = text.rpartition(":")
    if not module_path or not name.isidentifier():
        raise UserError(f"`{setting}` takes none, or {FORM.format(noun=noun)}. Received: {text}")
    return f"{Path(module_path).absolute()}:{name}" if module_path.endswith(".py") else text


@cache
def load(path: str, setting: str, noun: str) -> Any:  # noqa: ANN401 - whatever it is, it can be called
    """Import what `parse` returned, once.

    Raises:
        UserError: there is no such module or name, or it cannot be called.
    """
    module_path, _, name = path.rpartition(":")
    form = FORM.format(noun=noun)
    try:
        module = _from_file(Path(module_path)) if module_path.endswith(".py") else _from_module(module_path)
    except Exception as error:  # whatever the user's code raises
        raise UserError(
            f"`{setting}` {path}: {module_path} cannot be imported: {one_line(error)}. Give {form}."
        ) from error
    found = getattr(module, name, None)
    if found is None:
        raise UserError(f"`{setting}` {path}: there is no {name} in {module_path}. Give {form}.")
    if not callable(found):
        raise UserError(f"`{setting}` {path}: {name} is no {noun} but of type {type(found).__name__}. Give {form}.")
    return found


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


def one_line(error: Exception) -> str:
    """Return an exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"

"""The formats, one file each: what it needs, how a network is written in it, and how what was written is run.

Each has `TITLE`, `FILE`, `NEEDS` and `NEEDS_FOR_INT8` (module -> package), `write`, `quantize` and `load`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType

from errors import UserError
from study.runtime import hardware

LIST = "requirements-export.txt"


def get(name: str) -> ModuleType:
    """Return the file of a format."""
    return importlib.import_module(f"study.export.formats.{name}")


def require(name: str, int8: bool, asker: str | None = None) -> None:
    """Raise UserError where a format is not made here: it has no such integers, or a package is missing.

    `asker`: what needs it, in a message; None: the flags of `export`.
    """
    form = get(name)
    if int8 and form.NEEDS_FOR_INT8 is None:
        raise UserError(f"--int8: {form.WHY_NO_INT8} Leave --int8 out, or give another --format.")
    needed: Mapping[str, str] = {**form.NEEDS, **(form.NEEDS_FOR_INT8 if int8 else {})}
    if missing := [package for module, package in needed.items() if not hardware.is_installed(module)]:
        shown = asker or f"--format {name}" + (" --int8" if int8 else "")
        *others, last = missing
        listed = f"{', '.join(others)} and {last}" if others else last
        raise UserError(
            f"{shown} needs {listed}, which {'is' if len(missing) == 1 else 'are'} not installed. "
            f"Run: python -m pip install -r {LIST}"
        )

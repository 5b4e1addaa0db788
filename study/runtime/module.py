"""A module of the program as the main one of another process, whatever lies in the working folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command(name: str, *words: str) -> list[str]:
    """Return the command that runs a module: an installed one, or one of the program in `environment()`.

    Without `-P` Python would look into the working folder first, which may have a package `data` of its own.
    """
    return [sys.executable, "-P", "-m", name, *words]


def environment(**more: str) -> dict[str, str]:
    """Return the variables of this process, and more, with which another one finds the modules of the program."""
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **more}

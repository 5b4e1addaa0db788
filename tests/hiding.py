"""A process of its own that finds no more than it should of what is installed."""

from collections.abc import Sequence
from pathlib import Path

HIDING = """
import importlib.machinery
HIDDEN, found = {hidden!r}, importlib.machinery.PathFinder.find_spec
importlib.machinery.PathFinder.find_spec = classmethod(
    lambda cls, name, *rest: None if name.partition(".")[0] in HIDDEN else found(name, *rest)
)
"""


def hiding(folder: Path, names: Sequence[str]) -> Path:
    """Return a folder that hides packages from the Python that has it in PYTHONPATH."""
    (folder / "sitecustomize.py").write_text(HIDING.format(hidden=list(names)), encoding="utf-8")
    return folder

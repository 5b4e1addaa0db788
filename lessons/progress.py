"""Which exercises a reader has solved, kept beside what the program keeps for later runs."""

from __future__ import annotations

import json
from pathlib import Path

from data.store.cache import cache_folder


def file() -> Path:
    """Return where it is kept."""
    return cache_folder() / "lessons.json"


def solved() -> set[str]:
    """Return the names of the exercises that were solved; none where nothing can be read."""
    try:
        return set(json.loads(file().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return set()


def note(name: str) -> None:
    """Note that an exercise was solved; a folder that cannot be written keeps nothing, which no lesson needs."""
    try:
        file().parent.mkdir(parents=True, exist_ok=True)
        file().write_text(json.dumps(sorted({*solved(), name})), encoding="utf-8")
    except OSError:
        return

"""The hash of a file's content, by which the store finds what was computed from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from data.store.threads import map_in_threads


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal. Raise OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_readable(path: Path) -> str:
    """Return the SHA-256 of a file's content, empty where it cannot be read."""
    try:
        return hash_file(path)
    except (OSError, ValueError):  # ValueError: no valid name of a file
        return ""


def hash_all(paths: Sequence[Path], advance: Callable[[], None] = lambda: None) -> list[str]:
    """Return the SHA-256 of each file's content, empty where it cannot be read; `advance` is called after each."""
    hashes = []
    for found in map_in_threads(hash_readable, paths):
        hashes.append(found)
        advance()
    return hashes

"""The hash of a file's content, by which the store finds what was computed from it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from data.store.threads import map_in_threads


def hash_all(paths: Sequence[Path], advance: Callable[[], None] = lambda: None) -> list[str]:
    """Return the SHA-256 of each file's content, empty where it cannot be read; `advance` is called after each."""

    def hash_one(path: Path) -> str:
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    hashes = []
    for found in map_in_threads(hash_one, paths):
        hashes.append(found)
        advance()
    return hashes

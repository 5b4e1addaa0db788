"""Images that were renamed or moved, found again by what they hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from data.first_pass import hashes_of

TOGETHER = 1024  # files that are hashed before the next look whether all are found


def find(
    wanted: Collection[str], candidates: Sequence[Path], advance: Callable[[], None] = lambda: None
) -> dict[str, Path]:
    """Return SHA-256 -> the first file of that content, of those wanted that some candidate has.

    Files are read in order, and no further than until all are found; `advance` is called after each.
    """
    missing, found = set(wanted), {}
    for first in range(0, len(candidates), TOGETHER):
        if not missing:
            break
        files = candidates[first : first + TOGETHER]
        for path, sha256 in zip(files, hashes_of(files, advance), strict=True):
            if sha256 in missing:
                missing.remove(sha256)
                found[sha256] = path
    return found

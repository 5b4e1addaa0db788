"""What is told of the files that are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from data.folder import OUTSIDE, Skipped

FEW_LOOSE = 5  # files outside the classes that are still named one by one


def describe_skipped(skipped: Sequence[Skipped]) -> list[str]:
    """Name every file that is left out, and why; of many that lie in one place outside the classes, the first."""
    loose = defaultdict(list)
    for entry in skipped:
        if entry.reason == OUTSIDE:
            loose[entry.name.rpartition("/")[0]].append(entry)
    many = {folder: entries for folder, entries in loose.items() if len(entries) > FEW_LOOSE}
    lines = [
        f"  {entries[0].name} and {len(entries) - 1:,} more in {folder or 'the folder itself'}: {OUTSIDE}"
        for folder, entries in many.items()
    ]
    told = {entry.name for entries in many.values() for entry in entries}
    lines += [f"  {entry.name}: {entry.reason}" for entry in skipped if entry.name not in told]
    return [f"{len(skipped):,} file(s) left out:", *lines] if skipped else []

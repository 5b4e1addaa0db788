"""What is told of the files of a data set that are left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from data import formats
from data.folder import EMPTY, OUTSIDE, Skipped
from data.hub_rows import NO_LABEL

FEW_LOOSE = 5  # files of one folder, left out for a reason that they share, that are still named one by one


def describe_skipped(skipped: Sequence[Skipped]) -> list[str]:
    """Name every file that is left out, and why; of many in one folder that share their reason, the first.

    Those lie outside the classes, have no label, or are HEIC photos that nothing here reads.
    """
    loose = defaultdict(list)
    for entry in skipped:
        if entry.reason in (OUTSIDE, NO_LABEL) or entry.reason.endswith(formats.HEIC):
            loose[entry.name.rpartition("/")[0], entry.reason].append(entry)
    many = {place: entries for place, entries in loose.items() if len(entries) > FEW_LOOSE}
    lines = [
        f"  {entries[0].name} and {len(entries) - 1:,} more in {folder or 'the folder itself'}: {reason}"
        for (folder, reason), entries in many.items()
    ]
    told = {entry.name for entries in many.values() for entry in entries}
    lines += [f"  {entry.name}: {entry.reason}" for entry in skipped if entry.name not in told]
    what = "file(s) or folder(s)" if any(entry.reason == EMPTY for entry in skipped) else "file(s)"
    return [f"{len(skipped):,} {what} left out:", *lines] if skipped else []

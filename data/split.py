"""Divide images into train, validation and test: stratified, seeded, by content and so free of leaks.

Within a class the distinct contents (or units of near duplicates) are ranked by a hash of seed and content. The first
of the ranking become the test part, the next validation, the rest training. Names, folders, clocks and operating
systems have no say in it.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from data.folder import PARTS
from data.names import composed
from errors import UserError

LEAST_IMAGES = 3  # one for each part
DEFAULT_RATIO = (8, 1, 1)  # train : validation : test


@dataclass(frozen=True)
class Row:
    """One image of a split: its path relative to the data folder, SHA-256 of its content, class and part."""

    path: str
    sha256: str
    label: str
    part: str = ""


def parse_ratio(text: str) -> tuple[int, int, int]:
    """Read `8:1:1` (train : validation : test). Raise UserError for anything but three whole numbers above 0."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.strip().isdecimal() and len(part) < 10 and int(part) > 0 for part in parts):
        raise UserError(f"`split` takes three whole numbers above 0, train:val:test, such as 8:1:1. Received: {text}")
    train, val, test = (int(part) for part in parts)
    return train, val, test


def assign(
    rows: Sequence[Row],
    ratio: Sequence[int],
    seed: int,
    earlier: Mapping[str, str] | None = None,
    unit_of: Mapping[str, str] | None = None,
) -> list[Row]:
    """Give every row its part, exact to one image per class where no pictures must stay together.

    Args:
        rows: images without a part.
        ratio: shares of train, validation and test.
        seed: another seed gives another, equally good split.
        earlier: content hash -> part of an earlier split; those contents stay where they are, new ones fill up the
            parts that are short of their share.
        unit_of: content hash -> name of the unit of contents that share a part (near duplicates); a content that is
            not named is a unit of its own.

    Returns:
        The rows in the order given, each with its part. Byte-identical files share a part; a unit that stands in two
        classes goes to training, so that nobody is judged by it.

    Raises:
        UserError: a class has fewer than three different images.
    """
    unit = {row.sha256: (unit_of or {}).get(row.sha256, row.sha256) for row in rows}
    labels_of = defaultdict(set)
    for row in rows:
        labels_of[unit[row.sha256]].add(row.label)
    part_of = {name: "train" for name, labels in labels_of.items() if len(labels) > 1}
    part_of |= {unit[sha256]: part for sha256, part in (earlier or {}).items() if sha256 in unit}
    for label in sorted({row.label for row in rows}):
        of_class = [row for row in rows if row.label == label]
        if (contents := len({row.sha256 for row in of_class})) < LEAST_IMAGES:
            raise UserError(too_few(label, contents))
        part_of |= _assign_class(Counter(unit[row.sha256] for row in of_class), ratio, seed, part_of)
    return [
        Row(row.path, row.sha256, row.label, (earlier or {}).get(row.sha256, part_of[unit[row.sha256]])) for row in rows
    ]


def too_few(label: str, images: int, left_out: str = "") -> str:
    """Return the message for a class that cannot be divided into three parts; `left_out` says which are missing."""
    return (
        f"Class '{label}' has {images} usable image(s): at least {LEAST_IMAGES} different ones are needed, one for "
        f"each of {', '.join(PARTS)}. {left_out}Add images or take the folder out."
    )


def _assign_class(members: Counter[str], ratio: Sequence[int], seed: int, part_of: Mapping[str, str]) -> dict[str, str]:
    """Rank the new units of one class and hand them to test, validation, training until each has its share."""
    short = dict(zip(PARTS, part_sizes(members.total(), ratio), strict=True))
    for name, part in part_of.items():
        short[part] -= members[name]
    new = sorted(members.keys() - part_of.keys(), key=lambda name: rank(seed, name))
    assigned = {}
    for name in new:
        fitting = [part for part in ("test", "val") if short[part] >= members[name]]
        assigned[name] = fitting[0] if fitting else "train"
        short[assigned[name]] -= members[name]
    held = Counter((assigned | {name: part_of[name] for name in members.keys() & part_of.keys()}).values())
    for part in ("test", "val"):  # empty only where units are large and few
        movable = [name for name in new if held[assigned[name]] > 1]
        if not held[part] and movable:
            moved = min(movable, key=lambda name: members[name])
            held[assigned[moved]] -= 1
            held[part] += 1
            assigned[moved] = part
    return assigned


def rank(seed: int, name: str) -> str:
    """Return a text by which contents, or units of them, are ranked at random, the same way everywhere."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def part_sizes(total: int, ratio: Sequence[int]) -> list[int]:
    """Images per part by largest remainder, at least one each (`total` >= 3)."""
    shares = [total * share / sum(ratio) for share in ratio]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(3), key=lambda i: (counts[i] - shares[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    while 0 in counts:
        counts[counts.index(0)] += 1
        counts[counts.index(max(counts))] -= 1
    return counts


def check_parts(rows: Iterable[Row], why: str = "") -> None:
    """Raise UserError where a split leaves training, validation or test without any image; `why`, if it is known."""
    count = Counter(row.part for row in rows)
    if missing := [part for part in PARTS if not count[part]]:
        cause = f" {why[0].upper()}{why[1:].rstrip('.?')}{'?' if why.endswith('?') else '.'}" if why else ""
        needed = f"all of {', '.join(PARTS)} are needed.{cause}"
        raise UserError(f"The split has no image for {', '.join(missing)}: {needed}")


def write(path: Path, rows: Iterable[Row]) -> None:
    """Write `path,sha256,label,part`, one row an image, in UTF-8."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(field.name for field in fields(Row))
        writer.writerows(astuple(row) for row in rows)


def read(path: Path) -> list[Row]:
    """Read what `write` wrote. Raise UserError where the file is missing or is no such table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            table, names = csv.DictReader(file), [field.name for field in fields(Row)]
            if not set(names) <= set(table.fieldnames or ()):
                raise KeyError(f"columns {names}")
            rows = [Row(**{name: line[name] for name in names}) for line in table]
            rows = [replace(row, label=composed(row.label)) for row in rows]
    except OSError as error:
        raise UserError(f"Cannot read the split file {path}: {error.strerror}. Give the split.csv of a run.") from error
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is no split file: expected the columns path,sha256,label,part.") from error
    wrong = sorted({str(row.part) for row in rows} - set(PARTS))
    if wrong:
        raise UserError(f"{path}: part must be one of {', '.join(PARTS)}. Received: {', '.join(wrong)}")
    return rows

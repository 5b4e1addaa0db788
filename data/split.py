"""Divide images into train, validation and test: stratified, seeded, by content and so free of leaks.

Within a class the distinct contents (or units of near duplicates) are ranked by a hash of seed and content. The first
of the ranking become the test split, the next validation, the rest training. Names, folders, clocks and operating
systems have no say in it.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from data import csv_table
from data.folder import SPLITS
from data.names import composed
from errors import UserError

if TYPE_CHECKING:
    import numpy as np

MIN_IMAGES = 3  # one for each split
LEAST_HELD_OUT = 2  # where each image is held out in turn: that one, and one to learn from
DEFAULT_RATIO = (8, 1, 1)  # train : validation : test
COLUMNS = ("path", "sha256", "label", "part")  # of split.csv
UNIT = "unit"  # its further column, where images belong together
EXPECTED = "the split.csv of a run, with the columns path,sha256,label,part"

Labels = Callable[[str], Sequence[str]]  # label as `split.csv` has it -> classes


@dataclass(frozen=True)
class SplitEntry:
    """One image of a split: its path relative to the data folder, SHA-256 of its content, class and split."""

    path: str
    sha256: str
    label: str
    split: str = ""


def parse_ratio(text: str) -> tuple[int, int, int]:
    """Read `8:1:1` (train : validation : test). Raise UserError for anything but three whole numbers above 0."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.strip().isdecimal() and len(part) < 10 and int(part) > 0 for part in parts):
        raise UserError(f"`split` takes three whole numbers above 0, train:val:test, such as 8:1:1. Received: {text}")
    train, val, test = (int(part) for part in parts)
    return train, val, test


def assign(
    entries: Sequence[SplitEntry],
    ratio: Sequence[int],
    seed: int,
    earlier: Mapping[str, str] | None = None,
    group_by_hash: Mapping[str, str] | None = None,
) -> list[SplitEntry]:
    """Give every row its split, exact to one image per class where no images must stay together.

    Args:
        entries: images without a split.
        ratio: shares of train, validation and test.
        seed: another seed gives another, equally good split.
        earlier: content hash -> its place in an earlier split; those contents stay where they are, new ones fill up the
            splits that are short of their share.
        group_by_hash: content hash -> name of the unit of contents that share a split (near duplicates); a content that
            is not named is a unit of its own.

    Returns:
        The rows in the order given, each with its split. Byte-identical files share a split; a unit that stands in two
        classes goes to training, so that nobody is judged by it.

    Raises:
        UserError: a class has fewer than three different images.
    """
    group = {entry.sha256: (group_by_hash or {}).get(entry.sha256, entry.sha256) for entry in entries}
    labels_of, of_class = defaultdict(set), defaultdict(list)
    for entry in entries:
        labels_of[group[entry.sha256]].add(entry.label)
        of_class[entry.label].append(entry.sha256)
    split_of = {name: "train" for name, labels in labels_of.items() if len(labels) > 1}
    split_of |= splits_of_units(earlier or {}, group)
    for label, contents in sorted(of_class.items()):
        if (different := len(set(contents))) < MIN_IMAGES:
            copies = len(contents) - different
            also = f"{copies:,} more of its images are exact copies of these. " if different and copies else ""
            raise UserError(too_few(label, different, also))
        members = Counter(group[sha256] for sha256 in contents)
        settled = {name: split_of[name] for name in members if name in split_of}
        split_of |= _assign_class(members, ratio, seed, settled)
    return [replace(entry, split=(earlier or {}).get(entry.sha256, split_of[group[entry.sha256]])) for entry in entries]


def splits_of_units(earlier: Mapping[str, str], unit_of: Mapping[str, str]) -> dict[str, str]:
    """Return unit -> split of what is new in it, for the units of which an earlier split has contents.

    Of a unit that it has in several splits, new ones are learned from, or else validate: no more are tested.
    """
    found: dict[str, str] = {}
    for sha256, split in earlier.items():
        if name := unit_of.get(sha256):
            found[name] = min(found.get(name, split), split, key=SPLITS.index)
    return found


def too_few(label: str, images: int, left_out: str, divided: bool = True) -> str:
    """Return the message for a class that cannot be divided into three splits, or, unless `divided`, not be held out.

    `left_out` says which images are missing.
    """
    needs = (MIN_IMAGES, f"one for each of {', '.join(SPLITS)}")
    least, why = needs if divided else (LEAST_HELD_OUT, "one to hold out and one to learn from")
    return (
        f"Class '{label}' has {images} usable image(s): at least {least} different ones are needed, {why}. "
        f"{left_out}Add images or take the class out."
    )


def _assign_class(members: Counter[str], ratio: Sequence[int], seed: int, settled: Mapping[str, str]) -> dict[str, str]:
    """Rank the units of one class that are not `settled`; fill test, validation, training until each has its share."""
    short = dict(zip(SPLITS, split_sizes(members.total(), ratio), strict=True))
    for name, split in settled.items():
        short[split] -= members[name]
    new = sorted(members.keys() - settled.keys(), key=lambda name: rank(seed, name))
    assigned = {}
    for name in new:
        fitting = [split for split in ("test", "val") if short[split] >= members[name]]
        assigned[name] = fitting[0] if fitting else "train"
        short[assigned[name]] -= members[name]
    held = Counter((settled | assigned).values())
    for split in ("test", "val"):  # empty only where units are large and few
        movable = [name for name in new if held[assigned[name]] > 1]
        if not held[split] and movable:
            moved = min(movable, key=lambda name: members[name])
            held[assigned[moved]] -= 1
            held[split] += 1
            assigned[moved] = split
    return assigned


def rank(seed: int, name: str) -> str:
    """Return a text by which contents, or units of them, are ranked at random, the same way everywhere."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def split_sizes(total: int, ratio: Sequence[int]) -> list[int]:
    """Images per split by largest remainder, at least one each (`total` >= 3)."""
    shares = [total * share / sum(ratio) for share in ratio]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(3), key=lambda i: (counts[i] - shares[i], i))
    for i in by_remainder[: total - sum(counts)]:
        counts[i] += 1
    while 0 in counts:
        counts[counts.index(0)] += 1
        counts[counts.index(max(counts))] -= 1
    return counts


def check_splits(entries: Iterable[SplitEntry], why: str = "") -> None:
    """Raise UserError where a split leaves training, validation or test without any image; `why`, if it is known."""
    count = Counter(entry.split for entry in entries)
    if missing := [split for split in SPLITS if not count[split]]:
        cause = f" {why[0].upper()}{why[1:].rstrip('.?')}{'?' if why.endswith('?') else '.'}" if why else ""
        needed = f"all of {', '.join(SPLITS)} are needed.{cause}"
        raise UserError(f"The split has no image for {', '.join(missing)}: {needed}")


def unit_numbers(units: Sequence[Hashable]) -> np.ndarray | None:
    """Return the number of each image's unit, from 0, int (n,); None where every image is a unit of its own."""
    import numpy as np

    number_of: dict[Hashable, int] = {}
    numbers = [number_of.setdefault(unit, len(number_of)) for unit in units]
    return np.array(numbers, int) if len(number_of) < len(numbers) else None


def seen_elsewhere(entries: Sequence[SplitEntry], units: Sequence[Hashable]) -> np.ndarray:
    """Say which images are of the test split, and belong together with one of training or validation: bool (n,)."""
    import numpy as np

    learned = {unit for entry, unit in zip(entries, units, strict=True) if entry.split != "test"}
    return np.array([e.split == "test" and unit in learned for e, unit in zip(entries, units, strict=True)], bool)


def write_split(path: Path, entries: Iterable[SplitEntry], units: Sequence[str] = ()) -> None:
    """Write `path,sha256,label,part`, one row an image, in UTF-8; and the number of its unit, where two share one."""
    rows = ((entry.path, entry.sha256, entry.label, entry.split) for entry in entries)
    columns, numbers = COLUMNS, unit_numbers(units)
    if numbers is not None:
        rows, columns = ((*row, unit) for row, unit in zip(rows, numbers.tolist(), strict=True)), (*COLUMNS, UNIT)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(csv_table.guarded(rows))


def bytes_without_units(path: Path) -> bytes:
    """Return what `write_split` wrote as it is without units: near duplicates are found otherwise at other sizes."""
    content = path.read_bytes()
    if not content.partition(b"\r\n")[0].endswith(f",{UNIT}".encode()):
        return content
    out = io.StringIO(newline="")
    csv.writer(out).writerows(row[: len(COLUMNS)] for row in csv.reader(io.StringIO(content.decode(), newline="")))
    return out.getvalue().encode()


def read_units(path: Path) -> dict[str, str]:
    """Return content hash -> unit of what `write_split` wrote; nothing where every image is a unit of its own.

    Raises:
        UserError: the file is missing or is no such table.
    """
    rows = csv_table.with_columns(path, str(path), COLUMNS, EXPECTED, (*COLUMNS, UNIT)).rows()
    return {row.get("sha256", "").strip().casefold(): row[UNIT] for _, row in rows if row.get(UNIT)}


def read_split(path: Path) -> list[SplitEntry]:
    """Read what `write_split` wrote. Raise UserError where the file is missing or is no such table."""
    table, entries = csv_table.with_columns(path, str(path), COLUMNS, EXPECTED), []
    for number, row in table.rows():
        if missing := [name for name in COLUMNS if name not in row and name != "label"]:
            raise UserError(f"{path}, line {number} has no {', '.join(missing)}: give {EXPECTED}.")
        entry = SplitEntry(*(csv_table.unguard(row.get(name, "")) for name in COLUMNS))
        sha256, split = (text.strip().casefold() for text in (entry.sha256, entry.split))
        entries.append(replace(entry, sha256=sha256, label=composed(entry.label), split=split))
    wrong = sorted({entry.split for entry in entries} - set(SPLITS))
    if wrong:
        raise UserError(f"{path}: part must be one of {', '.join(SPLITS)}. Received: {', '.join(wrong)}")
    return entries


def contents_learned_by(weights: str) -> set[str]:
    """Return the hashes of the images that an earlier run learned from; of anything else nothing is known.

    `weights`: a run folder, or the saved model in one.
    """
    path = Path(weights)
    table = (path.parent if path.suffix == ".keras" else path) / "split.csv"
    if not table.is_file():
        return set()
    try:
        return {entry.sha256 for entry in read_split(table) if entry.split == "train"}
    except UserError:  # a table of some other program
        return set()

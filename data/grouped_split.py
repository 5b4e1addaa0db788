"""Groups that stand in several classes, as patients do: divided among the splits, which `split.assign` cannot do."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from data.duplicates import Pair
from data.folder import SPLITS
from data.split import Labels, SplitEntry, rank, split_sizes, splits_of_units


def contradictory(rows: Sequence[SplitEntry], pairs: Sequence[Pair], several: bool) -> set[str]:
    """Return the contents that stand in two classes, or are nearly the same as one of another class.

    Where an image may have `several` labels, those of near duplicates may differ.
    """
    labels_of = defaultdict(set)
    for row in rows:
        labels_of[row.sha256].add(row.label)
    found = {sha256 for sha256, labels in labels_of.items() if len(labels) > 1}
    if not several:
        torn = [(rows[pair.first], rows[pair.second]) for pair in pairs]
        found |= {row.sha256 for pair in torn for row in pair if pair[0].label != pair[1].label}
    return found


def place_mixed(
    rows: Sequence[SplitEntry],
    unit_of: Mapping[str, str],
    fixed: set[str],
    ratio: Sequence[int],
    seed: int,
    earlier: Mapping[str, str],
) -> dict[str, str]:
    """Return content hash -> split of the units that stand in several classes, but for `fixed` units and earlier ones.

    As in `split.assign`, they are ranked by seed and content; each becomes test or validation where all its classes are
    short of that many images there.
    """
    members = defaultdict(Counter)
    for row in rows:
        members[unit_of[row.sha256]][row.label] += 1
    settled = splits_of_units(earlier, unit_of)
    totals = sum(members.values(), Counter())
    short = {label: dict(zip(SPLITS, split_sizes(max(3, n), ratio), strict=True)) for label, n in totals.items()}
    for name, split in settled.items():
        for label, count in members[name].items():
            short[label][split] -= count
    mixed = [name for name, own in members.items() if len(own) > 1 and name not in fixed and name not in settled]
    split_of = {}
    for name in sorted(mixed, key=lambda name: rank(seed, name)):
        own = members[name].items()
        fitting = [split for split in ("test", "val") if all(short[label][split] >= count for label, count in own)]
        split_of[name] = fitting[0] if fitting else "train"
        for label, count in own:
            short[label][split_of[name]] -= count
    return {sha256: split_of[name] for sha256, name in unit_of.items() if name in split_of}


def fill_empty(
    rows: Sequence[SplitEntry], unit_of: Mapping[str, str], fixed: set[str], classes_of: Labels
) -> list[SplitEntry]:
    """Move the smallest units that will do where a class has none in validation or test, and more elsewhere.

    `fixed` units stay where they are. A class may still lack a split: its few units are in other classes too.
    """
    members, split_of = defaultdict(Counter), {}
    for row in rows:
        members[unit_of[row.sha256]].update(classes_of(row.label))
        split_of[unit_of[row.sha256]] = row.split
    held, units_of = defaultdict(Counter), defaultdict(list)
    for name, own in members.items():
        for label in own:
            held[label][split_of[name]] += 1
            units_of[label].append(name)

    def movable(name: str) -> bool:
        return name not in fixed and all(held[label][split_of[name]] > 1 for label in members[name])

    moved = {}
    for label in sorted(held):
        for split in ("test", "val"):
            if held[label][split]:
                continue
            able = [name for name in units_of[label] if movable(name)]
            if not able:
                continue
            name = min(able, key=lambda name: (members[name].total(), name))
            for other in members[name]:
                held[other][split_of[name]] -= 1
                held[other][split] += 1
            split_of[name] = moved[name] = split
    return [replace(row, split=moved.get(unit_of[row.sha256], row.split)) for row in rows]

"""Divide images that have several labels among train, validation and test."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from data.folder import SPLITS
from data.names import split_labels
from data.split import MIN_IMAGES, SplitEntry, rank, split_sizes, splits_of_units


def assign(
    rows: Sequence[SplitEntry],
    ratio: Sequence[int],
    seed: int,
    earlier: Mapping[str, str] | None = None,
    unit_of: Mapping[str, str] | None = None,
) -> list[SplitEntry]:
    """Divide images so that every class has its share of each split, the rarest class first.

    Iterative stratification (Sechidis, Tsoumakas, Vlahavas: On the Stratification of Multi-Label Data, 2011), over
    units of images that stay together. Arguments and result are those of `data.split.assign`.
    """
    unit = {row.sha256: (unit_of or {}).get(row.sha256, row.sha256) for row in rows}
    texts, labels = defaultdict(set), defaultdict(Counter)
    for row in rows:
        texts[row.sha256].add(row.label)
        labels[unit[row.sha256]].update({**Counter(split_labels(row.label)), None: 1})  # None counts the images
    split_of = {unit[sha256]: "train" for sha256, own in texts.items() if len(own) > 1}  # one content, two answers
    split_of |= splits_of_units(earlier or {}, unit)
    totals = sum(labels.values(), Counter())
    short = {label: dict(zip(SPLITS, _shares(total, ratio), strict=True)) for label, total in totals.items()}
    for name, split in split_of.items():
        _take(short, labels[name], split)
    left = set(labels) - split_of.keys()
    while left:
        label = _rarest(left, labels)
        for name in sorted((name for name in left if label in labels[name]), key=lambda name: rank(seed, name)):
            split = max(SPLITS[::-1], key=lambda split: (short[label][split], short[None][split]))
            split_of[name] = split
            _take(short, labels[name], split)
            left.remove(name)
    return [
        SplitEntry(row.path, row.sha256, row.label, (earlier or {}).get(row.sha256, split_of[unit[row.sha256]]))
        for row in rows
    ]


def _shares(total: int, ratio: Sequence[int]) -> list[int]:
    """Return how many images of a class each split should have; of fewer than three all are learned from."""
    return split_sizes(total, ratio) if total >= MIN_IMAGES else [total, 0, 0]


def _take(short: dict[Any, dict[str, int]], labels: Mapping[Any, int], split: str) -> None:
    for label, count in labels.items():
        short[label][split] -= count


def _rarest(left: set[str], labels: Mapping[str, Mapping[Any, int]]) -> str | None:
    """Return the class with the fewest images among some units; None where no class is left, only images."""
    counts = Counter(label for name in left for label in labels[name] if label is not None)
    return min(counts, key=lambda label: (counts[label], label)) if counts else None

"""Copies and near copies: kept on one side of the split, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from data.duplicates import Pair, groups
from data.split import MIN_IMAGES, Labels, SplitEntry
from errors import UserError


@dataclass(frozen=True)
class DuplicateCounts:
    """How often an image stands twice in the data.

    Args:
        exact: byte-identical files beyond the first of each content.
        conflicts: contents that stand in two classes; they are used for training only.
        near: pairs of near duplicates, other than byte-identical ones.
        would_leak: of those, the pairs that a plain random split would have torn apart; None where splits were given.
        leaking: those that this split tears apart; where train, val and test were given or kept, that is not ours.
        torn: contents of which byte-identical files stand in two splits, which no split of ours does.
    """

    exact: int
    conflicts: int
    near: int
    would_leak: int | None
    leaking: int
    torn: int

    def describe(self, images: int) -> str:
        """Return all of it in one line for the screen."""
        text = (
            f"check: {images:,} images; {self.exact:,} exact duplicates, {self.conflicts:,} images in two classes; "
            f"{self.near:,} near-duplicate pair{'' if self.near == 1 else 's'} found; of those found, "
        )
        if self.would_leak is None:
            return f"{text}{self.leaking:,} leak between the given splits; {self.torn:,} images are in two splits"
        plain = f"{self.would_leak:,} would leak between the splits if it were plainly random"
        return f"{text}{plain}, {self.leaking:,} do"


def single_label(label: str) -> Sequence[str]:
    """Return the class of an image that has one."""
    return (label,)


def duplicate_groups(
    entries: Sequence[SplitEntry],
    pairs: Sequence[Pair],
    group_of: Sequence[str] = (),
    classes_of: Labels = single_label,
    strict: bool = True,
) -> dict[str, str]:
    """Return content hash -> name of the unit that must share a split: near duplicates, and theirs in turn.

    A unit is named by its smallest hash, so that names of files have no say. Classes that would then have fewer than
    three units could not be divided any more: their images are a series of one scene, and stay single. Images of one
    named group always share a unit.

    Args:
        entries: n images.
        pairs: near duplicates, by index into them.
        group_of: name of the group of each; an empty one is none.
        classes_of: label -> classes.
        strict: whether all classes are to be divided, so that those of fewer groups are refused.

    Raises:
        UserError: a class has fewer than three groups.
    """
    given = [Pair(first, second, 1.0) for first, second in _consecutive_pairs(group_of)]
    given_groups = _connected_groups(entries, given)
    if given and strict:
        check_groups(entries, group_of, given_groups, classes_of)
    group_by_hash = _connected_groups(entries, [*pairs, *given])
    too_alike = {
        label
        for label, names in _groups_by_class(entries, group_by_hash, classes_of).items()
        if len(names) < MIN_IMAGES
    }
    single = {entry.sha256 for entry in entries if too_alike & {*classes_of(entry.label)}}
    return {sha256: given_groups[sha256] if sha256 in single else name for sha256, name in group_by_hash.items()}


def unit_names(entries: Sequence[SplitEntry], pairs: Sequence[Pair], group_of: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the name of each image's unit: its near duplicates and the images of its group, and theirs in turn.

    Unlike in `duplicate_groups`, a series of one scene stays one unit: whoever divides by these must refuse the class.
    """
    given = [Pair(first, second, 1.0) for first, second in _consecutive_pairs(group_of)]
    name_of = _connected_groups(entries, [*pairs, *given])
    return tuple(name_of[entry.sha256] for entry in entries)


def check_groups(
    entries: Sequence[SplitEntry], group_of: Sequence[str], group_by_hash: Mapping[str, str], classes_of: Labels
) -> None:
    """Raise UserError where the groups of a class are too few to be divided."""
    if found := too_few_groups(entries, group_of, group_by_hash, classes_of):
        raise UserError(
            f"Class '{found[0]}' has {found[1]} group(s) of images: at least {MIN_IMAGES} are needed, one for "
            "each of train, val, test, since the images of a group stay together."
        )


def too_few_groups(
    entries: Sequence[SplitEntry],
    group_of: Sequence[str],
    group_by_hash: Mapping[str, str] | None = None,
    classes_of: Labels = single_label,
) -> tuple[str, int] | None:
    """Return a class whose groups are too few to be divided, and how many it has; None where all have enough.

    `group_by_hash`: content hash -> group, where it is known.
    """
    if group_by_hash is None:
        group_by_hash = _connected_groups(entries, [Pair(*pair, 1.0) for pair in _consecutive_pairs(group_of)])
    grouped = {
        label for entry, group in zip(entries, group_of, strict=True) if group for label in classes_of(entry.label)
    }
    counts = {label: len(names) for label, names in _groups_by_class(entries, group_by_hash, classes_of).items()}
    few = ((label, count) for label, count in counts.items() if label in grouped and count < MIN_IMAGES)
    return next(few, None)


def _consecutive_pairs(group_of: Sequence[str]) -> list[tuple[int, int]]:
    """Return each image of a group with the one before it."""
    last: dict[str, int] = {}
    pairs = []
    for i, group in enumerate(group_of):
        if group:
            pairs += [(last[group], i)] if group in last else []
            last[group] = i
    return pairs


def _connected_groups(entries: Sequence[SplitEntry], pairs: Sequence[Pair]) -> dict[str, str]:
    members = defaultdict(set)
    for entry, number in zip(entries, groups(pairs, len(entries)).tolist(), strict=True):
        members[number].add(entry.sha256)
    return {sha256: min(members[number]) for number in members for sha256 in members[number]}


def _groups_by_class(
    entries: Sequence[SplitEntry], group_by_hash: Mapping[str, str], classes_of: Labels
) -> dict[str, set[str]]:
    of_class = defaultdict(set)
    for entry in entries:
        for label in classes_of(entry.label):
            of_class[label].add(group_by_hash[entry.sha256])
    return of_class


def count_duplicates(
    entries: Sequence[SplitEntry], pairs: Sequence[Pair], plain: Sequence[SplitEntry] | None = None
) -> DuplicateCounts:
    """Count copies, and the near pairs that `entries` and a `plain` split of the same images, if any, tear apart."""
    labels_of, splits_of = defaultdict(set), defaultdict(set)
    for entry in entries:
        labels_of[entry.sha256].add(entry.label)
        splits_of[entry.sha256].add(entry.split)
    near = [pair for pair in pairs if entries[pair.first].sha256 != entries[pair.second].sha256]
    return DuplicateCounts(
        exact=len(entries) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        near=len(near),
        would_leak=None if plain is None else leaking_pairs(plain, near),
        leaking=leaking_pairs(entries, near),
        torn=sum(len(splits) > 1 for splits in splits_of.values()),
    )


def leaking_pairs(entries: Sequence[SplitEntry], pairs: Sequence[Pair]) -> int:
    """Count the pairs whose two images are in different splits."""
    return sum(entries[pair.first].split != entries[pair.second].split for pair in pairs)

"""Copies and near copies: kept on one side of the split, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from data.duplicates import Pair, groups
from data.split import LEAST_IMAGES, Row
from errors import UserError


@dataclass(frozen=True)
class Copies:
    """How often a picture stands twice in the data.

    Args:
        exact: byte-identical files beyond the first of each content.
        conflicts: contents that stand in two classes; they are used for training only.
        near: pairs of near duplicates, other than byte-identical ones.
        would_leak: of those, the pairs that a plain random split would have torn apart; None where parts were given.
        leaking: those that this split tears apart; where train, val and test were given or kept, that is not ours.
        torn: contents of which byte-identical files stand in two parts, which no split of ours does.
    """

    exact: int
    conflicts: int
    near: int
    would_leak: int | None
    leaking: int
    torn: int

    def line(self, images: int) -> str:
        """Return all of it in one line for the screen."""
        told = (
            f"check: {images:,} images; {self.exact:,} exact duplicates, {self.conflicts:,} images in two classes; "
            f"{self.near:,} near-duplicate pairs found; of those found, "
        )
        if self.would_leak is None:
            return f"{told}{self.leaking:,} leak between the given splits; {self.torn:,} images are in two splits"
        plain = f"{self.would_leak:,} would leak between the splits if it were plainly random"
        return f"{told}{plain}, {self.leaking:,} do"


Labels = Callable[[str], Sequence[str]]  # label as `split.csv` has it -> classes


def one_label(label: str) -> Sequence[str]:
    """Return the class of an image that has one."""
    return (label,)


def units(
    rows: Sequence[Row],
    pairs: Sequence[Pair],
    group_of: Sequence[str] = (),
    classes_of: Labels = one_label,
    strict: bool = True,
) -> dict[str, str]:
    """Return content hash -> name of the unit that must share a part: near duplicates, and theirs in turn.

    A unit is named by its smallest hash, so that names of files have no say. Classes that would then have fewer than
    three units could not be divided any more: their pictures are a series of one scene, and stay single. Images of one
    named group always share a unit.

    Args:
        rows: n images.
        pairs: near duplicates, by index into them.
        group_of: name of the group of each; an empty one is none.
        classes_of: label -> classes.
        strict: whether all classes are to be divided, so that those of fewer groups are refused.

    Raises:
        UserError: a class has fewer than three groups.
    """
    given = [Pair(first, second, 1.0) for first, second in _neighbours(group_of)]
    if given and strict:
        check_groups(rows, group_of, _units(rows, given), classes_of)
    unit_of = _units(rows, [*pairs, *given])
    too_alike = {label for label, names in _by_class(rows, unit_of, classes_of).items() if len(names) < LEAST_IMAGES}
    single = {row.sha256 for row in rows if too_alike & {*classes_of(row.label)}}
    alone = _units(rows, given)
    return {sha256: alone[sha256] if sha256 in single else name for sha256, name in unit_of.items()}


def check_groups(rows: Sequence[Row], group_of: Sequence[str], unit_of: Mapping[str, str], classes_of: Labels) -> None:
    """Raise UserError where the groups of a class are too few to be divided."""
    grouped = {label for row, group in zip(rows, group_of, strict=True) if group for label in classes_of(row.label)}
    for label, names in _by_class(rows, unit_of, classes_of).items():
        if label in grouped and len(names) < LEAST_IMAGES:
            raise UserError(
                f"Class '{label}' has {len(names)} group(s) of images: at least {LEAST_IMAGES} are needed, one for "
                "each of train, val, test, since the images of a group stay together."
            )


def _neighbours(group_of: Sequence[str]) -> list[tuple[int, int]]:
    """Return each image of a group with the one before it."""
    last: dict[str, int] = {}
    pairs = []
    for at, group in enumerate(group_of):
        if group:
            pairs += [(last[group], at)] if group in last else []
            last[group] = at
    return pairs


def _units(rows: Sequence[Row], pairs: Sequence[Pair]) -> dict[str, str]:
    members = defaultdict(set)
    for row, number in zip(rows, groups(pairs, len(rows)).tolist(), strict=True):
        members[number].add(row.sha256)
    return {sha256: min(members[number]) for number in members for sha256 in members[number]}


def _by_class(rows: Sequence[Row], unit_of: Mapping[str, str], classes_of: Labels) -> dict[str, set[str]]:
    of_class = defaultdict(set)
    for row in rows:
        for label in classes_of(row.label):
            of_class[label].add(unit_of[row.sha256])
    return of_class


def count_copies(rows: Sequence[Row], pairs: Sequence[Pair], plain: Sequence[Row] | None = None) -> Copies:
    """Count copies, and the near pairs that `rows` and a `plain` split of the same images, if any, tear apart."""
    labels_of, parts_of = defaultdict(set), defaultdict(set)
    for row in rows:
        labels_of[row.sha256].add(row.label)
        parts_of[row.sha256].add(row.part)
    near = [pair for pair in pairs if rows[pair.first].sha256 != rows[pair.second].sha256]
    return Copies(
        exact=len(rows) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        near=len(near),
        would_leak=None if plain is None else torn_pairs(plain, near),
        leaking=torn_pairs(rows, near),
        torn=sum(len(parts) > 1 for parts in parts_of.values()),
    )


def torn_pairs(rows: Sequence[Row], pairs: Sequence[Pair]) -> int:
    """Count the pairs whose two images are in different parts."""
    return sum(rows[pair.first].part != rows[pair.second].part for pair in pairs)

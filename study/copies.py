"""Copies and near copies: kept on one side of the split, and counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from data.duplicates import Pair, groups
from data.split import LEAST_IMAGES, Row


@dataclass(frozen=True)
class Copies:
    """How often a picture stands twice in the data.

    Args:
        exact: byte-identical files beyond the first of each content.
        conflicts: contents that stand in two classes; they are used for training only.
        near: pairs of near duplicates, other than byte-identical ones.
        would_leak: of those, the pairs that a plain random split would have torn apart.
        leaking: those that this split tears apart; where train, val and test were given or kept, that is not ours.
    """

    exact: int
    conflicts: int
    near: int
    would_leak: int
    leaking: int

    def line(self, images: int) -> str:
        """Return all of it in one line for the screen."""
        return (
            f"check: {images:,} images read; {self.exact:,} exact copies, {self.conflicts:,} contents in two classes; "
            f"{self.near:,} near-duplicate pairs, of which {self.would_leak:,} would have leaked between the parts by "
            f"a plain split, {self.leaking:,} do"
        )


def units(rows: Sequence[Row], pairs: Sequence[Pair]) -> dict[str, str]:
    """Return content hash -> name of the unit that must share a part: near duplicates, and theirs in turn.

    A unit is named by its smallest hash, so that names of files have no say. Classes that would then have fewer than
    three units could not be divided any more: their pictures are a series of one scene, and stay single.
    """
    group = groups(pairs, len(rows))
    members = defaultdict(set)
    for row, number in zip(rows, group.tolist(), strict=True):
        members[number].add(row.sha256)
    unit_of = {sha256: min(members[number]) for number in members for sha256 in members[number]}
    of_class = defaultdict(set)
    for row in rows:
        of_class[row.label].add(unit_of[row.sha256])
    too_alike = {label for label, names in of_class.items() if len(names) < LEAST_IMAGES}
    single = {row.sha256 for row in rows if row.label in too_alike}
    return {sha256: sha256 if sha256 in single else name for sha256, name in unit_of.items()}


def count_copies(rows: Sequence[Row], pairs: Sequence[Pair], plain: Sequence[Row]) -> Copies:
    """Count copies, and the near pairs that `rows` and a `plain` split of the same images tear apart."""
    labels_of = defaultdict(set)
    for row in rows:
        labels_of[row.sha256].add(row.label)
    near = [pair for pair in pairs if rows[pair.first].sha256 != rows[pair.second].sha256]
    return Copies(
        exact=len(rows) - len(labels_of),
        conflicts=sum(len(labels) > 1 for labels in labels_of.values()),
        near=len(near),
        would_leak=sum(plain[pair.first].part != plain[pair.second].part for pair in near),
        leaking=sum(rows[pair.first].part != rows[pair.second].part for pair in near),
    )

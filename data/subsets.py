"""Which of train, validation and test each image belongs to: given by folders, by an earlier split, or by content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from data import split
from data.duplicate_groups import Copies, count_copies, units
from data.duplicates import near_pairs
from data.folder import PARTS, Scan, Skipped
from data.pixels import Pictures
from data.source import Source
from data.split import DEFAULT_RATIO, Row
from errors import UserError


def split_rows(
    found: Scan,
    pictures: Pictures,
    source: Source,
    note: Callable[[str], None],
    undecodable: Sequence[Skipped] = (),
) -> tuple[tuple[Row, ...], Copies]:
    """Give each image its part: as its folder says, as an earlier split says, or by seed and content.

    `undecodable`: images of the scan that are not among the pictures, for the message where a class has too few.
    """
    entries = list(zip(pictures.images, pictures.sha256, strict=True))
    rows = [Row(image.name, sha256, image.label, image.part or "") for image, sha256 in entries]
    usable = Counter(label for row in rows for label in source.classes_of(row.label))
    for name in found.class_names:
        if usable[name] < split.LEAST_IMAGES:
            of_class = {image.name for image in found.images if name in source.classes_of(image.label)}
            reasons = [entry.reason for entry in undecodable if entry.name in of_class]
            raise UserError(split.too_few(name, usable[name], commonest(reasons)))
    turns = source.label != "facing" and not source.labels  # else a mirror image may be of another class
    pairs = near_pairs(pictures.prints, mirrored=turns)
    group_of = [image.group for image in pictures.images]
    if any(row.part for row in rows):
        check_ready_made(found, rows, source)
        rows = with_all_parts(found.root, rows, units(rows, pairs), source, note)
        note_divided_groups(rows, group_of, note)
        return tuple(rows), count_copies(rows, pairs)
    earlier = earlier_parts(found, source)
    if source.split_file:
        kept = sum(row.sha256 in earlier for row in rows)
        if not kept:
            raise UserError(
                f"`split_file` {source.split_file} knows none of the images in {found.root}, which go by their "
                "content: a changed image is a new one. Give the split.csv of a run on these, or leave it out."
            )
        note(f"`split_file`: {kept:,} of {len(rows):,} images keep their part")
    plain = source.assign(rows, source.split, source.seed, earlier)
    together = units(rows, pairs, group_of, source.classes_of)
    rows = source.assign(rows, source.split, source.seed, earlier, together)
    split.check_parts(rows)
    return tuple(rows), count_copies(rows, pairs, plain)


def commonest(reasons: Sequence[str]) -> str:
    """Say how many images were left out, and the reason of most of them; nothing where there are none."""
    if not reasons:
        return ""
    reason, count = Counter(reasons).most_common(1)[0]
    among = "all" if count == len(reasons) else f"{count:,}"
    return f"{len(reasons):,} could not be used, {among} for this reason: {reason}. "


def check_ready_made(found: Scan, rows: Sequence[Row], source: Source) -> None:
    """Raise UserError where given train/val/test folders cannot be trained on, or settings speak against them."""
    if source.split_file or tuple(source.split) != DEFAULT_RATIO:
        raise UserError(f"{found.root} has ready-made train/val/test folders: leave `split` and `split_file` out.")
    learnt = {label for row in rows if row.part == "train" for label in source.classes_of(row.label)}
    if lacking := [name for name in found.class_names if name not in learnt]:
        raise UserError(f"{found.root}: no training image of {', '.join(lacking)}, which could never be learnt.")


def with_all_parts(
    root: Path, rows: list[Row], unit_of: Mapping[str, str], source: Source, note: Callable[[str], None]
) -> list[Row]:
    """Let a tenth of the training pictures of each class be the validation or test part that folders do not give.

    A class of fewer than three is left as it is.
    """
    missing = [part for part in PARTS if part not in {row.part for row in rows}]
    if missing:
        learnt = [row for row in rows if row.part == "train"]
        contents = Counter(
            label for _, labels in {(row.sha256, row.label) for row in learnt} for label in source.classes_of(labels)
        )
        enough = [
            row for row in learnt if all(contents[name] >= split.LEAST_IMAGES for name in source.classes_of(row.label))
        ]
        assigned = source.assign(enough, DEFAULT_RATIO, source.seed, unit_of=unit_of)
        taken = {row.path for row in assigned if row.part == missing[0]}
        note(f"{root} gives no {missing[0]} part: {len(taken):,} of its {len(learnt):,} training images are that")
        rows = [replace(row, part=missing[0]) if row.path in taken else row for row in rows]
    split.check_parts(rows)
    return rows


def earlier_parts(found: Scan, source: Source) -> dict[str, str]:
    """Return content hash -> part of an earlier split. Raise UserError where that names other classes."""
    if not source.split_file:
        return {}
    kept = split.read(Path(source.split_file))
    named = {label for row in kept for label in source.classes_of(row.label)}
    if unknown := sorted(named ^ set(found.class_names)):
        raise UserError(
            f"`split_file` {source.split_file} and {found.root} name different classes: {', '.join(unknown)}. "
            "Give the split.csv of a run on the same classes."
        )
    return {row.sha256: row.part for row in kept}


def note_divided_groups(rows: Sequence[Row], group_of: Sequence[str], note: Callable[[str], None]) -> None:
    """Tell which groups the given parts divide: what is learned of one image is then known of the others."""
    parts_of = defaultdict(set)
    for row, group in zip(rows, group_of, strict=True):
        parts_of[group].add(row.part)
    if divided := [group for group, parts in parts_of.items() if group and len(parts) > 1]:
        note(f"careful: {len(divided):,} group(s), such as {divided[0]}, stand in two of the parts that were given")

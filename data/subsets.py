"""Which of train, validation and test each image belongs to: given by folders, by an earlier split, or by content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data import split, split_notes
from data.duplicate_groups import Copies, count_copies, units
from data.duplicates import Pair, near_pairs
from data.folder import PARTS, Image, Scan, Skipped
from data.grouped_split import contradictory, fill_empty, place_mixed
from data.pixels import Pictures
from data.source import Source
from data.split import DEFAULT_RATIO, Row
from errors import UserError


@dataclass(frozen=True)
class Together:
    """What must share a split: content hash -> unit; the units that speak for two classes; whether groups were named.

    The images of a group may be of several classes. Copies that stand in two classes are only learned from.
    """

    unit_of: Mapping[str, str]
    opposed: set[str]
    by_group: bool


def together_of(
    rows: Sequence[Row], pairs: Sequence[Pair], group_of: Sequence[str], source: Source, strict: bool
) -> Together:
    """Join near duplicates and groups. Raise UserError where `strict` and the groups of a class are too few."""
    unit_of = units(rows, pairs, group_of, source.classes_of, strict)
    opposed = {unit_of[sha256] for sha256 in contradictory(rows, pairs, source.several_labels)}
    return Together(unit_of, opposed, any(group_of))


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
    plain = None
    if any(row.part for row in rows):
        check_ready_made(found, rows, source)
        rows = with_all_parts(found.root, rows, pairs, group_of, source, note)
    else:
        earlier = earlier_parts(found, rows, source, note)
        plain = source.assign(rows, source.split, source.seed, earlier)
        rows = divide(rows, together_of(rows, pairs, group_of, source, True), source.split, source, earlier)
    note_divided_groups(rows, group_of, note)
    copies = count_copies(rows, pairs, plain)
    tell(rows, pairs, found.class_names, pictures.images, copies, source, note)
    return tuple(rows), copies


def divide(
    rows: Sequence[Row],
    together: Together,
    ratio: Sequence[int],
    source: Source,
    earlier: Mapping[str, str],
) -> list[Row]:
    """Divide images by seed and content; near duplicates and the images of a group stay together."""
    unit_of, opposed = together.unit_of, together.opposed
    if not together.by_group:
        return source.assign(rows, ratio, source.seed, earlier, unit_of)
    kept = dict(earlier)
    if not source.several_labels:
        kept |= place_mixed(rows, unit_of, opposed, ratio, source.seed, earlier)
    assigned = source.assign(rows, ratio, source.seed, kept, unit_of)
    settled = {unit_of[sha256] for sha256 in earlier if sha256 in unit_of}
    return fill_empty(assigned, unit_of, opposed | settled, source.classes_of)


def tell(
    rows: Sequence[Row],
    pairs: Sequence[Pair],
    class_names: Sequence[str],
    images: Sequence[Image],
    copies: Copies,
    source: Source,
    note: Callable[[str], None],
) -> None:
    """Tell of copies and of classes that cannot be evaluated. Raise UserError, with its reason, for an empty split."""
    note(copies.line(len(rows)))
    shared = [] if source.several_labels else split_notes.shared_classes(rows)
    alike = split_notes.alike_after_crop(images, pairs, source.resize)
    for line in [*shared, *([alike] if alike else [])]:
        note(f"careful: {line}")
    if {row.part for row in rows} != {*PARTS}:
        note(split_notes.class_counts(rows, source.classes_of))
        split.check_parts(rows, alike or ("" if source.several_labels else split_notes.why_empty(rows, pairs)))
    for line in split_notes.unevaluated(rows, class_names, source.classes_of):
        note(line)


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
        raise UserError(
            f"{found.root}: no training image of {', '.join(lacking)}, which could never be learnt: add some, or leave "
            "out or merge folders by `labels`."
        )


def with_all_parts(
    root: Path,
    rows: list[Row],
    pairs: Sequence[Pair],
    group_of: Sequence[str],
    source: Source,
    note: Callable[[str], None],
) -> list[Row]:
    """Let a tenth of the training pictures of each class be each part that folders do not give.

    A class of fewer than three is left as it is.
    """
    missing = [part for part in PARTS if part not in {row.part for row in rows}]
    if not missing:
        return rows
    learnt = [row for row in rows if row.part == "train"]
    contents = Counter(
        label for _, labels in {(row.sha256, row.label) for row in learnt} for label in source.classes_of(labels)
    )
    enough = [
        row for row in learnt if all(contents[name] >= split.LEAST_IMAGES for name in source.classes_of(row.label))
    ]
    together = together_of(rows, pairs, group_of, source, strict=False)
    assigned = divide(enough, together, DEFAULT_RATIO, source, {}) if enough else []
    part_of = {row.path: row.part for row in assigned if row.part in missing}
    for part in missing:
        taken = sum(own == part for own in part_of.values())
        note(f"{root} gives no {part} part: {taken:,} of its {len(learnt):,} training images are that")
    return [replace(row, part=part_of.get(row.path, row.part)) for row in rows]


def earlier_parts(found: Scan, rows: Sequence[Row], source: Source, note: Callable[[str], None]) -> dict[str, str]:
    """Return content hash -> part of an earlier split. Raise UserError where that names other classes, or no image."""
    if not source.split_file:
        return {}
    kept = split.read(Path(source.split_file))
    named = {label for row in kept for label in source.classes_of(row.label)}
    if unknown := sorted(named ^ set(found.class_names)):
        raise UserError(
            f"`split_file` {source.split_file} and {found.root} name different classes: {', '.join(unknown)}. "
            "Give the split.csv of a run on the same classes."
        )
    earlier = {row.sha256: row.part for row in kept}
    known = sum(row.sha256 in earlier for row in rows)
    if not known:
        raise UserError(
            f"`split_file` {source.split_file} knows none of the images in {found.root}, which go by their "
            "content: a changed image is a new one. Give the split.csv of a run on these, or leave it out."
        )
    note(f"`split_file`: {known:,} of {len(rows):,} images keep their part")
    return earlier


def note_divided_groups(rows: Sequence[Row], group_of: Sequence[str], note: Callable[[str], None]) -> None:
    """Tell which groups the given parts divide: what is learned of one image is then known of the others."""
    parts_of = defaultdict(set)
    for row, group in zip(rows, group_of, strict=True):
        parts_of[group].add(row.part)
    if divided := [group for group, parts in parts_of.items() if group and len(parts) > 1]:
        note(f"careful: {len(divided):,} group(s), such as {divided[0]}, stand in two of the parts that were given")

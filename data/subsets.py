"""Which of train, validation and test each image belongs to: given by folders, by an earlier split, or by content."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data import split_notes
from data.duplicate_groups import DuplicateCounts, count_duplicates, duplicate_groups, unit_names
from data.duplicates import Pair, stored_near_pairs
from data.folder import SPLITS, ImageRecord, Scan, Skipped
from data.grouped_split import contradictory, fill_empty, place_mixed
from data.pixels import LoadedImages
from data.source import Source
from data.split import DEFAULT_RATIO, LEAST_HELD_OUT, MIN_IMAGES, SplitEntry, check_splits, read_split, too_few
from data.store.store import Store
from errors import UserError


class OtherImagesError(UserError):
    """An earlier split is not of these images: it names other classes, or no image of them."""


@dataclass(frozen=True)
class Together:
    """What must share a split: content hash -> unit; the units that speak for two classes; whether groups were named.

    The images of a group may be of several classes. Copies that stand in two classes are only learned from.
    """

    unit_of: Mapping[str, str]
    opposed: set[str]
    by_group: bool


def together_of(
    entries: Sequence[SplitEntry], pairs: Sequence[Pair], group_of: Sequence[str], source: Source, strict: bool
) -> Together:
    """Join near duplicates and groups. Raise UserError where `strict` and the groups of a class are too few."""
    group_by_hash = duplicate_groups(entries, pairs, group_of, source.classes_of, strict)
    opposed = {group_by_hash[sha256] for sha256 in contradictory(entries, pairs, source.several_labels)}
    return Together(group_by_hash, opposed, any(group_of))


def assign_splits(
    scanned: Scan,
    images: LoadedImages,
    source: Source,
    store: Store,
    note: Callable[[str], None],
    undecodable: Sequence[Skipped],
) -> tuple[tuple[SplitEntry, ...], DuplicateCounts, tuple[str, ...]]:
    """Give each image its split: as its folder says, as an earlier split says, or by seed and content.

    Returns also what was found twice, and the unit of each image. `undecodable`: images of the scan that are not among
    the images, for the message where a class has too few.
    """
    hashed = list(zip(images.records, images.sha256, strict=True))
    entries = [SplitEntry(image.name, sha256, image.label, image.split or "") for image, sha256 in hashed]
    check_enough(scanned, entries, source, undecodable)
    flip_keeps_label = source.label != "facing" and not source.labels  # else a mirror image may be of another class
    pairs = stored_near_pairs(images.fingerprints, store, mirrored=flip_keeps_label)
    group_of = [image.group for image in images.records]
    plain = None
    if any(entry.split for entry in entries):
        check_ready_made(scanned, entries, source)
        entries = add_missing_split(scanned.root, entries, pairs, group_of, source, note)
    else:
        earlier = earlier_splits(scanned, entries, source, note)
        groups = together_of(entries, pairs, group_of, source, source.divided)
        enough = entries if source.divided else divisible(entries, source)
        plain = in_place(entries, source.assign(enough, source.split, source.seed, earlier))
        entries = in_place(entries, divide(enough, groups, source.split, source, earlier))
    note_divided_groups(entries, group_of, note)
    copies = count_duplicates(entries, pairs, plain)
    tell(entries, pairs, scanned.class_names, images.records, copies, source, note)
    return tuple(entries), copies, unit_names(entries, pairs, group_of)


def check_enough(scanned: Scan, entries: Sequence[SplitEntry], source: Source, undecodable: Sequence[Skipped]) -> None:
    """Raise UserError, with the reason why images are missing, where a class has too few that can be used."""
    usable = Counter(label for entry in entries for label in source.classes_of(entry.label))
    for name in scanned.class_names:
        if usable[name] < (MIN_IMAGES if source.divided else LEAST_HELD_OUT):
            of_class = {image.name for image in scanned.images if name in source.classes_of(image.label)}
            reasons = [entry.reason for entry in undecodable if entry.name in of_class]
            raise UserError(too_few(name, usable[name], commonest(reasons), source.divided))


def divisible(entries: Sequence[SplitEntry], source: Source) -> list[SplitEntry]:
    """Return the images whose classes have enough different ones for three splits."""
    contents = Counter(
        name for _, label in {(entry.sha256, entry.label) for entry in entries} for name in source.classes_of(label)
    )
    return [entry for entry in entries if all(contents[name] >= MIN_IMAGES for name in source.classes_of(entry.label))]


def in_place(entries: Sequence[SplitEntry], divided: Sequence[SplitEntry]) -> list[SplitEntry]:
    """Return all images with the splits that some of them were given; the others are learned from."""
    split_of = {entry.path: entry.split for entry in divided}
    return [replace(entry, split=split_of.get(entry.path, "train")) for entry in entries]


def divide(
    entries: Sequence[SplitEntry],
    groups: Together,
    ratio: Sequence[int],
    source: Source,
    earlier: Mapping[str, str],
) -> list[SplitEntry]:
    """Divide images by seed and content; near duplicates and the images of a group stay together."""
    group_by_hash, opposed = groups.unit_of, groups.opposed
    if not groups.by_group:
        return source.assign(entries, ratio, source.seed, earlier, group_by_hash)
    kept = dict(earlier)
    if not source.several_labels:
        kept |= place_mixed(entries, group_by_hash, opposed, ratio, source.seed, earlier)
    assigned = source.assign(entries, ratio, source.seed, kept, group_by_hash)
    settled = {group_by_hash[sha256] for sha256 in earlier if sha256 in group_by_hash}
    return fill_empty(assigned, group_by_hash, opposed | settled, source.classes_of)


def tell(
    entries: Sequence[SplitEntry],
    pairs: Sequence[Pair],
    class_names: Sequence[str],
    images: Sequence[ImageRecord],
    copies: DuplicateCounts,
    source: Source,
    note: Callable[[str], None],
) -> None:
    """Tell of copies and of classes that cannot be evaluated. Raise UserError, with its reason, for an empty split."""
    note(copies.describe(len(entries)))
    shared = [] if source.several_labels else split_notes.shared_classes(entries)
    alike = split_notes.alike_after_crop(images, pairs, source.resize)
    for line in [*shared, *([alike] if alike else [])]:
        note(f"careful: {line}")
    if not source.divided:
        return
    if {entry.split for entry in entries} != {*SPLITS}:
        note(split_notes.class_counts(entries, source.classes_of))
        check_splits(entries, alike or ("" if source.several_labels else split_notes.why_empty(entries, pairs)))
    for line in split_notes.unevaluated(entries, class_names, source.classes_of):
        note(line)


def commonest(reasons: Sequence[str]) -> str:
    """Say how many images were left out, and the reason of most of them; nothing where there are none."""
    if not reasons:
        return ""
    reason, count = Counter(reasons).most_common(1)[0]
    among = "all" if count == len(reasons) else f"{count:,}"
    return f"{len(reasons):,} could not be used, {among} for this reason: {reason}. "


def check_ready_made(scanned: Scan, entries: Sequence[SplitEntry], source: Source) -> None:
    """Raise UserError where given train/val/test folders cannot be trained on, or settings speak against them."""
    if source.split_file or tuple(source.split) != DEFAULT_RATIO:
        raise UserError(f"{says_splits(scanned.root)}: leave `split` and `split_file` out.")
    learnt = {label for entry in entries if entry.split == "train" for label in source.classes_of(entry.label)}
    if lacking := [name for name in scanned.class_names if name not in learnt]:
        remedy = "take its label out" if source.several_labels else "leave out or merge folders by `labels`"
        raise UserError(
            f"{scanned.root}: no training image of {', '.join(lacking)}, which could never be learnt: add some, or "
            f"{remedy}."
        )


def says_splits(root: Path) -> str:
    """Say that a data set gives the splits: a table in a column, a folder in the names of folders or files."""
    return f"{root} gives train, validation and test in {'a column' if root.is_file() else 'names'}"


def add_missing_split(
    root: Path,
    entries: list[SplitEntry],
    pairs: Sequence[Pair],
    group_of: Sequence[str],
    source: Source,
    note: Callable[[str], None],
) -> list[SplitEntry]:
    """Let a tenth of the training images of each class be each split that folders do not give.

    A class of fewer than three is left as it is.
    """
    missing = [split for split in SPLITS if split not in {entry.split for entry in entries}]
    if not missing:
        return entries
    learnt = [entry for entry in entries if entry.split == "train"]
    enough = divisible(learnt, source)
    groups = together_of(entries, pairs, group_of, source, strict=False)
    assigned = divide(enough, groups, DEFAULT_RATIO, source, {}) if enough else []
    split_of = {entry.path: entry.split for entry in assigned if entry.split in missing}
    for split in missing:
        taken = sum(own == split for own in split_of.values())
        note(f"{root} gives no {split} split: {taken:,} of its {len(learnt):,} training images are that")
    return [replace(entry, split=split_of.get(entry.path, entry.split)) for entry in entries]


def earlier_splits(
    scanned: Scan, entries: Sequence[SplitEntry], source: Source, note: Callable[[str], None]
) -> dict[str, str]:
    """Return content hash -> split of an earlier split. Raise OtherImagesError where that is not of these images.

    Classes may be others by now: images go by their content, and those of a new class are divided like any new ones.
    """
    if not source.split_file:
        return {}
    kept = read_split(Path(source.split_file))
    splits_of = defaultdict(set)
    for entry in kept:
        splits_of[entry.sha256].add(entry.split)
    earlier = {sha256: min(splits) if len(splits) == 1 else "train" for sha256, splits in splits_of.items()}
    known = sum(len(splits_of.get(entry.sha256, ())) == 1 for entry in entries)
    divided = [entry.path for entry in entries if len(splits_of.get(entry.sha256, ())) > 1]
    if not known and not divided:
        raise OtherImagesError(
            f"`split_file` {source.split_file} knows none of the images in {scanned.root}, which go by their "
            "content: a changed image is a new one. Give the split.csv of a run on these, or leave it out."
        )
    note(f"`split_file`: {known:,} of {len(entries):,} images keep their split")
    if new := split_notes.unknown_classes(entries, splits_of.keys(), scanned.class_names, source.classes_of):
        note(new)
    if divided:
        note(
            f"careful: `split_file` {source.split_file} has {len(divided):,} image(s), such as {divided[0]}, in "
            "several splits: they are learned from, so that nothing is judged by what was learned"
        )
    return earlier


def note_divided_groups(entries: Sequence[SplitEntry], group_of: Sequence[str], note: Callable[[str], None]) -> None:
    """Tell which groups the given splits divide: what is learned of one image is then known of the others."""
    splits_of = defaultdict(set)
    for entry, group in zip(entries, group_of, strict=True):
        splits_of[group].add(entry.split)
    if divided := [group for group, splits in splits_of.items() if group and len(splits) > 1]:
        note(f"careful: {len(divided):,} group(s), such as {divided[0]}, stand in two of the given splits")

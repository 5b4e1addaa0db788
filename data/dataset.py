"""From a folder of images to everything that training reads: images, labels, the split of each, what was left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from data import (
    any_form,
    auxiliary_labels,
    companions,
    csv_table,
    cut,
    exclude,
    fixes,
    groups,
    labels,
    loading,
    mask_set,
    pixels,
    split,
)
from data.auxiliary_labels import AuxiliaryLabels
from data.batches import Examples
from data.drawn import folder as drawn_folder
from data.duplicate_groups import DuplicateCounts
from data.fixes import Fixed
from data.folder import SPLITS, Scan, Skipped
from data.labels import LabelMap
from data.mask_counts import PixelCounts
from data.masks import Masks
from data.names import join_labels, labels_of, natural_key, similar, split_labels
from data.pixels import LoadedImages
from data.skipped import describe_skipped
from data.source import Note, Progress, Source
from data.split import SplitEntry
from data.store.store import Store
from data.subsets import assign_splits
from errors import UserError


@dataclass(frozen=True)
class Dataset:
    """A folder of images as training sees it; `entries[i]` belongs to `images.records[i]`.

    `flip_pairs` maps a class to that of the mirrored image, where a label file names such pairs; `masks` are there
    where pixels are learned, with the pixels of those of each split, `mask_counts`, and `auxiliary` labels where an
    auxiliary task asks for them. `units[i]` names what must share a split with image i: its near duplicates and its
    group.
    """

    root: Path
    synthetic: bool
    class_names: tuple[str, ...]
    images: LoadedImages
    entries: tuple[SplitEntry, ...]
    skipped: tuple[Skipped, ...]
    duplicates: DuplicateCounts
    flip_pairs: Mapping[str, str]
    masks: Masks | None = None
    mask_counts: Mapping[str, PixelCounts] = field(default_factory=dict)
    masks_folder: Path | None = None
    auxiliary: AuxiliaryLabels | None = None
    label_text: str = ""  # of the label file
    several_labels: bool = False  # an image may have several, or none
    table: Path | None = None  # which names the images, where that is not their folders
    units: tuple[str, ...] = ()
    fixed: Fixed | None = None  # what the table of fixes changed, where one was given

    def examples(self) -> Examples:
        """Return pixels, class indices and the rows of each split; of several labels 0 and 1, float32 (n, classes)."""
        labels = label_array(self.entries, self.class_names, self.several_labels)
        splits = np.array([entry.split for entry in self.entries])
        flipped_classes = [self.class_names.index(self.flip_pairs.get(name, name)) for name in self.class_names]
        indices = {split: np.flatnonzero(splits == split) for split in SPLITS}
        flipped_classes = np.array(flipped_classes, np.int32) if self.flip_pairs else None
        inputs = self.images.pixels if self.images.inputs is None else self.images.inputs
        keys, units = self.images.keys or self.images.sha256, split.unit_numbers(self.units)
        seen = split.seen_elsewhere(self.entries, self.units) if self.units else None
        return Examples(inputs, labels, indices, flipped_classes, keys, units=units, seen=seen)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return images by split and class."""
        counts: dict[str, Counter[str]] = {split: Counter() for split in SPLITS}
        for entry in self.entries:
            counts[entry.split].update(labels_of(entry.label, self.several_labels))
        return {split: dict(count) for split, count in counts.items()}

    def sizes(self) -> dict[str, int]:
        """Return images by split."""
        return {split: sum(entry.split == split for entry in self.entries) for split in SPLITS}

    def rarest(self) -> int:
        """Return the training images of the class that has fewest."""
        counts = self.counts()["train"]
        return min(counts.get(name, 0) for name in self.class_names)

    def fingerprint(self) -> str:
        """Return a hash of all contents and their classes: equal for the same data, whatever the names."""
        lines = sorted(f"{entry.sha256} {entry.label}" for entry in self.entries)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def label_array(entries: Sequence[SplitEntry], class_names: Sequence[str], several: bool) -> np.ndarray:
    """Return class indices, int32 (n,); where an image may have several labels 0 and 1, float32 (n, classes)."""
    index_of = {name: index for index, name in enumerate(class_names)}
    if not several:
        return np.array([index_of[entry.label] for entry in entries], np.int32)
    labels = np.zeros((len(entries), len(class_names)), np.float32)
    for row, entry in zip(labels, entries, strict=True):
        row[[index_of[name] for name in split_labels(entry.label)]] = 1
    return labels


def no_progress(label: str, total: int) -> AbstractContextManager[Callable[[], None]]:
    """Show nothing."""
    return nullcontext(lambda: None)


def load(
    source: Source,
    store: Store | None = None,
    progress: Progress = no_progress,
    note: Note = lambda line: None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Dataset:
    """Scan, decode, look for duplicates, and split.

    Args:
        source: what to read.
        store: where pixels are kept; by default nowhere.
        progress: shows how far each step is.
        note: is told what the user should know, line by line.
        check_cancelled: called again and again; an exception from it ends the work.

    Raises:
        UserError: no folder, no images, one class, a class with too few, or a split or label file or mask that does not
            fit.
    """
    path = source.root if source.root is not None else synthetic_images(progress, check_cancelled)
    store, watched = store or Store(None), checking(progress, check_cancelled)
    scanned, label_map, fixed = scan(path, source, note)
    root = scanned.base
    folder = mask_set.folder_of(root, source)
    if folder is not None:
        mask_set.check_files(scanned, folder, source)
    with watched("read images", 2 * len(scanned.images)) as advance:
        images, undecodable = loading.load(
            scanned.images, source.sides[0], source.resize, store, advance, source.value_range
        )
    skipped = (*scanned.skipped, *undecodable)
    for line in (*describe_skipped(skipped), *images.notes):
        note(line)
    entries, duplicates, units = assign_splits(scanned, images, source, store, note, undecodable)
    images = replace(images, fingerprints=images.fingerprints[:0].copy())  # done with: 1.7 KB an image
    images = cut_and_scaled(images, root, source, store, watched, note)
    names, masks, mask_counts = scanned.class_names, None, {}
    if folder is not None:
        masks, mask_counts = mask_set.load(root, images, entries, names, folder, source, store, watched, note)
    auxiliary = load_auxiliary(root, images, skipped, source, note)
    return Dataset(
        root,
        source.root is None,
        names,
        images,
        entries,
        skipped,
        duplicates,
        label_map.flip_pairs,
        masks,
        mask_counts,
        folder,
        auxiliary,
        label_text=label_map.text,
        several_labels=source.several_labels,
        table=path if path.is_file() else None,
        units=units,
        fixed=fixed,
    )


def cut_and_scaled(
    images: LoadedImages, root: Path, source: Source, store: Store, progress: Progress, note: Note
) -> LoadedImages:
    """Cut the images to their boxes where there are such, and make them ready at each side where there are several."""
    if source.boxes:
        boxes = source.boxes(images, root, store, progress, note)
        with progress("cut images", len(images.records)) as advance:
            images = cut.cut(images, boxes, store, advance)
    if len(source.sides) > 1:
        images = replace(images, inputs=pixels.at_sizes(images, source.sides, store))
    return images


def checking(progress: Progress, check_cancelled: Callable[[], None]) -> Progress:
    """Return the same progress, each step of which may end the work."""

    @contextmanager
    def watched(label: str, steps: int) -> Iterator[Callable[[], None]]:
        with progress(label, steps) as advance:
            yield lambda: (check_cancelled(), advance())

    return watched


def synthetic_images(progress: Progress = no_progress, check_cancelled: Callable[[], None] = lambda: None) -> Path:
    """Return the folder of the embedded drawings, drawing them if this machine has none yet."""
    with progress("draw animals", sum(drawn_folder.CLASS_COUNTS.values())) as advance:
        return drawn_folder.cached(progress=lambda done, total: (check_cancelled(), advance()))


def scan(path: Path, source: Source, note: Note) -> tuple[Scan, LabelMap, Fixed | None]:
    """List the images with the classes that they are to have, and what the label file and the table of fixes say."""
    read = any_form.scan(path, source.min_classes, source.several_labels, explained=source.group is not None)
    for line in read.notes:
        note(line)
    scanned = relabel(groups.apply(read, source.group, source.root is None, note), source)
    label_map = LabelMap()
    if source.labels:
        label_map = labels.read(Path(source.labels))
        scanned = labels.apply(scanned, label_map, source.min_classes)
    remedy = f"give both one name in {path}" if source.several_labels else "`labels` can merge them"
    for name, other in similar(scanned.class_names):
        note(
            f"careful: class {name} differs from class {other} only in case, spaces or the width of letters: the same "
            f"class? {remedy}"
        )
    fixed = None
    if source.fixes:
        scanned, fixed = fixes.apply(scanned, Path(source.fixes), note, source.several_labels)
    if source.exclude:
        scanned = exclude.apply(scanned, Path(source.exclude), note)
    for line in companions.lines(scanned.images):
        note(line)
    return scanned, label_map, fixed


def relabel(scanned: Scan, source: Source) -> Scan:
    """Give drawings the label that is asked for instead of the animal; of several labels, animal and coat."""
    if source.several_labels and source.root is None:
        return animal_and_coat(scanned)
    if source.label == "class":
        return scanned
    if source.root is not None:
        raise UserError(f"`label` {source.label} is for the drawings only: leave it out or leave `data` out.")
    return labels.by_annotation(scanned, drawn_folder.annotation(scanned.root, source.label))


def animal_and_coat(scanned: Scan) -> Scan:
    """Give drawings both as labels."""
    coats = drawn_folder.annotation(scanned.root, "coat")
    images = tuple(replace(record, label=join_labels((record.label, coats[record.name]))) for record in scanned.images)
    names = {name for record in images for name in split_labels(record.label)}
    return replace(scanned, images=images, class_names=tuple(sorted(names, key=natural_key)))


def load_auxiliary(
    root: Path, images: LoadedImages, skipped: Sequence[Skipped], source: Source, note: Note
) -> AuxiliaryLabels | None:
    """Return the second label of each image; None where none is asked for. The file may name skipped ones too.

    Raises:
        UserError: the file cannot be read, names an image that is not there, or has fewer than two labels.
    """
    if source.auxiliary in ("none", "mask"):
        return None
    names = [image.name for image in images.records]
    if source.auxiliary == "coat":
        return auxiliary_labels.from_names(names, drawn_folder.annotation(root, "coat"))
    there = {*names, *(entry.name for entry in skipped)}
    label_of = auxiliary_labels.read(Path(source.auxiliary), csv_table.Names(there))
    if unknown := sorted(label_of.keys() - there):
        raise UserError(
            f"`auxiliary` {source.auxiliary} names {len(unknown):,} image(s) that are not in {root}, such as "
            f"{unknown[0]}: give paths below that folder, such as {names[0]}."
        )
    note(f"second label: {len(label_of.keys() & set(names)):,} of {len(names):,} images have one")
    return auxiliary_labels.from_names(names, label_of)

"""From a folder of images to everything that training reads: images, labels, the split of each, what was left out."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data import auxiliary_labels, exclude, groups, labels, masks, pixels, table
from data.auxiliary_labels import Second
from data.batches import Examples
from data.drawn import folder as drawn_folder
from data.duplicate_groups import Copies, one_label
from data.folder import OUTSIDE, PARTS, Scan, Skipped
from data.labels import LabelMap
from data.masks import Masks
from data.names import join_labels, natural_key, similar, split_labels
from data.pixels import Pictures
from data.source import Source
from data.split import Row
from data.store.store import Store
from data.subsets import split_rows
from errors import UserError

FEW_LOOSE = 5  # files outside the classes that are still named one by one

Note = Callable[[str], None]  # takes a line for the user
Progress = Callable[[str, int], AbstractContextManager[Callable[[], None]]]  # (label, steps) -> a bar, to be moved on


@dataclass(frozen=True)
class Dataset:
    """A folder of images as training sees it; `rows[i]` belongs to `pictures.images[i]`.

    `mirrors` maps a class to that of the mirrored picture, where a label file names such pairs; `masks` are there where
    pixels are learned, `second` labels where a second task asks for them. `notes` are lines for the user.
    """

    root: Path
    drawn: bool
    class_names: tuple[str, ...]
    pictures: Pictures
    rows: tuple[Row, ...]
    skipped: tuple[Skipped, ...]
    copies: Copies
    mirrors: Mapping[str, str]
    masks: Masks | None = None
    masks_folder: Path | None = None
    second: Second | None = None
    label_text: str = ""  # of the label file
    several_labels: bool = False  # an image may have several, or none
    table: Path | None = None  # which names the images, where that is not their folders

    def examples(self) -> Examples:
        """Return pixels, class indices and the rows of each part; of several labels 0 and 1, float32 (n, classes)."""
        labels = label_array(self.rows, self.class_names, self.several_labels)
        parts = np.array([row.part for row in self.rows])
        mirror = [self.class_names.index(self.mirrors.get(name, name)) for name in self.class_names]
        rows = {part: np.flatnonzero(parts == part) for part in PARTS}
        mirror = np.array(mirror, np.int32) if self.mirrors else None
        return Examples(self.pictures.pixels, labels, rows, mirror, self.pictures.keys or self.pictures.sha256)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return images by part and class."""
        classes_of = split_labels if self.several_labels else one_label
        labels = {part: [row.label for row in self.rows if row.part == part] for part in PARTS}
        return {part: dict(Counter(name for text in labels[part] for name in classes_of(text))) for part in PARTS}

    def sizes(self) -> dict[str, int]:
        """Return images by part."""
        return {part: sum(row.part == part for row in self.rows) for part in PARTS}

    def rarest(self) -> int:
        """Return the training images of the class that has fewest."""
        return min(self.counts()["train"].get(name, 0) for name in self.class_names)

    def fingerprint(self) -> str:
        """Return a hash of all contents and their classes: equal for the same data, whatever the names."""
        lines = sorted(f"{row.sha256} {row.label}" for row in self.rows)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def label_array(rows: Sequence[Row], class_names: Sequence[str], several: bool) -> np.ndarray:
    """Return class indices, int32 (n,); where an image may have several labels 0 and 1, float32 (n, classes)."""
    if not several:
        return np.array([class_names.index(row.label) for row in rows], np.int32)
    return np.array([[name in split_labels(row.label) for name in class_names] for row in rows], np.float32)


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
    path = source.root if source.root is not None else drawings(progress, check_cancelled)
    store = store or Store(None)
    found, label_map = scan(path, source, note)
    root = found.base
    place = masks_folder(root, source)
    if place is not None:
        check_masks(found, place, source.background)
    with progress("read images", 2 * len(found.images)) as advance:
        pictures, undecodable = pixels.load(
            found.images,
            source.image_size,
            source.resize,
            store,
            lambda: (check_cancelled(), advance()),
            source.value_range,
        )
    skipped = (*found.skipped, *undecodable)
    for line in left_out(skipped):
        note(line)
    for line in pictures.notes:
        note(line)
    rows, copies = split_rows(found, pictures, source, note, undecodable)
    pictures = replace(pictures, prints=pictures.prints[:0].copy())  # done with: 1.7 KB a picture
    names, drawn = found.class_names, source.root is None
    of_pixels = None if place is None else load_masks(root, pictures, rows, names, place, source, store, progress)
    second = load_second(root, pictures, skipped, source, note)
    return Dataset(
        *(root, drawn, names, pictures, rows, skipped, copies, label_map.mirrors, of_pixels, place, second),
        label_text=label_map.text,
        several_labels=source.several_labels,
        table=path if path.is_file() else None,
    )


def drawings(progress: Progress = no_progress, check_cancelled: Callable[[], None] = lambda: None) -> Path:
    """Return the folder of the embedded drawings, drawing them if this machine has none yet."""
    with progress("draw animals", sum(drawn_folder.CLASS_COUNTS.values())) as advance:
        return drawn_folder.cached(progress=lambda done, total: (check_cancelled(), advance()))


def scan(path: Path, source: Source, note: Note) -> tuple[Scan, LabelMap]:
    """List the images with the classes that they are to have, and what the label file says."""
    read = table.scan(path, source.least_classes, source.several_labels, explained=source.group is not None)
    for line in read.notes:
        note(line)
    found = relabelled(groups.apply(read, source.group, source.root is None, note), source)
    label_map = LabelMap()
    if source.labels:
        label_map = labels.read(Path(source.labels))
        found = labels.apply(found, label_map, source.least_classes)
    for name, other in similar(found.class_names):
        note(
            f"careful: class {name} differs from class {other} only in case, spaces or the width of letters: the same "
            "class? `labels` can merge them"
        )
    return (exclude.apply(found, Path(source.exclude), note) if source.exclude else found), label_map


def relabelled(found: Scan, source: Source) -> Scan:
    """Give drawings the label that is asked for instead of the animal; of several labels, animal and coat."""
    if source.several_labels and source.root is None:
        coats = drawn_folder.annotation(found.root, "coat")
        images = tuple(replace(one, label=join_labels((one.label, coats[one.name]))) for one in found.images)
        names = {name for one in images for name in split_labels(one.label)}
        return replace(found, images=images, class_names=tuple(sorted(names, key=natural_key)))
    if source.label == "class":
        return found
    if source.root is not None:
        raise UserError(f"`label` {source.label} is for the drawings only: leave it out or leave `data` out.")
    return labels.by_annotation(found, drawn_folder.annotation(found.root, source.label))


def left_out(skipped: Sequence[Skipped]) -> list[str]:
    """Name every file that is left out, and why; of many that lie in one place outside the classes, the first."""
    loose = defaultdict(list)
    for entry in skipped:
        if entry.reason == OUTSIDE:
            loose[entry.name.rpartition("/")[0]].append(entry)
    many = {place: entries for place, entries in loose.items() if len(entries) > FEW_LOOSE}
    lines = [
        f"  {entries[0].name} and {len(entries) - 1:,} more in {place or 'the folder itself'}: {OUTSIDE}"
        for place, entries in many.items()
    ]
    told = {entry.name for entries in many.values() for entry in entries}
    lines += [f"  {entry.name}: {entry.reason}" for entry in skipped if entry.name not in told]
    return [f"{len(skipped):,} file(s) left out:", *lines] if skipped else []


def masks_folder(root: Path, source: Source) -> Path | None:
    """Return where the masks of a folder of images are; None where none are needed.

    Raises:
        UserError: it is no folder.
    """
    if not source.reads_masks:
        return None
    if source.masks is None:
        return root.parent / "masks"  # the drawings
    if not Path(source.masks).is_dir():
        raise UserError(f"`masks` takes a folder with a PNG for each image. Received: {source.masks} (no folder)")
    return Path(source.masks)


def check_masks(found: Scan, place: Path, background: bool) -> None:
    """Raise UserError, before images are read, where a mask is missing or cannot name one of the classes."""
    if len(found.class_names) > masks.MOST_CLASSES:
        raise UserError(
            f"Masks are bytes and tell {masks.MOST_CLASSES} classes from the background; {found.root} has "
            f"{len(found.class_names)}: leave some out or merge them by `labels`."
        )
    if background and masks.BACKGROUND in found.class_names:
        raise UserError(
            f"A class is called {masks.BACKGROUND}, which is what the masks' 0 is called: rename it by `labels`."
        )
    masks.paths_for(found.images, found.base, place)


def load_masks(
    root: Path,
    pictures: Pictures,
    rows: Sequence[Row],
    class_names: Sequence[str],
    place: Path,
    source: Source,
    store: Store,
    progress: Progress,
) -> Masks:
    """Read the masks of all usable images. Raise UserError for one that does not fit."""
    paths = masks.paths_for(pictures.images, root, place)
    own = np.array([1 + class_names.index(row.label) for row in rows], np.uint8)
    with progress("read masks", len(paths)) as advance:
        found = masks.load(
            paths,
            [image.path for image in pictures.images],
            pictures.sha256,
            source.image_size,
            source.resize,
            store,
            own if source.mask_values == "own" else None,
            advance,
        )
    masks.pixel_counts(found, np.arange(len(paths)), (masks.BACKGROUND, *class_names))  # no value beyond the classes
    return found


def load_second(
    root: Path, pictures: Pictures, skipped: Sequence[Skipped], source: Source, note: Note
) -> Second | None:
    """Return the second label of each image; None where none is asked for. The file may name skipped ones too.

    Raises:
        UserError: the file cannot be read, names an image that is not there, or has fewer than two labels.
    """
    if source.auxiliary in ("none", "mask"):
        return None
    names = [image.name for image in pictures.images]
    if source.auxiliary == "coat":
        return auxiliary_labels.of(names, drawn_folder.annotation(root, "coat"))
    label_of = auxiliary_labels.read(Path(source.auxiliary))
    if unknown := sorted(label_of.keys() - {*names, *(entry.name for entry in skipped)}):
        raise UserError(
            f"`auxiliary` {source.auxiliary} names {len(unknown):,} image(s) that are not in {root}, such as "
            f"{unknown[0]}: give paths below that folder, such as {names[0]}."
        )
    note(f"second label: {len(label_of.keys() & set(names)):,} of {len(names):,} images have one")
    return auxiliary_labels.of(names, label_of)

"""From the settings to everything that training reads: pictures, labels, the part of each, and what was left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from data import drawn, findings, folder, labels, pixels, split
from data.batches import Examples
from data.cache import cache_folder
from data.duplicates import near_pairs
from data.folder import PARTS, Scan, Skipped
from data.labels import LabelMap
from data.masks import Masks
from data.pixels import Pictures
from data.second import Second
from data.split import Row
from data.store import Store
from errors import UserError
from study import precedence, screen, tasks
from study.annotations import check_masks, load_masks, load_second
from study.config import CheckSettings, TrainSettings
from study.copies import Copies, count_copies, units


@dataclass(frozen=True)
class Dataset:
    """A folder of images as training sees it; `rows[i]` belongs to `pictures.images[i]`.

    `mirrors` maps a class to that of the mirrored picture, where a label file names such pairs; `masks` are there where
    pixels are learned, `second` labels where a second task asks for them.
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
    second: Second | None = None
    label_text: str = ""  # of the label file

    def examples(self) -> Examples:
        """Return pixels, class indices and the rows of each part."""
        labels = np.array([self.class_names.index(row.label) for row in self.rows], np.int32)
        parts = np.array([row.part for row in self.rows])
        mirror = [self.class_names.index(self.mirrors.get(name, name)) for name in self.class_names]
        rows = {part: np.flatnonzero(parts == part) for part in PARTS}
        mirror = np.array(mirror, np.int32) if self.mirrors else None
        return Examples(self.pictures.pixels, labels, rows, mirror, self.pictures.sha256)

    def counts(self) -> dict[str, dict[str, int]]:
        """Return images by part and class."""
        return {part: dict(Counter(row.label for row in self.rows if row.part == part)) for part in PARTS}

    def rarest(self) -> int:
        """Return the training images of the class that has fewest."""
        return min(self.counts()["train"].get(name, 0) for name in self.class_names)

    def fingerprint(self) -> str:
        """Return a hash of all contents and their classes: equal for the same data, whatever the names."""
        lines = sorted(f"{row.sha256} {row.label}" for row in self.rows)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def load(settings: TrainSettings, store: Store | None = None, go_on: Callable[[], None] = lambda: None) -> Dataset:
    """Scan, decode, look for copies, and split; `settings.image_size` is settled.

    The store is by default that which the settings ask for. `go_on` is called again and again; an exception from it
    ends the work.

    Raises:
        UserError: no folder, no images, one class, a class with too few, or a split or label file or mask that does not
            fit.
    """
    root = Path(settings.data) if settings.data is not None else draw(go_on)
    label_map = labels.read(Path(settings.labels)) if settings.labels else LabelMap()
    least = tasks.least_classes(settings.task)
    found = labels.apply(relabelled(folder.scan(root, least), settings), label_map, least)
    found = excluded(found, settings.exclude)
    check_masks(found, settings)
    store = store or open_store(settings)
    with screen.bar("read images", 2 * len(found.images)) as advance:
        pictures, undecodable = pixels.load(
            found.images,
            settings.image_size,
            settings.resize,
            store,
            lambda: (go_on(), advance()),
        )
    skipped = (*found.skipped, *undecodable)
    report_skipped(skipped)
    rows, copies = split_rows(found, pictures, settings)
    screen.say(copies.line(len(rows)))
    pictures = replace(pictures, prints=pictures.prints[:0].copy())  # done with: 1.7 KB a picture
    masks = load_masks(root, pictures, rows, found.class_names, settings, store)
    second = load_second(root, pictures, skipped, settings)
    names, mirrors = found.class_names, label_map.mirrors
    drawn = settings.data is None
    return Dataset(root, drawn, names, pictures, rows, skipped, copies, mirrors, masks, second, label_map.text)


def open_store(settings: TrainSettings | CheckSettings) -> Store:
    """Return the store that the settings ask for; one that is off keeps nothing."""
    root = cache_folder() / "store" if settings.store == "on" else None
    store = Store(root, settings.store_limit * 1e9)
    store.make_room()
    return store


def draw(go_on: Callable[[], None] = lambda: None) -> Path:
    """Return the folder of the embedded drawings, drawing them if this machine has none yet."""
    with screen.bar("draw animals", sum(drawn.CLASS_COUNTS.values())) as advance:
        return drawn.cached(progress=lambda done, total: (go_on(), advance()))


def relabelled(found: Scan, settings: TrainSettings) -> Scan:
    """Give drawings the label that `--label` asks for instead of the animal."""
    if settings.label == "class":
        return found
    if settings.data is not None:
        raise UserError(f"--label {settings.label} is for the drawings only: leave it out or leave --data out.")
    return labels.by_annotation(found, drawn.annotation(found.root, settings.label))


def excluded(found: Scan, table: str | None) -> Scan:
    """Leave out the pictures that a person marked in a `check.csv`."""
    if table is None:
        return found
    marked = findings.read_drops(Path(table))
    unknown = sorted(marked - {entry.name for entry in (*found.images, *found.skipped)})
    if (pictures := sorted(set(unknown) - {".", *found.class_names})) and len(unknown) == len(marked):
        raise UserError(
            f"--exclude {table} marks {len(pictures):,} picture(s), such as {pictures[0]}, none of which is in "
            f"{found.root}: give the check.csv of this folder."
        )
    if unknown:
        screen.say(
            f"--exclude {table}: {len(unknown):,} of {len(marked):,} marked rows name no picture of {found.root}, such "
            f"as {unknown[0]}; they leave nothing out"
        )
    out = tuple(Skipped(image.name, "left out by --exclude") for image in found.images if image.name in marked)
    kept = tuple(image for image in found.images if image.name not in marked)
    return replace(found, images=kept, skipped=(*found.skipped, *out))


def report_skipped(skipped: Sequence[Skipped]) -> None:
    """Name every file that is left out, and why."""
    if skipped:
        screen.say(f"{len(skipped)} file(s) left out:")
        for entry in skipped:
            screen.say(f"  {entry.name}: {entry.reason}")


def split_rows(found: Scan, pictures: Pictures, settings: TrainSettings) -> tuple[tuple[Row, ...], Copies]:
    """Give each picture its part: as its folder says, as an earlier split says, or by seed and content."""
    entries = list(zip(pictures.images, pictures.sha256, strict=True))
    rows = [Row(image.name, sha256, image.label, image.part or "") for image, sha256 in entries]
    usable = Counter(row.label for row in rows)
    for name in found.class_names:
        if usable[name] < split.LEAST_IMAGES:
            raise UserError(split.too_few(name, usable[name]))
    turns = settings.label != "facing" and not settings.labels  # else a mirror image may be of another class
    pairs, seed = near_pairs(pictures.prints, mirrored=turns), precedence.seed_of_split(settings)
    if any(row.part for row in rows):
        check_ready_made(found, rows, settings)
        rows = with_all_parts(found.root, rows, units(rows, pairs), seed)
        return tuple(rows), count_copies(rows, pairs)
    earlier = earlier_parts(found, settings)
    if settings.split_file:
        kept = sum(row.sha256 in earlier for row in rows)
        if not kept:
            raise UserError(
                f"--split-file {settings.split_file} knows none of the pictures in {found.root}, which go by their "
                "content: a changed picture is a new one. Give the split.csv of a run on these, or leave it out."
            )
        screen.say(f"--split-file: {kept:,} of {len(rows):,} pictures keep their part")
    plain = split.assign(rows, settings.split, seed, earlier)
    rows = split.assign(rows, settings.split, seed, earlier, units(rows, pairs))
    split.check_parts(rows)
    return tuple(rows), count_copies(rows, pairs, plain)


def check_ready_made(found: Scan, rows: Sequence[Row], settings: TrainSettings) -> None:
    """Raise UserError where given train/val/test folders cannot be trained on, or flags speak against them."""
    if settings.split_file or settings.split != TrainSettings.split:
        raise UserError(f"{found.root} has ready-made train/val/test folders: leave --split and --split-file out.")
    learnt = {row.label for row in rows if row.part == "train"}
    if lacking := [name for name in found.class_names if name not in learnt]:
        raise UserError(f"{found.root}: no training image of {', '.join(lacking)}, which could never be learnt.")


def with_all_parts(root: Path, rows: list[Row], unit_of: Mapping[str, str], seed: int) -> list[Row]:
    """Let a tenth of the training pictures of each class be the validation or test part that folders do not give.

    A class of fewer than three is left as it is.
    """
    missing = [part for part in PARTS if part not in {row.part for row in rows}]
    if missing:
        learnt = [row for row in rows if row.part == "train"]
        contents = Counter(label for _, label in {(row.sha256, row.label) for row in learnt})
        enough = [row for row in learnt if contents[row.label] >= split.LEAST_IMAGES]
        taken = {
            row.path
            for row in split.assign(enough, TrainSettings.split, seed, unit_of=unit_of)
            if row.part == missing[0]
        }
        screen.say(
            f"{root} gives no {missing[0]} part: {len(taken):,} of its {len(learnt):,} training pictures are that"
        )
        rows = [replace(row, part=missing[0]) if row.path in taken else row for row in rows]
    split.check_parts(rows)
    return rows


def earlier_parts(found: Scan, settings: TrainSettings) -> dict[str, str]:
    """Return content hash -> part of `--split-file`. Raise UserError where that names other classes."""
    if not settings.split_file:
        return {}
    kept = split.read(Path(settings.split_file))
    if unknown := sorted({row.label for row in kept} ^ set(found.class_names)):
        raise UserError(
            f"--split-file {settings.split_file} and {found.root} name different classes: {', '.join(unknown)}. "
            "Give the split.csv of a run on the same classes."
        )
    return {row.sha256: row.part for row in kept}

"""From the settings to everything that training reads: pictures, labels, the part of each, and what was left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import drawn, folder, pixels, split
from data.batches import Examples
from data.folder import PARTS, Scan, Skipped
from data.pixels import Pictures
from data.split import Row
from errors import UserError
from study import screen
from study.config import TrainSettings


@dataclass(frozen=True)
class Dataset:
    """A folder of images as training sees it; `rows[i]` belongs to `pictures.images[i]`."""

    root: Path
    drawn: bool
    class_names: tuple[str, ...]
    pictures: Pictures
    rows: tuple[Row, ...]
    skipped: tuple[Skipped, ...]

    def examples(self) -> Examples:
        """Return pixels, class indices and the rows of each part."""
        labels = np.array([self.class_names.index(row.label) for row in self.rows], np.int32)
        parts = np.array([row.part for row in self.rows])
        return Examples(self.pictures.pixels, labels, {part: np.flatnonzero(parts == part) for part in PARTS})

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


def load(settings: TrainSettings) -> Dataset:
    """Scan, decode and split; `settings.image_size` is settled.

    Raises:
        UserError: no folder, no images, one class, a class with too few, or a split that does not fit the data.
    """
    root = Path(settings.data) if settings.data is not None else draw()
    found = folder.scan(root)
    with screen.bar("read images", len(found.images)) as advance:
        pictures, undecodable = pixels.load(found.images, settings.image_size, settings.resize, advance)
    skipped = (*found.skipped, *undecodable)
    report_skipped(skipped)
    return Dataset(
        root, settings.data is None, found.class_names, pictures, split_rows(found, pictures, settings), skipped
    )


def draw() -> Path:
    """Return the folder of the embedded drawings, drawing them if this machine has none yet."""
    with screen.bar("draw animals", sum(drawn.CLASS_COUNTS.values())) as advance:
        return drawn.cached(progress=lambda done, total: advance())


def report_skipped(skipped: Sequence[Skipped]) -> None:
    """Name every file that is left out, and why."""
    if skipped:
        screen.say(f"{len(skipped)} file(s) left out:")
        for entry in skipped:
            screen.say(f"  {entry.name}: {entry.reason}")


def split_rows(found: Scan, pictures: Pictures, settings: TrainSettings) -> tuple[Row, ...]:
    """Give each picture its part: as its folder says, as an earlier split says, or by seed and content."""
    entries = list(zip(pictures.images, pictures.sha256, strict=True))
    rows = [Row(image.name, sha256, image.label, image.part or "") for image, sha256 in entries]
    usable = Counter(row.label for row in rows)
    for name in found.class_names:
        if usable[name] < split.LEAST_IMAGES:
            raise UserError(split.too_few(name, usable[name]))
    if any(row.part for row in rows):
        if settings.split_file:
            raise UserError(f"{found.root} has ready-made train/val/test folders: leave --split-file out.")
        split.check_parts(rows)
        lacking = [name for name in found.class_names if not any(r.label == name and r.part == "train" for r in rows)]
        if lacking:
            raise UserError(f"{found.root}: no training image of {', '.join(lacking)}, which could never be learnt.")
        return tuple(rows)
    earlier = None
    if settings.split_file:
        kept = split.read(Path(settings.split_file))
        if unknown := sorted({row.label for row in kept} ^ set(found.class_names)):
            raise UserError(
                f"--split-file {settings.split_file} and {found.root} name different classes: {', '.join(unknown)}. "
                "Give the split.csv of a run on the same classes."
            )
        earlier = {row.sha256: row.part for row in kept}
    rows = split.assign(rows, settings.split, settings.seed, earlier)
    split.check_parts(rows)
    return tuple(rows)

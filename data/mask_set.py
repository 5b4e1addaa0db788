"""The masks of a data set: where they lie, and what must hold of them before images are read and before training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data import mask_counts, mask_values, masks
from data.folder import SPLITS, Scan
from data.mask_counts import PixelCounts
from data.masks import Masks
from data.pixels import LoadedImages
from data.source import Note, Progress, Source
from data.split import SplitEntry
from data.store.store import Store
from errors import UserError


def folder_of(root: Path, source: Source) -> Path | None:
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


def check_files(scanned: Scan, folder: Path, source: Source) -> None:
    """Raise UserError, before images are read, where a mask is missing or cannot name one of the classes."""
    most = masks.MAX_CLASSES - mask_values.ignores(source.mask_values)
    if len(scanned.class_names) > most:
        raise UserError(
            f"Masks are bytes and tell {most} classes from the background; {scanned.root} has "
            f"{len(scanned.class_names)}: leave some out or merge them by `labels`."
        )
    if source.background and masks.BACKGROUND in scanned.class_names:
        raise UserError(
            f"A class is called {masks.BACKGROUND}, which is what the masks' 0 is called: rename it by `labels`."
        )
    mask_values.meaning(source.mask_values, scanned.class_names, np.zeros(0, np.uint8))
    masks.paths_for(scanned.images, scanned.base, folder)


def load(
    root: Path,
    images: LoadedImages,
    entries: Sequence[SplitEntry],
    class_names: Sequence[str],
    folder: Path,
    source: Source,
    store: Store,
    progress: Progress,
    note: Note,
) -> tuple[Masks, dict[str, PixelCounts]]:
    """Read the masks of all usable images; return them, and the pixels of those of each split that has images.

    Raises:
        UserError: one does not fit, or nothing can be learned.
    """
    paths = masks.paths_for(images.records, root, folder)
    own = np.array([1 + class_names.index(entry.label) for entry in entries], np.uint8)
    with progress("read masks", len(paths)) as advance:
        loaded = masks.load(
            paths,
            [image.path for image in images.records],
            images.sha256,
            source.sides[0],
            source.resize,
            store,
            mask_values.meaning(source.mask_values, class_names, own),
            advance,
        )
    names, splits = (masks.BACKGROUND, *class_names), np.array([entry.split for entry in entries])
    there = [split for split in SPLITS if (splits == split).any()]
    counts = {split: mask_counts.count(loaded, np.flatnonzero(splits == split), names) for split in there}
    for line in mask_counts.check(counts, loaded, names, source.background):
        note(line)
    return loaded, counts

"""What is learned beside the class of a picture: masks, and the second label of `--auxiliary`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data import drawn, masks, second
from data.folder import Scan, Skipped
from data.masks import Masks
from data.pixels import Pictures
from data.second import Second
from data.split import Row
from data.store import Store
from errors import UserError
from study import screen, tasks
from study.config import TrainSettings


def masks_folder(root: Path, settings: TrainSettings) -> Path | None:
    """Return where the masks of a folder of pictures lie; None where none are needed.

    Raises:
        UserError: it is no folder.
    """
    if not tasks.needs_masks(settings):
        return None
    if settings.masks is None:
        return root.parent / "masks"  # the drawings
    if not Path(settings.masks).is_dir():
        raise UserError(f"--masks takes a folder with a PNG for each picture. Received: {settings.masks} (no folder)")
    return Path(settings.masks)


def check_masks(found: Scan, settings: TrainSettings) -> None:
    """Raise UserError, before pictures are read, where a mask is missing or cannot name one of the classes."""
    if (place := masks_folder(found.root, settings)) is None:
        return
    if len(found.class_names) > masks.MOST_CLASSES:
        raise UserError(
            f"Masks are bytes and tell {masks.MOST_CLASSES} classes from the background; {found.root} has "
            f"{len(found.class_names)}: leave some out or merge them by --labels."
        )
    if settings.task == "segment" and masks.BACKGROUND in found.class_names:
        raise UserError(
            f"A class is called {masks.BACKGROUND}, which is what the masks' 0 is called: rename it by --labels."
        )
    masks.paths_for(found.images, found.root, place)


def load_masks(
    root: Path,
    pictures: Pictures,
    rows: Sequence[Row],
    class_names: Sequence[str],
    settings: TrainSettings,
    store: Store,
) -> Masks | None:
    """Read the masks of all usable pictures; None where none are needed. Raise UserError for one that does not fit."""
    if (place := masks_folder(root, settings)) is None:
        return None
    paths = masks.paths_for(pictures.images, root, place)
    own = np.array([1 + class_names.index(row.label) for row in rows], np.uint8)
    with screen.bar("read masks", len(paths)) as advance:
        found = masks.load(
            paths,
            [image.path for image in pictures.images],
            pictures.sha256,
            settings.image_size,
            settings.resize,
            store,
            own if settings.mask_values == "own" else None,
            advance,
        )
    masks.pixel_counts(found, np.arange(len(paths)), (masks.BACKGROUND, *class_names))  # no value beyond the classes
    return found


def load_second(root: Path, pictures: Pictures, skipped: Sequence[Skipped], settings: TrainSettings) -> Second | None:
    """Return the second label of each picture; None where none is asked for. The file may name skipped ones too.

    Raises:
        UserError: the file cannot be read, names a picture that is not there, or has fewer than two labels.
    """
    if settings.auxiliary in ("none", "mask"):
        return None
    names = [image.name for image in pictures.images]
    if settings.auxiliary == "coat":
        return second.of(names, drawn.annotation(root, "coat"))
    label_of = second.read(Path(settings.auxiliary))
    if unknown := sorted(label_of.keys() - {*names, *(entry.name for entry in skipped)}):
        raise UserError(
            f"--auxiliary {settings.auxiliary} names {len(unknown):,} picture(s) that are not in {root}, such as "
            f"{unknown[0]}: give paths below that folder, such as {names[0]}."
        )
    screen.say(f"second label: {len(label_of.keys() & set(names)):,} of {len(names):,} pictures have one")
    return second.of(names, label_of)

"""Masks: beside each image a PNG of its size that says of every pixel whether, or as what, it counts.

`photos/cat/1.jpg` has its mask in `DIR/cat/1.png`: one channel, 0 for background. What another value means, the user
says: any is the image's own class ("own"), or k is the k-th class ("index").
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
from PIL import Image as Pillow

from data import image
from data import names as names_module
from data.folder import ImageRecord
from data.pixels import WORKERS, Pixels
from data.store.hashes import hash_all
from data.store.rows import Rows, RowType
from data.store.store import Store
from errors import UserError

VALUES = ("own", "index")
MAX_CLASSES = 255
BACKGROUND = "background"
CHUNK = 256  # masks looked at together
VERSION = f"1, Pillow {PIL.__version__}"  # of the rows in the store: raise the number when they come out differently
EXPECTED = "one channel of 8 bits or less, a PNG of the image's size, 0 for background"


class Masks(Pixels):
    """An array of masks, class of each pixel, uint8 (n, size, size); read when it is asked for, as `Pixels` is.

    Args:
        files: of the masks, n of them.
        image_files: the files that they belong to.
        keys: of each in the store, by the content of both.
        size: side in pixels.
        rule: how the image becomes square.
        rows: what the store has.
        own_class: class of each image's pixels that are not background, uint8 (n,); None: the values are classes.
    """

    def __init__(
        self,
        files: Sequence[Path],
        image_files: Sequence[Path],
        keys: Sequence[str],
        size: int,
        rule: str,
        rows: Rows,
        own_class: np.ndarray | None,
    ) -> None:
        super().__init__(files, keys, size, rule, rows)
        self.image_files, self.own_class = image_files, own_class
        self.shape = (len(files), size, size)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some masks, uint8 (m, size, size)."""
        values = super().__getitem__(indices)
        return values if self.own_class is None else (values > 0) * self.own_class[indices][:, None, None]

    def _decode(self, index: int) -> np.ndarray:
        file, image_file = self.files[index], self.image_files[index]
        mask = read(file, image_file, self.shape[1], self.rule)
        if mask_key(*hash_all([file, image_file])) != self.sha256[index]:  # after reading: what was read is what it was
            raise UserError(f"{printable_path(file)} or its image was changed during the run. Start again.")
        return mask


def mask_key(mask: str, image: str) -> str:
    """Return the key in the store of a mask, by the hashes of its own file and its image's."""
    return hashlib.sha256(f"{mask} {image}".encode()).hexdigest()


def paths_for(images: Sequence[ImageRecord], root: Path, masks: Path) -> list[Path]:
    """Return where the mask of each image of a folder lies.

    Raises:
        UserError: some are not there.
    """
    if outside := [entry for entry in images if not entry.path.is_relative_to(root)]:
        raise UserError(
            f"{printable_path(outside[0].path)} is not below {root}, so that nothing says where its mask is."
        )
    paths = [(masks / entry.path.relative_to(root)).with_suffix(".png") for entry in images]
    if missing := [path for path in paths if not path.is_file()]:
        raise UserError(
            f"{len(missing):,} of {len(paths):,} images have no mask, such as {printable_path(missing[0])}: give each "
            "a PNG of the same path below `masks`, or leave the image out by `exclude`."
        )
    return paths


def load(
    files: Sequence[Path],
    image_files: Sequence[Path],
    sha256: Sequence[str],
    size: int,
    rule: str,
    store: Store,
    own_class: np.ndarray | None,
    advance: Callable[[], None] = lambda: None,
) -> Masks:
    """Look at all masks at `size` by a resize rule, nearest pixels; what the store does not know is read and kept.

    `sha256` are the hashes of the images. `advance` is called once for each.

    Raises:
        UserError: one cannot be read, is no mask, or is not of its image's size.
    """
    row_type = RowType(f"masks {size} {rule} ({VERSION})", (size, size))
    keys = list(map(mask_key, hash_all(files), sha256))
    available, has_room = store.rows(row_type, keys).available(), store.has_room_for(row_type, len(files))
    with store.writer(row_type) as writer, ThreadPoolExecutor(WORKERS) as pool:

        def read_one(i: int) -> None:
            if available[i]:
                return
            mask = read(files[i], image_files[i], size, rule)
            if has_room:
                writer.add(keys[i], mask)

        for _ in pool.map(read_one, range(len(files))):
            advance()
    return Masks(files, image_files, keys, size, rule, store.rows(row_type, keys), own_class)


def read(path: Path, image_file: Path, size: int, rule: str) -> np.ndarray:
    """Return the values of one mask, uint8 (size, size), each taken from the pixel nearest to it.

    Raises:
        UserError: it cannot be read, is no mask, or is not of its image's size.
    """
    try:
        mask = Pillow.open(io.BytesIO(path.read_bytes()), formats=("PNG",))
        mask.load()
        header = image.header(image_file.read_bytes())
    except Exception as error:  # hostile bytes draw nearly every built-in exception out of Pillow
        raise UserError(f"{printable_path(path)} is no mask: it cannot be read. Expected: {EXPECTED}.") from error
    if mask.mode not in ("1", "L", "P"):
        raise UserError(f"{printable_path(path)} is no mask: its pixels are {mask.mode}. Expected: {EXPECTED}.")
    if mask.size != (header.width, header.height):
        raise UserError(
            f"{printable_path(path)} is {mask.width}×{mask.height} pixels and its image "
            f"{header.width}×{header.height}, seen upright: a mask has the size of its image."
        )
    values = Pillow.fromarray(np.asarray(mask).astype(np.uint8))  # of a palette the indices
    return image.resize(values, size, rule)


def pixel_counts(masks: Masks | np.ndarray, indices: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Count the pixels of each class in some masks, int64 (classes,). Raise UserError for a value that is no class."""
    counts = np.zeros(256, np.int64)
    for first in range(0, len(indices), CHUNK):
        chunk = masks[indices[first : first + CHUNK]]
        counts += np.bincount(chunk.ravel(), minlength=256)
        if counts[len(names) :].any():
            i = int(np.flatnonzero((chunk >= len(names)).any(axis=(1, 2)))[0])
            raise UserError(
                f"{printable_path(masks.files[indices[first + i]])} has the value {chunk[i].max()}, and there are "
                f"{len(names) - 1} classes: {', '.join(names[1:])}. Give values of 0 to {len(names) - 1}, or "
                "`mask_values` own where any value but 0 is the image's own class."
            )
    return counts[: len(names)]


def restore(mask: np.ndarray, width: int, height: int, rule: str) -> np.ndarray:
    """Undo the resize rule: (size, size) -> (height, width), uint8; what a crop left out is 0, background."""
    square = Pillow.fromarray(mask)
    nearest = Pillow.Resampling.NEAREST
    if rule == "squash":
        return np.asarray(square.resize((width, height), nearest))
    if rule == "pad":
        longer = max(width, height)
        inner = [max(1, round(side * len(mask) / longer)) for side in (width, height)]
        left, top = ((len(mask) - side) // 2 for side in inner)
        return np.asarray(square.resize((width, height), nearest, box=(left, top, left + inner[0], top + inner[1])))
    side = min(width, height)
    canvas = Pillow.new("L", (width, height), 0)
    canvas.paste(square.resize((side, side), nearest), ((width - side) // 2, (height - side) // 2))
    return np.asarray(canvas)


def printable_path(path: Path) -> str:
    """Return a path as any output takes it."""
    return names_module.printable(str(path))

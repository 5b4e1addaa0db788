"""Masks: beside each image a PNG of its size that says of every pixel whether, or as what, it counts.

`photos/cat/1.jpg` has its mask in `DIR/cat/1.png`: one channel, 0 for background unless the user says otherwise. What
a value means is in `data.mask_values`; the store keeps the values as they are: another meaning needs no new rows.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
from PIL import Image as Pillow

from data import image
from data import names as names_module
from data.folder import ImageRecord
from data.header import header
from data.mask_values import BACKGROUND as BACKGROUND
from data.mask_values import Meaning
from data.pixels import WORKERS, Pixels
from data.resize import padded_box
from data.store.hashes import hash_all
from data.store.rows import Rows, RowType
from data.store.store import Store
from errors import UserError

MAX_CLASSES = 255
VERSION = f"2, Pillow {PIL.__version__}"  # of the rows in the store: raise the number when they come out differently
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
        meaning: of their values.
        sides: width and height of each, where images are padded: what lies beside one is background.
    """

    def __init__(
        self,
        files: Sequence[Path],
        image_files: Sequence[Path],
        keys: Sequence[str],
        size: int,
        rule: str,
        rows: Rows,
        meaning: Meaning,
        sides: Sequence[tuple[int, int]] = (),
    ) -> None:
        super().__init__(files, keys, size, rule, rows)
        self.image_files, self.meaning, self.sides = image_files, meaning, sides
        self.shape = (len(files), size, size)

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return the classes of some masks, uint8 (m, size, size); 255 of pixels that are ignored."""
        values = self.values(indices)
        classes = self.meaning.apply(values, indices)
        if self.sides and self.meaning.classes[0] != 0:
            for mask, index in zip(classes, indices, strict=True):
                left, top, width, height = padded_box(*self.sides[index], self.shape[1])
                inside = mask[top : top + height, left : left + width].copy()
                mask[:] = 0
                mask[top : top + height, left : left + width] = inside
        return classes

    def values(self, indices: np.ndarray) -> np.ndarray:
        """Return some masks as their files have them, uint8 (m, size, size), 0 beside a padded image."""
        return super().__getitem__(indices)

    def outside(self, indices: np.ndarray) -> np.ndarray:
        """Return how many pixels of some masks lie beside the image, int64 (m,)."""
        size = self.shape[1]
        if not self.sides:
            return np.zeros(len(indices), np.int64)
        return size**2 - np.array([np.prod(padded_box(*self.sides[i], size)[2:]) for i in indices], np.int64)

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
        UserError: some are not there, or two images would have one.
    """
    if outside := [entry for entry in images if not _plain(entry.path).is_relative_to(_plain(root))]:
        raise UserError(
            f"{printable_path(outside[0].path)} is not below {root}, so that nothing says where its mask is."
        )
    paths = [path_for(entry, root, masks) for entry in images]
    image_of: dict[Path, Path] = {}
    for path, entry in zip(paths, images, strict=True):
        if (other := image_of.setdefault(path, entry.path)) != entry.path:
            raise UserError(
                f"{printable_path(other)} and {printable_path(entry.path)} would both have the mask "
                f"{printable_path(path)}: give one of the two another name, or leave it out by `exclude`."
            )
    if missing := [path for path in paths if not path.is_file()]:
        raise UserError(
            f"{len(missing):,} of {len(paths):,} images have no mask, such as {printable_path(missing[0])}: give each "
            "a PNG of the same path below `masks`, or leave the image out by `exclude`."
        )
    return paths


def path_for(image: ImageRecord, root: Path, masks: Path) -> Path:
    """Return where the mask of an image below a folder lies, or should."""
    file = masks / _plain(image.path).relative_to(_plain(root))
    path = file.with_suffix(".png")
    return path if path.is_file() or not file.with_suffix(".PNG").is_file() else file.with_suffix(".PNG")


def _plain(path: Path) -> Path:
    # Without `../`, which would lead from the folder of masks back to the images themselves; links stay as they are.
    return Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow links


def load(
    files: Sequence[Path],
    image_files: Sequence[Path],
    sha256: Sequence[str],
    size: int,
    rule: str,
    store: Store,
    meaning: Meaning,
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
    sides = [_sides(path) for path in files] if rule == "pad" else ()
    return Masks(files, image_files, keys, size, rule, store.rows(row_type, keys), meaning, sides)


def _sides(path: Path) -> tuple[int, int]:
    try:
        with Pillow.open(path, formats=("PNG",)) as mask:
            return mask.size
    except Exception as error:  # it could be read before
        raise UserError(f"{printable_path(path)} or its image was changed during the run. Start again.") from error


def read(path: Path, image_file: Path, size: int, rule: str) -> np.ndarray:
    """Return the values of one mask, uint8 (size, size), each taken from the pixel nearest to it.

    Raises:
        UserError: it cannot be read, is no mask, or is not of its image's size.
    """
    try:
        content = path.read_bytes()
        mask = Pillow.open(io.BytesIO(content), formats=("PNG",))
        mask.load()
        with image_file.open("rb") as file:
            found = header(file)
    except Exception as error:  # hostile bytes draw nearly every built-in exception out of Pillow
        raise UserError(f"{printable_path(path)} is no mask: it cannot be read. Expected: {EXPECTED}.") from error
    if mask.mode not in ("1", "L", "P"):
        raise UserError(f"{printable_path(path)} is no mask: its pixels are {mask.mode}. Expected: {EXPECTED}.")
    if mask.size != (found.width, found.height):
        raise UserError(
            f"{printable_path(path)} is {mask.width}×{mask.height} pixels and its image "
            f"{found.width}×{found.height}, seen upright: a mask has the size of its image."
        )
    values = np.asarray(mask).astype(np.uint8) // _scaled_by(content)  # of a palette the indices
    return image.resize(Pillow.fromarray(values), size, rule)


def _scaled_by(content: bytes) -> int:
    """Return by how much Pillow multiplied the values of a PNG: grey of 2 and of 4 bits it brings to 0..255."""
    depth, colour = content[24], content[25]
    return {2: 85, 4: 17}.get(depth, 1) if colour == 0 else 1


def without_padding(mask: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return the part of a padded square mask, (size, size), that shows the image of that width and height."""
    left, top, inner_width, inner_height = padded_box(width, height, len(mask))
    return mask[top : top + inner_height, left : left + inner_width]


def restore(mask: np.ndarray, width: int, height: int, rule: str) -> np.ndarray:
    """Undo the resize rule: (size, size) -> (height, width), uint8; what a crop left out is 0, background."""
    square = Pillow.fromarray(mask)
    nearest = Pillow.Resampling.NEAREST
    if rule == "squash":
        return np.asarray(square.resize((width, height), nearest))
    if rule == "pad":
        left, top, *inner = padded_box(width, height, len(mask))
        return np.asarray(square.resize((width, height), nearest, box=(left, top, left + inner[0], top + inner[1])))
    side = min(width, height)
    canvas = Pillow.new("L", (width, height), 0)
    canvas.paste(square.resize((side, side), nearest), ((width - side) // 2, (height - side) // 2))
    return np.asarray(canvas)


def printable_path(path: Path) -> str:
    """Return a path as any output takes it."""
    return names_module.printable(str(path))

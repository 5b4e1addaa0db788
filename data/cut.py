"""Images of a data set cut to their boxes: decoded once each and kept in the store, as whole ones are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from data import crop, pixels
from data.crop import Box
from data.pixels import LoadedImages
from data.store.store import Store
from errors import UserError


def cut(
    images: LoadedImages, boxes: Mapping[str, Box], store: Store, advance: Callable[[], None] = lambda: None
) -> LoadedImages:
    """Return the same images, those cut of whose name there is a box; the others stay whole.

    `advance` is called once for each image.

    Raises:
        UserError: a box lies outside of its image, or a file was changed.
    """
    found = [boxes.get(record.name) for record in images.records]
    whole = images.keys or images.sha256
    keys = tuple(key if box is None else crop.key_of(key, box) for key, box in zip(whole, found, strict=True))
    size, rule = images.pixels.shape[1], images.pixels.rule
    rows = pixels.row_type(size, rule)
    available, has_room = store.rows(rows, keys).available(), store.has_room_for(rows, len(keys))

    def cut_one(i: int) -> None:
        if found[i] is None or available[i]:
            return
        result = pixels.read(images.records[i].path, size, rule, images.ranges, found[i])
        if isinstance(result, str):
            raise UserError(f"{images.records[i].name}: {result}. Give a box within the image.")
        if result[0] != images.sha256[i]:
            raise UserError(f"{images.records[i].path} was changed during the run. Start again.")
        if has_room:
            keep.add(keys[i], result[1])

    with store.writer(rows) as keep, ThreadPoolExecutor(pixels.WORKERS) as pool:
        for _ in pool.map(cut_one, range(len(keys))):
            advance()
    files = [record.path for record in images.records]
    array = pixels.Pixels(files, images.sha256, size, rule, store.rows(rows, keys), images.ranges, found)
    return replace(images, pixels=array, keys=keys, boxes=tuple(found))


def line(images: int, whole: int, lacking: str, such_as: str = "") -> str:
    """`of 900 images, 12 without a box, such as cat/3.jpg: taken whole`; `lacking` is what those are without."""
    if not whole:
        return f"all {images:,} images are cut to the animal"
    counted, such = f"{images:,} image{'s' if images > 1 else ''}", f", such as {such_as}" if such_as else ""
    return f"of {counted}, {whole:,} without {lacking}{such}: taken whole"


def line_of(names: Sequence[str], boxes: Mapping[str, Box], lacking: str) -> str:
    """Return the line for images of these names, of whose name there is a box or not."""
    whole = [name for name in names if name not in boxes]
    return line(len(names), len(whole), lacking, *whole[:1])

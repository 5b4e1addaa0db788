"""The random numbers of an augmentation that TensorFlow does not make: NumPy's, of one batch after another.

They say the same as what `geometry`, `photometric` and `randaugment` draw of TensorFlow's generator; the numbers are
others. All arrays are of a batch: their first side is its images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from data.augment.geometry import CROP_RATIO, EDGE
from data.augment.photometric import COLOUR, LARGEST_HOLE, LARGEST_MIX, LARGEST_PATCH
from data.augment.randaugment import DRAWS, MAX_DEGREES, MAX_SHEAR, MAX_SHIFT, OPERATIONS

NAMES = tuple(OPERATIONS)
Drawn = dict[str, np.ndarray]


def draw(strengths: Mapping[str, float], random: np.random.Generator, count: int, side: int, size: int | None) -> Drawn:
    """Draw what is done to the images of a batch.

    Args:
        strengths: what `data.augment.pipeline.parse_augment` returned.
        random: where the numbers come from.
        count: of images.
        side: of the images as they come.
        size: of those that come out; by default `side`.

    Returns:
        Of these those that are asked for:

        "flipped", bool (batch,); what moves pixels knows of it already.
        "source", int32 (batch, 2, side): which row and which column of the image a row and a column shows.
        "matrix", float32 (batch, 6): what `data.augment.warp.warp` takes.
        "box", float32 (batch, 4): upper, left, lower and right edge of what is cut out, shares of the side.
        "operation", int (batch, 2), "amount", float32 (batch, 2), and "matrices", float32 (batch, 2, 6): RandAugment's
        changes by their place in its list, how much of each, and where they move the pixels.
        "saturation", "contrast", "brightness" and "mixup", float32 (batch,).
        "erase" and "cutmix", bool (batch, 2, size): which rows and columns lie in a square.
    """
    drawn: Drawn = {}
    flipped = random.random(count) < 0.5 if "flip" in strengths else np.zeros(count, bool)
    if "flip" in strengths:
        drawn["flipped"] = flipped
    crops = "crop" in strengths  # what cuts a box out flips it too
    if {"rotation", "zoom"} & strengths.keys():
        drawn["matrix"] = _matrix(flipped & (not crops), side, strengths, random)
    elif "translation" in strengths or ("flip" in strengths and not crops):
        drawn["source"] = _source(flipped & (not crops), side, strengths.get("translation", 0.0), random)
    if crops:
        drawn["box"] = _box(flipped, strengths["crop"], random)
    if "randaugment" in strengths:
        drawn |= _randaugment(count, size or side, strengths["randaugment"], random)
    return drawn | _values(strengths, random, count, size or side)


def _uniform(random: np.random.Generator, low: float, high: float, *shape: int) -> np.ndarray:
    return random.uniform(low, high, shape).astype(np.float32)


def _source(flipped: np.ndarray, side: int, translation: float, random: np.random.Generator) -> np.ndarray:
    shape, reach = (len(flipped), 2, 1), translation * side
    shift = np.floor(_uniform(random, -reach, reach, *shape) + _uniform(random, 0, 1, *shape))
    source = (np.arange(side) - shift.astype(np.int32)) % (2 * side)
    source = np.minimum(source, 2 * side - 1 - source)  # cba|abc|cba
    source[flipped, 1] = side - 1 - source[flipped, 1]
    return source.astype(np.int32)


def _matrix(flipped: np.ndarray, side: int, strengths: Mapping[str, float], random: np.random.Generator) -> np.ndarray:
    count = len(flipped)
    angle, zoom, reach = (strengths.get(name, 0.0) for name in ("rotation", "zoom", "translation"))
    angle = _uniform(random, -angle, angle, count) * 2 * math.pi
    zoom = _uniform(random, 1 - zoom, 1 + zoom, count)
    right, down = _uniform(random, -reach, reach, 2, count)
    cos, sin, sign = zoom * np.cos(angle), zoom * np.sin(angle), np.where(flipped, -1, 1)
    return _around_centre(side, sign * cos, -sin, sign * sin, cos, right, down)


def _around_centre(side: int, a: object, b: object, d: object, e: object, right: object, down: object) -> np.ndarray:
    """Return the matrix that warps around the centre by ((a, b), (d, e)), then shifts by shares of the side."""
    centre = (side - 1) / 2
    c, f = centre * (1 - a - b) - right * side, centre * (1 - d - e) - down * side
    return np.stack(np.broadcast_arrays(a, b, c, d, e, f), axis=-1).astype(np.float32)


def _box(flipped: np.ndarray, min_area: float, random: np.random.Generator) -> np.ndarray:
    count, reach = len(flipped), math.log(CROP_RATIO)
    area, ratio = _uniform(random, min_area, 1, count), np.exp(_uniform(random, -reach, reach, count))
    ratio = np.clip(ratio, area, 1 / area)  # no side is longer than the image's: the area would shrink
    height, width = np.minimum(np.sqrt(area / ratio), 1), np.minimum(np.sqrt(area * ratio), 1)
    top, left = _uniform(random, 0, 1, 2, count) * (1 - np.stack([height, width]))
    from_x, to_x = np.where(flipped, left + width, left), np.where(flipped, left, left + width)
    return np.clip(np.stack([top, from_x, top + height, to_x], axis=1), EDGE, 1 - EDGE).astype(np.float32)


def _randaugment(count: int, side: int, strength: float, random: np.random.Generator) -> Drawn:
    operation = random.integers(0, len(NAMES), (count, DRAWS))
    amount = np.where(random.random((count, DRAWS)) < 0.5, -strength, strength).astype(np.float32)
    return {"operation": operation, "amount": amount, "matrices": randaugment_matrices(operation, amount, side)}


def randaugment_matrices(operation: np.ndarray, amount: np.ndarray, side: int) -> np.ndarray:
    """Return what moves the pixels, float32 (…, 6): a change of values leaves them in their place."""
    share = {name: np.where(operation == NAMES.index(name), amount, 0) for name in NAMES}
    angle = math.radians(MAX_DEGREES) * share["rotate"]
    cos, sin = np.cos(angle), np.sin(angle)
    across, along = MAX_SHEAR * share["shear x"], MAX_SHEAR * share["shear y"]
    right, down = MAX_SHIFT * share["translate x"], MAX_SHIFT * share["translate y"]
    return _around_centre(side, cos, across - sin, along + sin, cos, right, down)


def _values(strengths: Mapping[str, float], random: np.random.Generator, count: int, size: int) -> Drawn:
    drawn = {name: _uniform(random, -strengths[name], strengths[name], count) for name in COLOUR if name in strengths}
    for name, images, largest in (("erase", count, LARGEST_HOLE), ("cutmix", 1, LARGEST_PATCH)):
        if name in strengths:
            side = np.sqrt(_uniform(random, 0, largest, count)) * (random.random(images) < strengths[name])
            centre = _uniform(random, 0, 1, count, 2) * (1 - side[:, None]) + side[:, None] / 2
            pixels = (np.arange(size, dtype=np.float32) + 0.5) / size
            drawn[name] = np.abs(pixels - centre[..., None]) < side[:, None, None] / 2
    if "mixup" in strengths:
        drawn["mixup"] = _uniform(random, 0, LARGEST_MIX, count) * np.float32(random.random() < strengths["mixup"])
    return drawn

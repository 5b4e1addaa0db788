"""Changes of place: what is drawn for a batch moves the pixels of its images and, alike, those of its masks.

Each function draws the random numbers and returns what moves pixels by them, (batch, side, side, channels) in and out:
`transform_batch` has it done to the images, where values may be interpolated, and to the masks, where they must not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from data.augment.warp import warp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import tensorflow as tf

    Batch = dict[str, tf.Tensor]  # its keys: data/batches.py
    Transform = Callable[[tf.Tensor, str], tf.Tensor]  # pixels and "bilinear" or "nearest" -> pixels

CROP_RATIO = 4 / 3  # the most by which a crop's height and width differ
EDGE = 1e-6  # share of a side that a crop keeps off the edge: beyond it, if only by rounding, pixels would be black


def transform_batch(transform: Transform, batch: Batch) -> Batch:
    """Move the pixels of the images, uint8 or float32 (batch, side, side, 3), and of the masks, if there are any."""
    import tensorflow as tf

    changed = {**batch, "images": transform(batch["images"], "bilinear")}
    if "segmentation_masks" in batch:
        masks = batch["segmentation_masks"]
        changed["segmentation_masks"] = tf.cast(transform(masks[..., None], "nearest")[..., 0], masks.dtype)
    return changed


def resize(pixels: tf.Tensor, size: int, method: str = "bilinear") -> tf.Tensor:
    """Scale images, (batch, side, side, channels), to another side, antialiased; at their own nothing is done."""
    import tensorflow as tf

    return pixels if pixels.shape[1] == size else tf.image.resize(pixels, (size, size), method, antialias=True)


def random_affine(
    flipped: tf.Tensor, size: int, strengths: Mapping[str, float], random: tf.random.Generator
) -> Transform:
    """Flip, zoom, rotate and shift by the cheaper of two ways.

    Args:
        flipped: which images are mirrored, bool (batch,).
        size: side of the images.
        strengths: name -> strength.
        random: what the draws come from.
    """
    return (_random_warp if {"rotation", "zoom"} & strengths.keys() else _random_shift)(
        flipped, size, strengths, random
    )


def _random_shift(
    flipped: tf.Tensor, size: int, strengths: Mapping[str, float], random: tf.random.Generator
) -> Transform:
    """Flip, and shift by whole pixels; what comes in at an edge is the image's own reflection.

    A shift of 1.3 pixels becomes 1 or, in three cases of ten, 2, so that small strengths on small images count. Whole
    pixels need no arithmetic and keep the image as sharp as those of validation.
    """
    import tensorflow as tf

    count, reach = tf.shape(flipped)[0], strengths.get("translation", 0.0) * size
    shift = random.uniform((count, 2, 1), -reach, reach) + random.uniform((count, 2, 1))
    source = tf.range(size) - tf.cast(tf.floor(shift), tf.int32)  # (batch, y and x, size)
    source %= 2 * size
    source = tf.minimum(source, 2 * size - 1 - source)  # cba|abc|cba
    columns = tf.where(flipped[:, None], size - 1 - source[:, 1], source[:, 1])
    columns = tf.repeat(columns, size, axis=0)

    def transform(pixels: tf.Tensor, method: str) -> tf.Tensor:
        rows = tf.reshape(tf.gather(pixels, source[:, 0], batch_dims=1), (-1, size, pixels.shape[3]))
        return tf.reshape(tf.gather(rows, columns, batch_dims=1), tf.shape(pixels))

    return transform


def _random_warp(
    flipped: tf.Tensor, size: int, strengths: Mapping[str, float], random: tf.random.Generator
) -> Transform:
    """Rotate, zoom, shift and flip around the centre, in one interpolation of the reflected image.

    A pixel at p, counted from the centre, shows what was at `zoom * R(angle) p - shift`; a flip turns p's sign in x.
    """
    import tensorflow as tf

    count = tf.shape(flipped)[0]
    angle, zoom, reach = (strengths.get(name, 0.0) for name in ("rotation", "zoom", "translation"))
    angle = random.uniform((count,), -angle, angle) * 2 * math.pi
    zoom = random.uniform((count,), 1 - zoom, 1 + zoom)
    shift_x, shift_y = (random.uniform((count,), -reach, reach) * size for _ in range(2))
    cos, sin, sign = zoom * tf.cos(angle), zoom * tf.sin(angle), tf.where(flipped, -1.0, 1.0)
    centre = (size - 1) / 2
    left, top = centre - centre * (sign * cos - sin) - shift_x, centre - centre * (sign * sin + cos) - shift_y
    matrix = tf.stack([sign * cos, -sin, left, sign * sin, cos, top], axis=1)
    return lambda pixels, method: warp(pixels, matrix, method)


def random_resized_crop(flipped: tf.Tensor, size: int, min_area: float, random: tf.random.Generator) -> Transform:
    """Cut a box of `min_area` to all of the area at a random place and scale it to `size`; a box may run backwards.

    Such boxes are how networks on ImageNet are kept from learning by heart (https://arxiv.org/abs/1409.4842, 6). Images
    that become smaller are antialiased as those of validation are (`resize`): a network would else learn from sharper
    and noisier ones.
    """
    import tensorflow as tf

    count, reach = tf.shape(flipped)[0], math.log(CROP_RATIO)
    area, ratio = random.uniform((count,), min_area, 1), tf.exp(random.uniform((count,), -reach, reach))
    ratio = tf.clip_by_value(ratio, area, 1 / area)  # no side is longer than the image's: the area would shrink
    height, width = tf.minimum(tf.sqrt(area / ratio), 1), tf.minimum(tf.sqrt(area * ratio), 1)
    top, left = random.uniform((count,)) * (1 - height), random.uniform((count,)) * (1 - width)
    from_x, to_x = tf.where(flipped, left + width, left), tf.where(flipped, left, left + width)
    boxes = tf.stack([top, from_x, top + height, to_x], axis=1)
    boxes = tf.clip_by_value(boxes, EDGE, 1 - EDGE)

    def transform(pixels: tf.Tensor, method: str) -> tf.Tensor:
        if size < pixels.shape[1]:
            return _shrunk(pixels, boxes, size, method)
        return tf.image.crop_and_resize(pixels, boxes, tf.range(count), (size, size), method)

    return transform


def _shrunk(pixels: tf.Tensor, boxes: tf.Tensor, size: int, method: str) -> tf.Tensor:
    """Scale a box of each image, as shares top, left, bottom, right, (batch, 4), to a size below that of the images.

    What `tf.image.resize` does antialiased, a triangle as wide as the pixels are apart, with another box for each
    image: a product with one matrix of weights for its rows and one for its columns.
    """
    import tensorflow as tf

    side, first, length = pixels.shape[1], boxes[:, :2, None], boxes[:, 2:, None] - boxes[:, :2, None]
    source = side * (first + length * (tf.range(size, dtype=tf.float32) + 0.5) / size) - 0.5  # (batch, y and x, size)
    if method == "nearest":
        nearest = tf.clip_by_value(tf.cast(tf.floor(source + 0.5), tf.int32), 0, side - 1)
        rows = tf.gather(pixels, nearest[:, 0], batch_dims=1)
        return tf.gather(rows, nearest[:, 1], axis=2, batch_dims=1)
    reach = tf.maximum(tf.abs(length) * side / size, 1)
    weights = tf.maximum(1 - tf.abs(source[..., None] - tf.range(side, dtype=tf.float32)) / reach[..., None], 0)
    weights /= tf.reduce_sum(weights, axis=-1, keepdims=True)
    rows = tf.einsum("byv,bvuc->byuc", weights[:, 0], tf.cast(pixels, tf.float32))
    return tf.einsum("bxu,byuc->byxc", weights[:, 1], rows)

"""What may be done to a training batch: changes after which a label still fits. Validation and test never see them.

Keras' own layers held a small network up: to flip and shift 32 pictures of 80 pixels took 15 ms of a core where to
learn from them takes 19 ms. Here all changes of place are one step: a copy of whole pixels where that is enough,
otherwise one bilinear warp instead of one for each change. All changes of value are one compiled loop: for 64 pictures
of 128 pixels that takes 19 ms, and 139 as twenty operations.
"""

from __future__ import annotations

import math
from functools import cache, partial
from typing import TYPE_CHECKING

from data.randaugment import randaugment
from data.warp import both, warp
from errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import tensorflow as tf

    Augment = Callable[..., tuple[tf.Tensor, ...]]

# Name -> default strength. The flip's probability is fixed at a half; rotation is a share of a full turn; zoom and
# translation are shares of the picture's size, brightness of the range of its values; contrast and saturation change by
# such a share of themselves; crop is the least share of the area that is kept; erase is the probability for a picture,
# cutmix and mixup are those for a batch; randaugment is a tenth of the paper's magnitude.
STRENGTHS = {
    "flip": 1.0,
    "rotation": 0.03,
    "zoom": 0.15,
    "translation": 0.06,
    "crop": 0.3,
    "brightness": 0.2,
    "contrast": 0.2,
    "saturation": 0.3,
    "erase": 0.25,
    "cutmix": 0.5,
    "mixup": 0.5,
    "randaugment": 0.5,
}
DEFAULT_AUGMENT = {name: STRENGTHS[name] for name in ("flip", "translation")}
MIXING = ("cutmix", "mixup")  # these need labels that are shares of classes
VALUES = ("brightness", "contrast", "saturation", "erase", *MIXING)  # these leave every pixel of a picture in its place
CROP_RATIO = 4 / 3  # the most by which a crop's height and width differ
EDGE = 1e-6  # share of a side that a crop keeps off the edge: beyond it, if only by rounding, pixels would be black
LARGEST_PATCH = 0.5  # share of a picture's area that another may cover
LARGEST_HOLE = 0.25  # share of a picture's area that may be erased


def parse_augment(text: str) -> dict[str, float]:
    """Read `flip,rotation=0.05` into name -> strength; `none` is empty. Raise UserError for anything else."""
    if text == "none":
        return {}
    chosen = {}
    for item in text.split(","):
        name, _, strength = item.strip().partition("=")
        if name not in STRENGTHS:
            raise UserError(f"--augment takes none or some of {', '.join(STRENGTHS)}. Received: {name or text}")
        chosen[name] = _parse_strength(name, strength)
    return chosen


def _parse_strength(name: str, text: str) -> float:
    if not text:
        return STRENGTHS[name]
    try:
        strength = float(text)
    except ValueError:
        strength = -1.0
    if not 0 < strength < 1 or name == "flip":
        allowed = "no strength" if name == "flip" else "a strength above 0, below 1"
        raise UserError(f"--augment {name} takes {allowed}. Received: {text}")
    return strength


def augmenter(
    chosen: Mapping[str, float],
    seed: int,
    mirror: np.ndarray | None = None,
    classes: int = 0,
    size: int | None = None,
) -> Augment:
    """Return a function that changes each picture of a batch at random: places, RandAugment, then values.

    Args:
        chosen: what `parse_augment` returned.
        seed: the same seed gives the same changes, batch after batch.
        mirror: class index -> class index of the mirrored picture, int (classes,); a flip then swaps the label too.
        classes: how many there are; needed for labels of mixed pictures.
        size: side of the pictures that come out; by default that of those that go in.

    Returns:
        (pixels, labels) -> (pixels, labels): uint8 or float32 0..255, (batch, side, side, 3), and int32 (batch,). The
        pixels come back as float32, but as they were where only whole ones were moved. With cutmix or mixup the labels
        come back as shares of the classes, float32 (batch, classes). Called with masks too, uint8
        (batch, side, side), it returns them third: changes of place and cutmix do the same to them, with no value
        between two; nothing else changes them, and mixup is not for them.
    """
    import tensorflow as tf

    # Its state is a variable: it goes on from batch to batch and from epoch to epoch, inside tf.data too.
    random = tf.random.Generator.from_seed(seed)

    def augment(pixels: tf.Tensor, labels: tf.Tensor, masks: tf.Tensor | None = None) -> tuple[tf.Tensor, ...]:
        flipped, labels = _flips(labels, chosen, random, mirror)
        side = size or pixels.shape[1]
        if masks is not None:  # a fourth channel goes wherever the picture goes
            pixels = tf.concat([pixels, tf.cast(masks[..., None], pixels.dtype)], axis=3)
        if "crop" in chosen:
            if {"rotation", "zoom", "translation"} & chosen.keys():
                pixels = _place(pixels, tf.zeros_like(flipped), chosen, random)
            pixels = _crop(pixels, flipped, side, chosen["crop"], random)
        else:
            if {"flip", "rotation", "zoom", "translation"} & chosen.keys():
                pixels = _place(pixels, flipped, chosen, random)
            pixels = resized(pixels, side)
        if masks is not None:
            pixels, masks = pixels[..., :3], tf.cast(pixels[..., 3], masks.dtype)
        if "randaugment" in chosen:
            pixels = randaugment(pixels, chosen["randaugment"], random)
        if any(name in chosen for name in MIXING):
            labels = tf.one_hot(labels, classes)
        if any(name in chosen for name in VALUES):
            drawn = _draw(tf.shape(pixels)[0], chosen, random)
            change = _compiled_values() if _compiles() else _values
            pixels, labels = change(tf.cast(pixels, tf.float32), labels, drawn)
            if masks is not None and "cutmix" in drawn:
                masks = tf.where(_square(drawn["cutmix"], side)[..., 0], masks[::-1], masks)
        return (pixels, labels) if masks is None else (pixels, labels, masks)

    return augment


def resized(pixels: tf.Tensor, size: int) -> tf.Tensor:
    """Scale pictures, (batch, side, side, 3), to another side, antialiased; at their own nothing is done."""
    import tensorflow as tf

    if pixels.shape[1] == size:
        return pixels
    return both(
        pixels,
        lambda pictures: tf.image.resize(pictures, (size, size), antialias=True),
        lambda masks: tf.image.resize(masks, (size, size), "nearest"),
    )


def _flips(
    labels: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator, mirror: np.ndarray | None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return which pictures are mirrored, each with probability 1/2, bool (batch,), and the labels that then fit."""
    import tensorflow as tf

    if "flip" not in chosen:
        return tf.zeros(tf.shape(labels), tf.bool), labels
    flipped = random.uniform(tf.shape(labels)) < 0.5
    if mirror is None:
        return flipped, labels
    return flipped, tf.where(flipped, tf.gather(tf.constant(mirror, labels.dtype), labels), labels)


def _place(
    pixels: tf.Tensor, flipped: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator
) -> tf.Tensor:
    """Change where things are by the cheaper of two ways."""
    return (_warp if {"rotation", "zoom"} & chosen.keys() else _move)(pixels, flipped, chosen, random)


def _move(pixels: tf.Tensor, flipped: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator) -> tf.Tensor:
    """Flip, and shift by whole pixels; what comes in at an edge is the picture's own reflection.

    A shift of 1.3 pixels becomes 1 or, in three cases of ten, 2, so that small strengths on small pictures count. Whole
    pixels need no arithmetic and keep the picture as sharp as those of validation.
    """
    import tensorflow as tf

    count, size = tf.shape(pixels)[0], pixels.shape[1]
    reach = chosen.get("translation", 0.0) * size
    shift = random.uniform((count, 2, 1), -reach, reach) + random.uniform((count, 2, 1))
    at = tf.range(size) - tf.cast(tf.floor(shift), tf.int32)  # (batch, y and x, size)
    at %= 2 * size
    at = tf.minimum(at, 2 * size - 1 - at)  # cba|abc|cba
    columns = tf.where(flipped[:, None], size - 1 - at[:, 1], at[:, 1])
    rows = tf.reshape(tf.gather(pixels, at[:, 0], batch_dims=1), (-1, size, pixels.shape[3]))
    moved = tf.gather(rows, tf.repeat(columns, size, axis=0), batch_dims=1)
    return tf.reshape(moved, tf.shape(pixels))


def _warp(pixels: tf.Tensor, flipped: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator) -> tf.Tensor:
    """Rotate, zoom, shift and flip around the centre, in one bilinear interpolation of the reflected picture.

    A pixel at p, counted from the centre, shows what was at `zoom * R(angle) p - shift`; a flip turns p's sign in x.
    """
    import tensorflow as tf

    count, size = tf.shape(pixels)[0], pixels.shape[1]
    angle, zoom, move = (chosen.get(name, 0.0) for name in ("rotation", "zoom", "translation"))
    angle = random.uniform((count,), -angle, angle) * 2 * math.pi
    zoom = random.uniform((count,), 1 - zoom, 1 + zoom)
    shift_x, shift_y = (random.uniform((count,), -move, move) * size for _ in range(2))
    cos, sin, sign = zoom * tf.cos(angle), zoom * tf.sin(angle), tf.where(flipped, -1.0, 1.0)
    centre = (size - 1) / 2
    left, top = centre - centre * (sign * cos - sin) - shift_x, centre - centre * (sign * sin + cos) - shift_y
    return warp(pixels, tf.stack([sign * cos, -sin, left, sign * sin, cos, top], axis=1))


def _crop(pixels: tf.Tensor, flipped: tf.Tensor, size: int, least: float, random: tf.random.Generator) -> tf.Tensor:
    """Cut a box of `least` to all of the area at a random place and scale it to `size`; a box may run backwards.

    Such boxes are how networks on ImageNet are kept from learning by heart (https://arxiv.org/abs/1409.4842, 6).
    """
    import tensorflow as tf

    count, reach = tf.shape(pixels)[0], math.log(CROP_RATIO)
    area, ratio = random.uniform((count,), least, 1), tf.exp(random.uniform((count,), -reach, reach))
    ratio = tf.clip_by_value(ratio, area, 1 / area)  # no side is longer than the picture's: the area would shrink
    height, width = tf.minimum(tf.sqrt(area / ratio), 1), tf.minimum(tf.sqrt(area * ratio), 1)
    top, left = random.uniform((count,)) * (1 - height), random.uniform((count,)) * (1 - width)
    from_x, to_x = tf.where(flipped, left + width, left), tf.where(flipped, left, left + width)
    boxes = tf.stack([top, from_x, top + height, to_x], axis=1)
    boxes = tf.clip_by_value(boxes, EDGE, 1 - EDGE)
    crop = partial(tf.image.crop_and_resize, boxes=boxes, box_indices=tf.range(count), crop_size=(size, size))
    return both(pixels, crop, partial(crop, method="nearest"))


def _draw(count: tf.Tensor, chosen: Mapping[str, float], random: tf.random.Generator) -> dict[str, tf.Tensor]:
    """Return the random numbers of the changes of value: name -> float32 (batch, …), what `_values` takes."""
    import tensorflow as tf

    def uniform(reach: float) -> tf.Tensor:
        return random.uniform((count, 1, 1, 1), -reach, reach)

    drawn = {name: uniform(chosen[name]) for name in ("saturation", "contrast", "brightness") if name in chosen}
    for name, each, largest in (("erase", True, LARGEST_HOLE), ("cutmix", False, LARGEST_PATCH)):
        if name in chosen:
            happens = random.uniform((count,) if each else ()) < chosen[name]
            side = tf.sqrt(random.uniform((count,), 0, largest)) * tf.cast(happens, tf.float32)
            centre = random.uniform((count, 2)) * (1 - side[:, None]) + side[:, None] / 2
            drawn[name] = tf.concat([side[:, None], centre], axis=1)
    if "mixup" in chosen:
        happens = tf.cast(random.uniform(()) < chosen["mixup"], tf.float32)
        drawn["mixup"] = random.uniform((count,), 0, 0.5) * happens
    return drawn


def _values(pixels: tf.Tensor, labels: tf.Tensor, drawn: Mapping[str, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Change float32 pixels 0..255, (batch, size, size, 3), and for mixed pictures the labels, (batch, classes).

    Saturation stretches a picture around its greys, contrast each of its channels around their mean, by 1 + what was
    drawn; brightness adds that share of 255. Erasing (https://arxiv.org/abs/1708.04896) paints a square grey. CutMix
    (https://arxiv.org/abs/1905.04899) pastes a square of another picture and mixup (https://arxiv.org/abs/1710.09412)
    lays the two over one another; the labels are mixed by the shares of the two.
    """
    import tensorflow as tf

    if "saturation" in drawn:
        grey = tf.reduce_mean(pixels, axis=3, keepdims=True)
        pixels = grey + (pixels - grey) * (1 + drawn["saturation"])
    if "contrast" in drawn:
        mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
        pixels = mean + (pixels - mean) * (1 + drawn["contrast"])
    if "brightness" in drawn:
        pixels += 255 * drawn["brightness"]
    if {"saturation", "contrast", "brightness"} & drawn.keys():
        pixels = tf.clip_by_value(pixels, 0, 255)
    if "erase" in drawn:
        pixels = tf.where(_square(drawn["erase"], pixels.shape[1]), 127.5, pixels)
    if "cutmix" in drawn:
        inside = _square(drawn["cutmix"], pixels.shape[1])
        share = tf.reduce_mean(tf.cast(inside, tf.float32), axis=(1, 2))
        pixels, labels = tf.where(inside, pixels[::-1], pixels), labels + (labels[::-1] - labels) * share
    if "mixup" in drawn:
        share = drawn["mixup"][:, None]
        pixels += (pixels[::-1] - pixels) * share[:, None, None]
        labels += (labels[::-1] - labels) * share
    return pixels, labels


def _square(drawn: tf.Tensor, size: int) -> tf.Tensor:
    """Return which pixels lie in a square of side `drawn[:, 0]` around `drawn[:, 1:]`, all shares: (batch, y, x, 1)."""
    import tensorflow as tf

    at = (tf.range(size, dtype=tf.float32) + 0.5) / size
    rows, columns = (tf.abs(at - drawn[:, axis, None]) < drawn[:, 0, None] / 2 for axis in (1, 2))
    return (rows[:, :, None] & columns[:, None, :])[..., None]


@cache
def _compiled_values() -> Callable:
    """Return `_values` as one fused loop."""
    import tensorflow as tf

    return tf.function(_values, jit_compile=True, reduce_retracing=False)


@cache
def _compiles() -> bool:
    """Return whether this build of TensorFlow can compile at all: that for Windows cannot."""
    import tensorflow as tf

    try:
        with tf.init_scope():  # within a pipeline it would become a part of the graph, and never fail
            tf.function(lambda x: x + 1, jit_compile=True)(tf.zeros(1))
    except tf.errors.OpError:
        return False
    return True

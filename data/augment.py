"""What may be done to a training batch: small changes that keep the class. Validation and test are never augmented.

Keras' own layers held a small network up: to flip and shift 32 pictures of 80 pixels took 15 ms of a core where to
learn from them takes 19 ms. Here all changes of place are one step: a copy of whole pixels where that is enough,
otherwise one bilinear warp instead of one for each change.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import tensorflow as tf

    Augment = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

# Name -> default strength: the flip's probability is fixed at a half; rotation is a share of a full turn; zoom,
# translation, brightness and contrast are shares of the picture's size or of the range of its values.
STRENGTHS = {"flip": 1.0, "rotation": 0.03, "zoom": 0.15, "translation": 0.06, "brightness": 0.2, "contrast": 0.2}
DEFAULT_AUGMENT = {name: STRENGTHS[name] for name in ("flip", "translation")}


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


def augmenter(chosen: Mapping[str, float], seed: int, mirror: np.ndarray | None = None) -> Augment:
    """Return a function that changes each picture of a batch at random: places first, then colours.

    Args:
        chosen: what `parse_augment` returned.
        seed: the same seed gives the same changes, batch after batch.
        mirror: class index -> class index of the mirrored picture, int (classes,); a flip then swaps the label too.

    Returns:
        (pixels, labels) -> (pixels, labels): uint8 or float32 0..255, (batch, size, size, 3), and int32 (batch,). The
        pixels come back as float32, but as they were where only whole ones were moved.
    """
    import tensorflow as tf

    # Its state is a variable: it goes on from batch to batch and from epoch to epoch, inside tf.data too.
    random = tf.random.Generator.from_seed(seed)
    colours = {"brightness": _brightness, "contrast": _contrast}
    steps: list[Augment] = []
    if not chosen.keys() <= colours.keys():
        place = _warp if {"rotation", "zoom"} & chosen.keys() else _move
        steps.append(partial(place, chosen=chosen, random=random, mirror=mirror))
    steps += [partial(colours[name], strength=s, random=random) for name, s in chosen.items() if name in colours]

    def augment(pixels: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        for step in steps:
            pixels, labels = step(pixels, labels)
        return pixels, labels

    return augment


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


def _move(
    pixels: tf.Tensor,
    labels: tf.Tensor,
    chosen: Mapping[str, float],
    random: tf.random.Generator,
    mirror: np.ndarray | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Flip, and shift by whole pixels; what comes in at an edge is the picture's own reflection.

    A shift of 1.3 pixels becomes 1 or, in three cases of ten, 2, so that small strengths on small pictures count. Whole
    pixels need no arithmetic and keep the picture as sharp as those of validation.
    """
    import tensorflow as tf

    flipped, labels = _flips(labels, chosen, random, mirror)
    count, size = tf.shape(pixels)[0], pixels.shape[1]
    reach = chosen.get("translation", 0.0) * size
    shift = random.uniform((count, 2, 1), -reach, reach) + random.uniform((count, 2, 1))
    at = tf.range(size) - tf.cast(tf.floor(shift), tf.int32)  # (batch, y and x, size)
    at %= 2 * size
    at = tf.minimum(at, 2 * size - 1 - at)  # cba|abc|cba
    columns = tf.where(flipped[:, None], size - 1 - at[:, 1], at[:, 1])
    rows = tf.reshape(tf.gather(pixels, at[:, 0], batch_dims=1), (-1, size, 3))
    moved = tf.gather(rows, tf.repeat(columns, size, axis=0), batch_dims=1)
    return tf.reshape(moved, tf.shape(pixels)), labels


def _warp(
    pixels: tf.Tensor,
    labels: tf.Tensor,
    chosen: Mapping[str, float],
    random: tf.random.Generator,
    mirror: np.ndarray | None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Rotate, zoom, shift and flip around the centre, in one bilinear interpolation of the reflected picture.

    A pixel at p, counted from the centre, shows what was at `zoom * R(angle) p - shift`; a flip turns p's sign in x.
    """
    import tensorflow as tf

    flipped, labels = _flips(labels, chosen, random, mirror)
    count, size = tf.shape(pixels)[0], pixels.shape[1]
    angle, zoom, move = (chosen.get(name, 0.0) for name in ("rotation", "zoom", "translation"))
    angle = random.uniform((count,), -angle, angle) * 2 * math.pi
    zoom = random.uniform((count,), 1 - zoom, 1 + zoom)
    shift_x, shift_y = (random.uniform((count,), -move, move) * size for _ in range(2))
    cos, sin, sign = zoom * tf.cos(angle), zoom * tf.sin(angle), tf.where(flipped, -1.0, 1.0)
    centre, zero = (size - 1) / 2, tf.zeros((count,))
    left, top = centre - centre * (sign * cos - sin) - shift_x, centre - centre * (sign * sin + cos) - shift_y
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(pixels, tf.float32),
        transforms=tf.stack([sign * cos, -sin, left, sign * sin, cos, top, zero, zero], axis=1),
        output_shape=(size, size),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
    return tf.ensure_shape(warped, pixels.shape), labels


def _brightness(
    pixels: tf.Tensor, labels: tf.Tensor, strength: float, random: tf.random.Generator
) -> tuple[tf.Tensor, tf.Tensor]:
    """Add to all values of a picture the same random amount, up to `strength` of their range."""
    import tensorflow as tf

    change = random.uniform((tf.shape(pixels)[0], 1, 1, 1), -255 * strength, 255 * strength)
    return tf.clip_by_value(tf.cast(pixels, tf.float32) + change, 0, 255), labels


def _contrast(
    pixels: tf.Tensor, labels: tf.Tensor, strength: float, random: tf.random.Generator
) -> tuple[tf.Tensor, tf.Tensor]:
    """Stretch each channel of a picture around its mean by a random factor, 1 ± `strength`."""
    import tensorflow as tf

    pixels = tf.cast(pixels, tf.float32)
    factor = random.uniform((tf.shape(pixels)[0], 1, 1, 1), 1 - strength, 1 + strength)
    mean = tf.reduce_mean(pixels, axis=(1, 2), keepdims=True)
    return tf.clip_by_value((pixels - mean) * factor + mean, 0, 255), labels

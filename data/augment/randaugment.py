"""RandAugment: two changes of each image, drawn from fourteen, all of one strength (https://arxiv.org/abs/1909.13719).

Keras' layer draws for a whole batch at once and computes every change of all images to keep two, which takes longer
than to learn from them. Here each image draws its own, and every change sees only the images that drew it.

The greatest strengths are those of AutoAugment (https://arxiv.org/abs/1805.09501, table 6). `amount`, float32
(n, 1, 1, 1), is the share of them, its sign drawn at random; a change that knows one direction takes it without the
sign. Images are float32 0..255, (n, side, side, 3), and n may be 0.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from data.augment.photometric import LUMINANCE
from data.augment.warp import warp

if TYPE_CHECKING:
    import tensorflow as tf

DRAWS = 2  # the paper's N, for ImageNet
MAX_DEGREES, MAX_SHEAR, MAX_SHIFT = 30, 0.3, 0.45  # a shift is a share of the side
MAX_BLEND = 0.9  # brightness, contrast, colour and sharpness go from 0.1 to 1.9
MAX_BITS = 4  # of eight, that posterize drops


def randaugment(pixels: tf.Tensor, strength: float, random: tf.random.Generator) -> tf.Tensor:
    """Change each image by `DRAWS` of the operations, one after the other.

    Args:
        pixels: 0..255, (batch, side, side, 3).
        strength: a tenth of the paper's magnitude M, 0 to 1.
        random: what the draws come from.

    Returns:
        float32 0..255, of the same shape.
    """
    import tensorflow as tf

    shape, pixels = pixels.shape, tf.cast(pixels, tf.float32)
    for _ in range(DRAWS):
        count = tf.shape(pixels)[0]
        drawn = random.uniform((count,), 0, len(OPERATIONS), tf.int32)
        sign = tf.where(random.uniform((count, 1, 1, 1)) < 0.5, -1.0, 1.0)
        groups, amounts, positions = (
            tf.dynamic_partition(values, drawn, len(OPERATIONS))
            for values in (pixels, strength * sign, tf.range(count))
        )
        changed = [change(*arguments) for change, *arguments in zip(OPERATIONS.values(), groups, amounts, strict=True)]
        pixels = tf.ensure_shape(tf.dynamic_stitch(positions, changed), shape)
    return tf.clip_by_value(pixels, 0, 255)


def _affine(pixels: tf.Tensor, a: object, b: object, d: object, e: object, right: object, down: object) -> tf.Tensor:
    """Warp around the centre by ((a, b), (d, e)), then shift by shares of the side."""
    import tensorflow as tf

    side = pixels.shape[1]
    centre, ones = (side - 1) / 2, tf.ones(tf.shape(pixels)[:1])
    a, b, d, e, right, down = (ones * value for value in (a, b, d, e, right, down))
    c = centre * (1 - a - b) - right * side
    f = centre * (1 - d - e) - down * side
    return warp(pixels, tf.stack([a, b, c, d, e, f], axis=1))


def _rotate(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    angle = math.radians(MAX_DEGREES) * amount[:, 0, 0, 0]
    return _affine(pixels, tf.cos(angle), -tf.sin(angle), tf.sin(angle), tf.cos(angle), 0.0, 0.0)


def _shear_x(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    return _affine(pixels, 1.0, MAX_SHEAR * amount[:, 0, 0, 0], 0.0, 1.0, 0.0, 0.0)


def _shear_y(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    return _affine(pixels, 1.0, 0.0, MAX_SHEAR * amount[:, 0, 0, 0], 1.0, 0.0, 0.0)


def _translate_x(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    return _affine(pixels, 1.0, 0.0, 0.0, 1.0, MAX_SHIFT * amount[:, 0, 0, 0], 0.0)


def _translate_y(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    return _affine(pixels, 1.0, 0.0, 0.0, 1.0, 0.0, MAX_SHIFT * amount[:, 0, 0, 0])


def _blend(pixels: tf.Tensor, plain: tf.Tensor | float, amount: tf.Tensor) -> tf.Tensor:
    """Go from `plain` through the image and beyond: a factor of 1 leaves it, 0 gives `plain`."""
    import tensorflow as tf

    return tf.clip_by_value(plain + (pixels - plain) * (1 + MAX_BLEND * amount), 0, 255)


def _brightness(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    return _blend(pixels, 0.0, amount)


def _grey(pixels: tf.Tensor) -> tf.Tensor:
    """Return the luma of each pixel, (n, side, side, 1)."""
    import tensorflow as tf

    return tf.reduce_sum(pixels * LUMINANCE, axis=3, keepdims=True)


def _colour(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    return _blend(pixels, _grey(pixels), amount)


def _contrast(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    import tensorflow as tf

    return _blend(pixels, tf.reduce_mean(_grey(pixels), axis=(1, 2), keepdims=True), amount)


def _sharpness(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Blend with the image smoothed by Pillow's kernel: the eight neighbours weigh 1, the pixel itself 5."""
    import tensorflow as tf

    around = tf.nn.avg_pool2d(tf.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)), "SYMMETRIC"), 3, 1, "VALID")
    return _blend(pixels, (9 * around + 4 * pixels) / 13, amount)


def _solarize(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Invert what is brighter than a threshold, which falls from 255 to 0."""
    import tensorflow as tf

    return tf.where(pixels > 255 * (1 - tf.abs(amount)), 255 - pixels, pixels)


def _posterize(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Drop the lowest bits."""
    import tensorflow as tf

    step = 2 ** tf.round(MAX_BITS * tf.abs(amount))
    return tf.floor(pixels / step) * step


def _auto_contrast(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Stretch each channel to 0..255; one of a single value stays."""
    import tensorflow as tf

    low, high = (find(pixels, axis=(1, 2), keepdims=True) for find in (tf.reduce_min, tf.reduce_max))
    return tf.where(high > low, (pixels - low) * 255 / tf.maximum(high - low, 1e-3), pixels)


def _equalize(pixels: tf.Tensor, amount: tf.Tensor) -> tf.Tensor:
    """Give each channel as many dark as bright pixels: a value becomes the share of pixels below it, of 255."""
    import tensorflow as tf

    values = tf.cast(tf.transpose(pixels, (0, 3, 1, 2)), tf.int32)
    rows = tf.reshape(values, (-1, pixels.shape[1] * pixels.shape[2]))  # one a channel
    channels = tf.shape(rows)[0]
    counts = tf.math.bincount(tf.reshape(rows + 256 * tf.range(channels)[:, None], (-1,)), minlength=256 * channels)
    below = tf.cumsum(tf.reshape(counts, (channels, 256)), axis=1, exclusive=True)
    brightest = tf.reduce_max(rows, axis=1, keepdims=True)
    others = tf.gather(below, brightest, batch_dims=1)  # pixels below the brightest value, which becomes 255
    equal = tf.gather(tf.cast(below, tf.float32) * 255 / tf.cast(tf.maximum(others, 1), tf.float32), rows, batch_dims=1)
    equal = tf.where(others > 0, equal, tf.cast(rows, tf.float32))
    return tf.transpose(tf.reshape(equal, tf.shape(values)), (0, 2, 3, 1))


OPERATIONS = {
    "identity": lambda pixels, amount: pixels,
    "rotate": _rotate,
    "shear x": _shear_x,
    "shear y": _shear_y,
    "translate x": _translate_x,
    "translate y": _translate_y,
    "brightness": _brightness,
    "colour": _colour,
    "contrast": _contrast,
    "sharpness": _sharpness,
    "solarize": _solarize,
    "posterize": _posterize,
    "auto contrast": _auto_contrast,
    "equalize": _equalize,
}

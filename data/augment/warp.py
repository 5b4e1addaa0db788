"""Move the points of pictures: one interpolation, whatever the changes of place are together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def warp(pixels: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Let the pixel at (x, y) show what was at (a x + b y + c, d x + e y + f); beyond an edge lies the reflection.

    Args:
        pixels: (batch, side, side, 3), or with a mask as the fourth channel, whose values are never mixed.
        matrix: a, b, c, d, e, f of each picture, float32 (batch, 6); x and y count from the upper left.

    Returns:
        float32, of the shape of `pixels`.
    """
    import tensorflow as tf

    move = partial(
        tf.raw_ops.ImageProjectiveTransformV3,
        transforms=tf.pad(matrix, ((0, 0), (0, 2))),
        output_shape=pixels.shape[1:3],
        fill_value=0.0,
        fill_mode="REFLECT",
    )
    warped = both(
        pixels,
        lambda pictures: move(images=tf.cast(pictures, tf.float32), interpolation="BILINEAR"),
        lambda masks: move(images=tf.cast(masks, tf.float32), interpolation="NEAREST"),
    )
    return tf.ensure_shape(warped, pixels.shape)


def both(pixels: tf.Tensor, smooth: Callable, nearest: Callable) -> tf.Tensor:
    """Change pictures, (batch, side, side, 3), in one way and their masks, in a fourth channel if any, in another."""
    import tensorflow as tf

    if pixels.shape[3] == 3:
        return smooth(pixels)
    pictures = smooth(pixels[..., :3])
    return tf.concat([pictures, tf.cast(nearest(pixels[..., 3:]), pictures.dtype)], axis=3)

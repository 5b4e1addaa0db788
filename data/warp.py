"""Move the points of pictures: one bilinear interpolation, whatever the changes of place are together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def warp(pixels: tf.Tensor, matrix: tf.Tensor) -> tf.Tensor:
    """Let the pixel at (x, y) show what was at (a x + b y + c, d x + e y + f); beyond an edge lies the reflection.

    Args:
        pixels: (batch, side, side, 3).
        matrix: a, b, c, d, e, f of each picture, float32 (batch, 6); x and y count from the upper left.

    Returns:
        float32, of the shape of `pixels`.
    """
    import tensorflow as tf

    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(pixels, tf.float32),
        transforms=tf.pad(matrix, ((0, 0), (0, 2))),
        output_shape=pixels.shape[1:3],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="REFLECT",
    )
    return tf.ensure_shape(warped, pixels.shape)

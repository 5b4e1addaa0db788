"""Move the points of images: one interpolation, whatever the changes of place are together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf


def warp(pixels: tf.Tensor, matrix: tf.Tensor, method: str = "bilinear") -> tf.Tensor:
    """Let the pixel at (x, y) show what was at (a x + b y + c, d x + e y + f); beyond an edge lies the reflection.

    Args:
        pixels: uint8 or float32 (batch, side, side, channels).
        matrix: a, b, c, d, e, f of each image, float32 (batch, 6); x and y count from the upper left.
        method: "bilinear", or "nearest" for values that must not be mixed.

    Returns:
        Of the shape of `pixels`; float32, but of the dtype of `pixels` under "nearest".
    """
    import tensorflow as tf

    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels if method == "nearest" else tf.cast(pixels, tf.float32),
        transforms=tf.pad(matrix, ((0, 0), (0, 2))),
        output_shape=pixels.shape[1:3],
        fill_value=0.0,
        interpolation=method.upper(),
        fill_mode="REFLECT",
    )
    return tf.ensure_shape(warped, pixels.shape)

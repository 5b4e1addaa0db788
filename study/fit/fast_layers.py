"""Keras' layers, computed in ways that are faster on a processor: the same weights, outputs and gradients.

For the copy of a network that trains (`study/fit/training_copy.py`). Where TensorFlow is not Keras' backend, and
wherever the other way is no faster, they are Keras' own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

if TYPE_CHECKING:
    from collections.abc import Callable

    import tensorflow as tf

SHORT_ROW = 8  # pixels; from 12 on the two ways to a kernel's gradient take the same time


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras' layer, its values and statistics too, in one operation while it learns.

    Keras runs a dozen simple ones on a CPU, each of which reads and writes all values. Whatever the one cannot do runs
    as in Keras, and so does a layer that does not learn: on constant statistics Keras' is the faster one
    (EfficientNet-Lite0, 128 pixels, fine-tuning: 57 images/s to 47).
    """

    def call(self, inputs: keras.KerasTensor, training: bool | None = None, mask: object = None) -> keras.KerasTensor:
        """Normalise (batch, height, width, channels) and, while training, move the statistics on."""
        fusable = len(inputs.shape) == 4 and self.axis in (-1, 3) and self.scale and self.center
        if not (training and self.trainable and fusable) or mask is not None or self.synchronized or self.renorm:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        inputs = tf.cast(inputs, self.compute_dtype)
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        count = tf.cast(tf.size(inputs) // inputs.shape[-1], tf.float32)
        variance *= (count - 1) / count  # it estimates that of all images (Bessel); Keras keeps that of the batch
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return outputs

    def _move(self, average: keras.Variable, value: keras.KerasTensor) -> None:
        average.assign(average * self.momentum + value * (1 - self.momentum))


class ShortRowConv2D(keras.layers.Conv2D):
    """Keras' layer with another way to the gradient of its kernel, in bfloat16 and where rows are short.

    TensorFlow's goes row by row and is made for long ones: for 64 images of 4 x 4 pixels and 256 channels it takes
    14 ms of two cores, nine products of matrices take 4, at 8 x 8 pixels 23 and 12. An iteration of `original` on
    photos of 64, 96 and 128 pixels needs 1.27, 1.16 and 1.11 times less of the processor.
    """

    def convolution_op(self, inputs: keras.KerasTensor, kernel: keras.Variable) -> keras.KerasTensor:
        """Convolve (batch, height, width, channels) with (3, 3, channels, filters)."""
        plain = (self.kernel_size, self.strides, self.dilation_rate, self.groups) == ((3, 3), (1, 1), (1, 1), 1)
        same = self.padding == "same" and self.data_format == "channels_last"
        short = None not in inputs.shape[1:3] and inputs.shape[2] <= SHORT_ROW
        if keras.config.backend() != "tensorflow" or self.compute_dtype != "bfloat16" or not (plain and same and short):
            return super().convolution_op(inputs, kernel)
        import tensorflow as tf

        return _convolve(inputs, tf.cast(keras.ops.convert_to_tensor(kernel), inputs.dtype))


@keras.ops.custom_gradient
def _convolve(inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable]:
    """Convolve (batch, height, width, channels) with (3, 3, channels, filters), and tell how to get the gradients."""
    import tensorflow as tf

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        of_inputs = tf.nn.conv2d_transpose(upstream, kernel, tf.shape(inputs), 1, "SAME")
        return of_inputs, _kernel_gradient(inputs, upstream)

    return tf.nn.conv2d(inputs, kernel, 1, "SAME"), gradients


def _kernel_gradient(inputs: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    """Return the gradient of a 3 x 3 kernel, (3, 3, channels, filters): one product for each of its nine places.

    Args:
        inputs: (batch, height, width, channels).
        upstream: gradient of the outputs, (batch, height, width, filters).
    """
    import tensorflow as tf

    (height, width, channels), filters = inputs.shape[1:], upstream.shape[3]
    padded = tf.pad(inputs, [[0, 0], [1, 1], [1, 1], [0, 0]])
    upstream = tf.reshape(upstream, (-1, filters))
    products = []
    for y in range(3):
        for x in range(3):
            seen = tf.reshape(padded[:, y : y + height, x : x + width], (-1, channels))
            products.append(tf.matmul(seen, upstream, transpose_a=True))
    return tf.reshape(tf.stack(products), (3, 3, channels, filters))

"""Muon for what it is made for: the kernels inside a network, those of convolutions too.

Muon makes all directions of a step alike in length, which is for matrices; its authors leave the last layer, biases and
normalisation to AdamW (https://kellerjordan.github.io/posts/muon/). Keras' own takes kernels of two axes only, which in
a convolutional network is nothing but that last layer.
"""

from __future__ import annotations

import math

import keras

from models.parts.keras_private import is_graph


class KernelMuon(keras.optimizers.Muon):
    """Keras' Muon that sees the kernel of a convolution as a matrix, (height * width * channels, filters).

    A depthwise kernel has no such matrix but a vector for each channel, and is left to AdamW.
    """

    def __init__(self, learning_rate: object = 0.001, last_kernels: tuple[str, ...] = (), **more: object) -> None:
        super().__init__(learning_rate, **more)
        self.last_kernels = tuple(last_kernels)

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        """Say that a variable is no matrix, or stands in the last layer; Keras asks no public method.

        Args:
            variable: with the path that `last_kernels` holds those of the last layers by.
        """
        rows, columns = math.prod(variable.shape[:-1]), variable.shape[-1] if variable.shape else 1
        matrix = variable.path.endswith("kernel") and min(rows, columns) > 1
        return not matrix or variable.path in self.last_kernels

    def zeropower_via_newtonschulz5(self, x: keras.KerasTensor, steps: int) -> keras.KerasTensor:
        """Make the singular values of a step alike, of a convolution's as a matrix."""
        matrix = keras.ops.reshape(x, (-1, x.shape[-1]))
        return keras.ops.reshape(super().zeropower_via_newtonschulz5(matrix, steps), x.shape)

    def lr_adjust(self, x: keras.KerasTensor) -> keras.KerasTensor:
        """Scale a step to the length of Adam's, by the sides of the matrix."""
        matrix = keras.ops.reshape(x, (-1, x.shape[-1]))
        return keras.ops.reshape(super().lr_adjust(matrix), x.shape)

    def get_config(self) -> dict:
        """Return the arguments."""
        return {**super().get_config(), "last_kernels": self.last_kernels}


def last_kernels(model: keras.Model) -> tuple[str, ...]:
    """Return the paths of the kernels of the layers that give a network's answers, one for each head."""
    paths = []
    for name in model.output_names:
        layer = model.get_layer(name)
        while is_graph(layer):
            layer = layer.get_layer(layer.output_names[-1])
        paths += [variable.path for variable in layer.trainable_variables if variable.path.endswith("kernel")]
    return tuple(paths)

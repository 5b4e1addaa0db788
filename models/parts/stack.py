"""The stacks of He et al. (https://arxiv.org/abs/1512.03385, 4.2): as many layers as asked for, with shortcuts or not.

A convolution, three stages of 2n convolutions at the whole, half and quarter side with 1, 2 and 4 times the filters,
global pooling, and the head's layer: 6n + 2 layers with kernels. With shortcuts, every two convolutions add to what
came in. Those have no weights, so that both stacks of a depth have the same number of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from errors import UserError
from models.parts.options import (
    DEPTHS,
    ArchitectureOptions,
    activation,
    convolution,
    coordinates,
    dropout,
    normalization,
)

if TYPE_CHECKING:
    import keras

SUPPORTS = ("activation", "init", "norm", "depth", "width", "dropout_at", "coordinates")
DEFAULTS = {"activation": "relu", "init": "he", "norm": "batch", "depth": 20, "width": 16}


def stack(image_size: int, options: ArchitectureOptions, shortcuts: bool) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 4 * width).

    Raises:
        UserError: a depth that is not 6n + 2.
    """
    from keras import Input, Model, layers

    if options.depth < 8 or options.depth % 6 != 2:
        raise UserError(f"`depth` takes {DEPTHS}. Received: {options.depth}")
    inputs = Input((image_size, image_size, 3), name="image")
    x = coordinates(layers.Rescaling(1 / 127.5, -1, name="scale")(inputs), options)  # to -1..1
    x = activation(convolve(x, options, options.width, "stem"), options, "stem")
    for stage in (1, 2, 3):
        for number in range(1, options.depth // 6 + 1):
            strides = 2 if stage > 1 and number == 1 else 1
            x = pair(x, options, options.width * 2 ** (stage - 1), f"stage{stage}_{number}", strides, shortcuts)
    return Model(inputs, layers.GlobalAveragePooling2D(name="pool")(x), name="backbone")


def pair(
    x: keras.KerasTensor, options: ArchitectureOptions, filters: int, name: str, strides: int, shortcuts: bool
) -> keras.KerasTensor:
    """Two convolutions, and what came in where there are shortcuts: (batch, side, …) -> (batch, side / strides, …).

    Dropout stands between them (https://arxiv.org/abs/1605.07146, 2.4): on the shortcut it would add up.
    """
    from keras import layers

    y = activation(convolve(x, options, filters, f"{name}a", strides), options, f"{name}a")
    y = convolve(dropout(y, options, name), options, filters, f"{name}b")
    if shortcuts:
        y = layers.Add(name=f"{name}_add")([y, halved(x, name) if strides == 2 else x])
    return activation(y, options, f"{name}b")


def convolve(
    x: keras.KerasTensor, options: ArchitectureOptions, filters: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    """Convolution, then normalisation."""
    return normalization(convolution(x, options, filters, 3, name, strides), options, name)


def halved(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Every second pixel, and as many channels of zeros as there are: (batch, side, …, c) -> (batch, side / 2, …, 2c).

    The paper's option A.
    """
    from keras import layers, ops

    x = layers.MaxPooling2D(1, strides=2, name=f"{name}_halve")(x)
    return layers.Concatenate(name=f"{name}_pad")([x, ops.zeros_like(x)])

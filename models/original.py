"""The study group's own network: four plain blocks for drawings, residual ones for photos.

The plain network learns the drawings in a minute, 97 to 99 % of validation right; residual ones of half and of twice
its work come to 92 % by then. These go on learning where there is more to see: thousands of photos, half an hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.options import ArchitectureOptions, activation, convolution, coordinates, dropout, normalization
from models.parts.spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=80,
    learning=("scratch",),
    source="https://arxiv.org/abs/1409.1556",
    summary="four plain blocks, learns drawings in a minute; with residual ones, photos in half an hour",
    supports=("activation", "init", "norm", "width", "dropout_at", "coordinates"),
    defaults={"activation": "relu", "init": "he", "norm": "batch", "width": 0},
    defaults_from_scratch={
        "width": 64,
        "image_size": 128,
        "progressive": (64, 96, 128),
        "epochs": 72,
        "batch_size": 64,
        "learning_rate": 1e-3,
        "l2": 0.0,
        "first_layer": "pca",
        "label_smoothing": 0.1,
        "augment": {"flip": 1.0, "crop": 0.3, "saturation": 0.3, "contrast": 0.2, "brightness": 0.1, "cutmix": 0.5},
    },
)
FILTERS = (32, 64, 96, 128)  # of the plain blocks
DEPTHS = (1, 2, 2)  # residual blocks of each stage


def backbone(image_size: int, weights: str, options: ArchitectureOptions) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 128); with a width (batch, 4 * width)."""
    import keras

    inputs = keras.Input((image_size, image_size, 3), name="image")
    x = stages(inputs, options) if options.width else plain(inputs, options)
    return keras.Model(inputs, keras.layers.GlobalAveragePooling2D(name="pool")(x), name="backbone")


def plain(x: keras.KerasTensor, options: ArchitectureOptions) -> keras.KerasTensor:
    """Four blocks in the manner of VGG: (batch, side, side, 3) -> (batch, side / 32, side / 32, 128)."""
    import keras

    x = coordinates(keras.layers.Rescaling(1 / 127.5, -1)(x), options)  # to -1..1
    for number, filters in enumerate(FILTERS, start=1):
        x = block(x, options, filters, number)
    return x


def block(x: keras.KerasTensor, options: ArchitectureOptions, filters: int, number: int) -> keras.KerasTensor:
    """Convolution, pooling, normalisation, activation: (batch, side, side, …) -> (batch, side / 2, side / 2, filters).

    Pooling comes before normalisation, which then has a quarter of the work. He initialisation suits ReLU
    (https://arxiv.org/abs/1502.01852).
    """
    import keras

    name, first = f"block{number}", number == 1
    x = convolution(x, options, filters, kernel_size=5 if first else 3, name=name, strides=2 if first else 1)
    x = keras.layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    x = activation(normalization(x, options, name), options, name)
    return dropout(x, options, name)


def stages(x: keras.KerasTensor, options: ArchitectureOptions) -> keras.KerasTensor:
    """Three stages of residual blocks: (batch, side, side, 3) -> (batch, side / 16, side / 16, 4 * width).

    Each stage has twice the filters of the one before at half its side (https://arxiv.org/abs/1512.03385). Averages
    halve it: the gradients of largest values and of strided convolutions are slow on a processor, those of dense ones
    in bfloat16 are not.
    """
    import keras

    layers = keras.layers
    x = layers.Rescaling(1 / 64, -2, name="scale")(x)  # to -2..2: images then have a spread of about 1
    x = convolve(coordinates(x, options), options, options.width, "stem", kernel_size=7, strides=4)
    x = activation(x, options, "stem")
    for stage, depth in enumerate(DEPTHS):
        filters, name = options.width * 2**stage, f"stage{stage}"
        if stage:
            x = layers.AveragePooling2D(2, name=f"{name}_halve")(x)
            x = activation(convolve(x, options, filters, name), options, name)
        for letter in "abcdefgh"[:depth]:
            x = residual(x, options, filters, f"{name}{letter}")
    return x


def residual(x: keras.KerasTensor, options: ArchitectureOptions, filters: int, name: str) -> keras.KerasTensor:
    """Add what two convolutions find to what came in, (batch, side, side, filters).

    The last normalisation begins with scale 0, so that a block begins by changing nothing
    (https://arxiv.org/abs/1706.02677, 5.1).
    """
    import keras

    y = activation(convolve(x, options, filters, f"{name}_1"), options, name, "1")
    y = convolve(dropout(y, options, name), options, filters, f"{name}_2", gamma="zeros")
    return activation(keras.layers.Add(name=f"{name}_add")([x, y]), options, name, "2")


def convolve(
    x: keras.KerasTensor,
    options: ArchitectureOptions,
    filters: int,
    name: str,
    kernel_size: int = 3,
    strides: int = 1,
    gamma: str = "ones",
) -> keras.KerasTensor:
    """Convolution, then normalisation: (batch, side, side, channels) -> (batch, side / strides, …, filters)."""
    x = convolution(x, options, filters, kernel_size, name, strides)
    return normalization(x, options, name, momentum=0.95, gamma=gamma)

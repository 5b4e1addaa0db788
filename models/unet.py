"""U-Net: which class is every pixel of? Down to what is there, up again to where, with a bridge at every size.

After Ronneberger, Fischer, Brox (2015), with what has become usual since: padded convolutions, so that the answer has
the image's size, and normalisation; and with a quarter of the filters. The way up repeats pixels after a 1×1
convolution; the paper learns that step as a transposed convolution, whose gradient is slow on a processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.options import ArchitectureOptions, activation, convolution, coordinates, dropout, normalization
from models.parts.spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=64,
    learning=("scratch",),
    source="https://arxiv.org/abs/1505.04597",
    summary="U-Net: the class of every pixel, for segmentation",
    task="segment",
    supports=("activation", "init", "norm", "width", "dropout_at", "coordinates"),
    defaults={
        "activation": "relu",
        "init": "he",
        "norm": "batch",
        "width": 16,
        "task": "segment",
        "loss": "crossentropy+dice",
        "epochs": 12,
    },
)
HALVINGS = 4  # half the side, twice the filters


def backbone(image_size: int, weights: str, options: ArchitectureOptions) -> keras.Model:
    """Raw RGB 0..255, (batch, size, size, 3) -> (batch, size, size, width): a vector of features for every pixel."""
    from keras import Input, Model, layers

    inputs = Input((image_size, image_size, 3), name="image")
    x, bridges = coordinates(layers.Rescaling(1 / 127.5, -1, name="scale")(inputs), options), []  # to -1..1
    for level in range(HALVINGS):
        x = block(x, options, options.width * 2**level, f"down{level}")
        bridges.append(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"down{level}_pool")(x)
    x = dropout(block(x, options, options.width * 2**HALVINGS, "bottom"), options, "bottom")
    for level in reversed(range(HALVINGS)):
        filters = options.width * 2**level
        x = layers.UpSampling2D(2, name=f"up{level}_grow")(convolution(x, options, filters, 1, f"up{level}_narrow"))
        x = fitted(x, bridges[level].shape[1], f"up{level}_cut")
        x = layers.Concatenate(name=f"up{level}_bridge")([bridges[level], x])
        x = block(x, options, filters, f"up{level}")
    return Model(inputs, x, name="backbone")


def fitted(x: keras.KerasTensor, side: int, name: str) -> keras.KerasTensor:
    """Cut what a doubled odd side, rounded up when it was halved, has too much: at most one row and column."""
    from keras import layers

    extra = x.shape[1] - side
    return layers.Cropping2D(((0, extra), (0, extra)), name=name)(x) if extra else x


def block(x: keras.KerasTensor, options: ArchitectureOptions, filters: int, name: str) -> keras.KerasTensor:
    """Twice 3×3 convolution, normalisation, activation: (batch, side, side, channels) -> (…, filters)."""
    for letter in "ab":
        x = normalization(convolution(x, options, filters, 3, f"{name}{letter}"), options, f"{name}{letter}")
        x = activation(x, options, f"{name}{letter}")
    return x

"""U-Net: which class is every pixel of? Down to what is there, up again to where, with a bridge at every size.

After Ronneberger, Fischer, Brox (2015), with what has become usual since: padded convolutions, so that the answer has
the picture's size, and normalisation; and with a quarter of the filters. The way up repeats pixels after a 1×1
convolution; the paper learns that step as a transposed convolution, whose gradient is slow on a processor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models._spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=64,
    learning=("scratch",),
    source="https://arxiv.org/abs/1505.04597",
    summary="U-Net: the class of every pixel, for --task segment",
    task="segment",
    takes_width=True,
    defaults={"task": "segment", "loss": "crossentropy+dice", "epochs": 12},
)
WIDTH = 16  # filters at full size; half the side, twice the filters
HALVINGS = 4


def backbone(image_size: int, weights: str, width: int | None = None) -> keras.Model:
    """Raw RGB 0..255, (batch, size, size, 3) -> (batch, size, size, width): a vector of features for every pixel."""
    import keras

    layers, width = keras.layers, width or WIDTH
    inputs = keras.Input((image_size, image_size, 3), name="image")
    x, bridges = layers.Rescaling(1 / 64, -2, name="scale")(inputs), []  # to -2..2
    for level in range(HALVINGS):
        x = block(x, width * 2**level, f"down{level}")
        bridges.append(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"down{level}_pool")(x)
    x = block(x, width * 2**HALVINGS, "bottom")
    for level in reversed(range(HALVINGS)):
        x = layers.Conv2D(width * 2**level, 1, kernel_initializer="he_normal", name=f"up{level}_narrow")(x)
        x = layers.UpSampling2D(2, name=f"up{level}_grow")(x)
        x = fitted(x, bridges[level].shape[1], f"up{level}_cut")
        x = layers.Concatenate(name=f"up{level}_bridge")([bridges[level], x])
        x = block(x, width * 2**level, f"up{level}")
    return keras.Model(inputs, x, name="backbone")


def fitted(x: keras.KerasTensor, side: int, name: str) -> keras.KerasTensor:
    """Cut what a doubled odd side, rounded up when it was halved, has too much: at most one row and column."""
    import keras

    extra = x.shape[1] - side
    return keras.layers.Cropping2D(((0, extra), (0, extra)), name=name)(x) if extra else x


def block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """Twice: 3×3 convolution, normalisation, ReLU: (batch, side, side, channels) -> (batch, side, side, filters)."""
    import keras

    layers = keras.layers
    for letter in "ab":
        conv = layers.Conv2D(
            filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal", name=f"{name}{letter}_conv"
        )
        x = layers.BatchNormalization(momentum=0.9, name=f"{name}{letter}_norm")(conv(x))
        x = layers.ReLU(name=f"{name}{letter}_relu")(x)
    return x

"""The study group's own network: small residual blocks that learn from random weights on a laptop.

Its width follows what it learns from: the drawings need a minute, photos half an hour and four times the filters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models._spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=80,
    learning=("scratch",),
    source="https://arxiv.org/abs/1512.03385",
    summary="three stages of residual blocks; learns drawings in a minute, photos in half an hour",
    width=16,
    photos={
        "width": 64,
        "image_size": 144,
        "progressive": (96, 128),
        "epochs": 55,
        "batch_size": 64,
        "optimizer": "adamw",
        "learning_rate": 1e-3,
        "warmup": 0.08,
        "weight_decay": 0.05,
        "l2": 0.0,
        "label_smoothing": 0.1,
        "augment": {"flip": 1.0, "crop": 0.3, "saturation": 0.3, "contrast": 0.2, "brightness": 0.1, "cutmix": 0.5},
    },
)
DEPTHS = (1, 2, 2)  # residual blocks of each stage


def backbone(image_size: int, weights: str, width: int = SPEC.width) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 4 * width).

    Each stage has twice the filters of the one before at half its side. Averages halve it: the gradients of largest
    values and of strided convolutions are slow on a processor, those of dense ones in bfloat16 are not.
    """
    import keras

    layers = keras.layers
    inputs = keras.Input((image_size, image_size, 3), name="image")
    x = layers.Rescaling(1 / 64, -2, name="scale")(inputs)  # to -2..2: about the spread of pictures, 1
    x = layers.ReLU(name="stem_relu")(convolve(x, width, "stem", kernel_size=7, strides=4))
    for stage, depth in enumerate(DEPTHS, start=1):
        filters = width * 2 ** (stage - 1)
        if stage > 1:
            x = layers.AveragePooling2D(2, name=f"block{stage}_halve")(x)
            x = layers.ReLU(name=f"block{stage}_relu")(convolve(x, filters, f"block{stage}"))
        for letter in "abcdefgh"[:depth]:
            x = residual(x, filters, f"block{stage}{letter}")
    outputs = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, outputs, name="backbone")


def residual(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """Add what two convolutions find to what came in, (batch, side, side, filters).

    The last normalisation begins with scale 0, so that a block begins by changing nothing
    (https://arxiv.org/abs/1706.02677, 5.1).
    """
    import keras

    layers = keras.layers
    y = layers.ReLU(name=f"{name}_relu1")(convolve(x, filters, f"{name}_1"))
    y = convolve(y, filters, f"{name}_2", gamma="zeros")
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([x, y]))


def convolve(
    x: keras.KerasTensor, filters: int, name: str, kernel_size: int = 3, strides: int = 1, gamma: str = "ones"
) -> keras.KerasTensor:
    """Convolution and normalisation: (batch, side, side, channels) -> (batch, side / strides, side / strides, filters).

    He initialisation suits ReLU (https://arxiv.org/abs/1502.01852); a bias would be taken away again by the
    normalisation.
    """
    import keras

    x = keras.layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"{name}_conv",
    )(x)
    return keras.layers.BatchNormalization(momentum=0.95, gamma_initializer=gamma, name=f"{name}_norm")(x)

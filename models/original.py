"""The study group's own network: four plain blocks for drawings, residual ones for photos.

The plain network learns the drawings in a minute, 97 to 99 % of validation right; residual ones of half and of twice
its work come to 92 % by then. These go on learning where there is more to see: thousands of photos, half an hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models._spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=80,
    learning=("scratch",),
    source="https://arxiv.org/abs/1409.1556",
    summary="four plain blocks, learns drawings in a minute; with --data residual ones, photos in half an hour",
    takes_width=True,
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
FILTERS = (32, 64, 96, 128)  # of the plain blocks
DEPTHS = (1, 2, 2)  # residual blocks of each stage


def backbone(image_size: int, weights: str, width: int | None = None) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 128); with a width (batch, 4 * width)."""
    import keras

    inputs = keras.Input((image_size, image_size, 3), name="image")
    outputs = keras.layers.GlobalAveragePooling2D(name="pool")(stages(inputs, width) if width else plain(inputs))
    return keras.Model(inputs, outputs, name="backbone")


def plain(x: keras.KerasTensor) -> keras.KerasTensor:
    """Four blocks in the manner of VGG: (batch, side, side, 3) -> (batch, side / 32, side / 32, 128)."""
    import keras

    x = keras.layers.Rescaling(1 / 127.5, -1)(x)  # to -1..1
    for number, filters in enumerate(FILTERS, start=1):
        x = block(x, filters, number)
    return x


def block(x: keras.KerasTensor, filters: int, number: int) -> keras.KerasTensor:
    """Convolution, pooling, normalisation, ReLU: (batch, side, side, channels) -> (batch, side / 2, side / 2, filters).

    Pooling comes before normalisation, which then has a quarter of the work. He initialisation suits ReLU
    (https://arxiv.org/abs/1502.01852); a bias would be taken away again by the normalisation.
    """
    import keras

    layers = keras.layers
    first = number == 1
    x = layers.Conv2D(
        filters,
        kernel_size=5 if first else 3,
        strides=2 if first else 1,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=f"block{number}_conv",
    )(x)
    x = layers.MaxPooling2D(2, name=f"block{number}_pool")(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"block{number}_norm")(x)
    return layers.ReLU(name=f"block{number}_relu")(x)


def stages(x: keras.KerasTensor, width: int) -> keras.KerasTensor:
    """Three stages of residual blocks: (batch, side, side, 3) -> (batch, side / 16, side / 16, 4 * width).

    Each stage has twice the filters of the one before at half its side (https://arxiv.org/abs/1512.03385). Averages
    halve it: the gradients of largest values and of strided convolutions are slow on a processor, those of dense ones
    in bfloat16 are not.
    """
    import keras

    layers = keras.layers
    x = layers.Rescaling(1 / 64, -2, name="scale")(x)  # to -2..2: pictures then have a spread of about 1
    x = layers.ReLU(name="stem_relu")(convolve(x, width, "stem", kernel_size=7, strides=4))
    for stage, depth in enumerate(DEPTHS):
        filters = width * 2**stage
        if stage:
            x = layers.AveragePooling2D(2, name=f"stage{stage}_halve")(x)
            x = layers.ReLU(name=f"stage{stage}_relu")(convolve(x, filters, f"stage{stage}"))
        for letter in "abcdefgh"[:depth]:
            x = residual(x, filters, f"stage{stage}{letter}")
    return x


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
    """Convolution, then normalisation: (batch, side, side, channels) -> (batch, side / strides, …, filters)."""
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

"""The study group's own network: small enough to learn from scratch on a laptop in a minute."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models._spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=80,
    learning=("scratch",),
    source="https://arxiv.org/abs/1409.1556",
    summary="four blocks of convolution, pooling, normalisation and ReLU, in the manner of VGG; learns in a minute",
)
FILTERS = (32, 64, 96, 128)


def backbone(image_size: int, weights: str) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 128)."""
    import keras

    inputs = keras.Input((image_size, image_size, 3), name="image")
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)  # to -1..1
    for number, filters in enumerate(FILTERS, start=1):
        x = block(x, filters, number)
    outputs = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, outputs, name="backbone")


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

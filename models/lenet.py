"""LeNet-5: the convolutional network that read the digits on cheques (LeCun et al., 1998), for colour images.

    image -> (convolution 5, activation, average pooling 2) twice -> 120 -> 84

Left out of 1998, as in `scratch/lenet.py`: pooling with weights of its own, maps joined to only some of the maps
before, the scale of the tanh, RBF units at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.options import (
    ArchitectureOptions,
    activation,
    convolution,
    coordinates,
    dense,
    dropout,
    normalization,
)
from models.parts.spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=32,
    learning=("scratch",),
    source="https://doi.org/10.1109/5.726791",
    summary="LeNet-5 of 1998: two convolutions, two dense layers, tanh",
    supports=("activation", "init", "norm", "width", "dropout_at", "coordinates"),
    defaults={"activation": "tanh", "init": "lecun", "norm": "none", "width": 6, "dropout": 0.0, "epochs": 40},
)
HIDDEN = (120, 84)


def backbone(image_size: int, weights: str, options: ArchitectureOptions) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 84); at 32 pixels the last map has 5 × 5."""
    from keras import Input, Model, layers

    inputs = Input((image_size, image_size, 3), name="image")
    x = coordinates(layers.Rescaling(1 / 127.5, -1, name="scale")(inputs), options)  # to -1..1
    for number, filters in enumerate((options.width, options.width * 16 // 6), start=1):
        name = f"block{number}"
        x = normalization(convolution(x, options, filters, 5, name, padding="valid"), options, name)
        x = layers.AveragePooling2D(2, name=f"{name}_pool")(activation(x, options, name))
    x = layers.Flatten(name="flatten")(x)
    first, second = HIDDEN
    x = dropout(dense(x, options, first, "dense3"), options, "dense3")
    return Model(inputs, dense(x, options, second, "dense4"), name="backbone")

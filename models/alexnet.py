"""AlexNet: the network of 2012 that made deep learning the way to recognise images (Krizhevsky et al.).

As on one GPU, all channels joined. Its response normalisation is left out, which brought nothing to VGG
(https://arxiv.org/abs/1409.1556, 4.1); `norm=batch` is what came after it. `init=normal` begins with the paper's
weights; its biases of 1 are left out.
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
    image_size=128,
    learning=("scratch",),
    source="https://proceedings.neurips.cc/paper/2012/hash/c399862d3b9d6b76c8436e924a68c45b-Abstract.html",
    summary="AlexNet of 2012: five convolutions, two dense layers with dropout",
    smallest_image_size=57,  # the last pooling then has 3 × 3 pixels to pool
    supports=("activation", "init", "norm", "width", "dropout_at", "coordinates"),
    defaults={
        "activation": "relu",
        "init": "he",
        "norm": "none",
        "width": 96,
        "dropout": 0.5,
        "dropout_at": "both",
        "learning_rate": 3e-4,
    },
)


def backbone(image_size: int, weights: str, options: ArchitectureOptions) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 4096); at 224 pixels the last map has 6 × 6.

    Of two dense layers, dropout inside the network is behind the first; behind the second is the head's.
    """
    from keras import Input, Model, layers

    width = options.width
    inputs = Input((image_size, image_size, 3), name="image")
    x = coordinates(layers.Rescaling(1 / 127.5, -1, name="scale")(inputs), options)  # to -1..1
    x = pool(block(x, options, width, 11, "block1", strides=4), "block1")
    x = pool(block(x, options, width * 8 // 3, 5, "block2"), "block2")
    x = block(x, options, width * 4, 3, "block3")
    x = block(x, options, width * 4, 3, "block4")
    x = pool(block(x, options, width * 8 // 3, 3, "block5"), "block5")
    x = layers.Flatten(name="flatten")(x)
    x = dropout(dense(x, options, width * 128 // 3, "dense6"), options, "dense6")
    return Model(inputs, dense(x, options, width * 128 // 3, "dense7"), name="backbone")


def block(
    x: keras.KerasTensor, options: ArchitectureOptions, filters: int, kernel_size: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    """Convolution, normalisation, activation: (batch, side, side, channels) -> (batch, side / strides, …, filters)."""
    x = normalization(convolution(x, options, filters, kernel_size, name, strides), options, name)
    return activation(x, options, name)


def pool(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Halve the side by the largest of 3 × 3 values, which overlap."""
    from keras import layers

    return layers.MaxPooling2D(3, strides=2, name=f"{name}_pool")(x)

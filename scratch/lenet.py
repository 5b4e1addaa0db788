"""LeNet-5: the convolutional network of 1998 as a list of layers, and the same one with what was found out since.

    image -> (conv 5, pool 2) twice -> 120 -> 84 -> K scores

    image (N, 32, 32, C) -> (N, 28, 28, 6) -> (N, 14, 14, 6) -> (N, 10, 10, 16) -> (N, 5, 5, 16) -> (N, 400) -> …

Left out of 1998: pooling with weights of its own, maps joined to only some of the maps before, RBF units at the end.

Source: LeCun, Bottou, Bengio, Haffner, Gradient-based learning applied to document recognition (1998).
"""

import numpy as np

from scratch.activations import Activation
from scratch.affine import Affine, Flatten
from scratch.conv import Conv
from scratch.layer import Layer
from scratch.normalization import BatchNorm
from scratch.pooling import AveragePool, MaxPool

SIDE = 32  # pixels; the last map is then 5 × 5
HIDDEN = (120, 84)


def lenet(channels: int, classes: int, rng: np.random.Generator) -> list[Layer]:
    """As in 1998: tanh, average pooling, 6 and 16 filters; (N, 32, 32, channels) -> (N, classes)."""
    return [
        Conv(channels, 6, 5, rng),
        Activation("tanh"),
        AveragePool(2),
        Conv(6, 16, 5, rng),
        Activation("tanh"),
        AveragePool(2),
        Flatten(),
        *head(5 * 5 * 16, classes, rng, "tanh", "glorot_uniform"),
    ]


def modern(channels: int, classes: int, rng: np.random.Generator) -> list[Layer]:
    """ReLU and He's initialisation, max pooling, batch norm, more filters; shapes as above.

    Pooling before normalisation: a quarter of the work. The largest value stays the largest where the scale is
    positive; mean and variance are those of the pooled values.
    """
    return [
        Conv(channels, 24, 5, rng, scheme="he_normal"),
        MaxPool(2),
        BatchNorm(24, momentum=0.9),  # some hundred steps are too few for averages over a hundred
        Activation("relu"),
        Conv(24, 48, 5, rng, scheme="he_normal"),
        MaxPool(2),
        BatchNorm(48, momentum=0.9),
        Activation("relu"),
        Flatten(),
        *head(5 * 5 * 48, classes, rng, "relu", "he_normal"),
    ]


def head(inputs: int, classes: int, rng: np.random.Generator, activation: str, scheme: str) -> list[Layer]:
    """From the flat maps to one score a class; softmax is part of the loss."""
    first, second = HIDDEN
    return [
        Affine(inputs, first, rng, scheme),
        Activation(activation),
        Affine(first, second, rng, scheme),
        Activation(activation),
        Affine(second, classes, rng),
    ]


def scaled(pixels: np.ndarray) -> np.ndarray:
    """Pixels 0 … 255 -> float32 from -1 to 1."""
    return pixels.astype(np.float32) / 127.5 - 1


if __name__ == "__main__":
    x, total = np.zeros((1, SIDE, SIDE, 1), np.float32), 0
    print(f"an image {x.shape[1:]}")
    for layer in lenet(1, 10, np.random.default_rng(0)):
        x = layer.forward(x)
        count = sum(w.size for w in layer.params.values())
        total += count
        print(f"{type(layer).__name__:12} -> {x.shape[1:]!s:14} {count:6,} parameters")
    print(f"{total:,} parameters in all")

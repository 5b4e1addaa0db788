"""Stacks of dense layers in plain NumPy, on small grey images: a training takes a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scratch import optimizers, train
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.dropout import Dropout
from scratch.losses import cross_entropy
from scratch.normalization import BatchNorm, LayerNorm
from scratch.residual import Residual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from data.dataset import Dataset
    from scratch.layer import Layer
    from scratch.regularization import Penalty

NORMS = {"batch": lambda units: BatchNorm(units, momentum=0.9), "layer": LayerNorm}

Pairs = tuple[np.ndarray, np.ndarray]  # x (N, inputs) and t (N, classes), float32


def grey(pixels: np.ndarray, side: int = 8) -> np.ndarray:
    """Return images (n, height, width, 3) as float32 (n, side side): means of squares, from -1 to 1."""
    count, height, width, channels = pixels.shape
    squares = pixels.reshape(count, side, height // side, side, width // side, channels)
    return (squares.mean((2, 4, 5)).reshape(count, -1) / 127.5 - 1).astype(np.float32)


def grey_pairs(dataset: Dataset, side: int = 8) -> tuple[Pairs, Pairs]:
    """Return the training and the validation split as vectors of grey values and labels of 0 and 1.

    Args:
        dataset: its images' side is a multiple of `side`.
        side: of the grey images, each pixel of which is the mean of a square.
    """
    examples = dataset.examples()
    pairs = []
    for split in ("train", "val"):
        rows = examples.indices[split]
        t = np.eye(len(dataset.class_names), dtype=np.float32)[examples.labels[rows]]
        pairs.append((grey(examples.inputs[rows], side), t))
    return pairs[0], pairs[1]


def dense_stack(
    inputs: int,
    classes: int,
    rng: np.random.Generator,
    depth: int = 4,
    units: int = 32,
    norm: str | None = None,
    scale: float = 1.0,
    dropout: float = 0.0,
    skips: bool = False,
) -> list[Layer]:
    """Return `depth` hidden layers of ReLU and a last one without.

    Args:
        inputs: of a row.
        classes: scores of a row.
        rng: of the initial weights.
        depth: hidden layers.
        units: of each.
        norm: one of `NORMS`, between a layer and its activation, or None.
        scale: of the hidden layers' initial weights; 1 is He's.
        dropout: behind each activation.
        skips: whether a residual connection leads past each normalisation, activation and affine layer after the first
            affine one.
    """
    layers: list[Layer] = []
    activate: list[Layer] = []  # what stands between two affine layers
    for number in range(depth):
        affine = Affine(units if number else inputs, units, rng, "he_normal")
        affine.params["w"] *= np.float32(scale)
        block = [*activate, affine]
        layers += [Residual(block)] if skips and number else block
        activate = [*([NORMS[norm](units)] if norm else []), Activation("relu")]
        activate += [Dropout(dropout, rng)] if dropout else []
    return [*layers, *activate, Affine(units, classes, rng)]


def learn_stack(
    train_pairs: Pairs,
    validation: Pairs,
    seed: int,
    rate: float,
    epochs: int,
    batch_size: int = 32,
    penalty: Penalty = train.NO_PENALTY,
    **stack: Any,  # noqa: ANN401
) -> tuple[list[Layer], list[train.Epoch]]:
    """Train a new stack by plain SGD; return its layers, and what each epoch came to.

    A rate at which the weights run away gives losses that are no number, and no warning: to see that may be the point.

    Args:
        train_pairs: to learn from.
        validation: to be evaluated on.
        seed: of the initial weights and of the order of the rows.
        rate: of learning.
        epochs: in all.
        batch_size: rows of a batch.
        penalty: on the weights.
        stack: arguments of `dense_stack`.
    """
    rng = np.random.default_rng(seed)
    layers = dense_stack(train_pairs[0].shape[1], train_pairs[1].shape[1], rng, **stack)
    with np.errstate(over="ignore", invalid="ignore"):
        history = train.fit(
            layers, train_pairs, validation, optimizers.SGD(rate), epochs, rng, batch_size, penalty=penalty
        )
    return layers, history


def gradient_lengths(layers: Sequence[Layer], pairs: Pairs) -> list[float]:
    """Return the length of the gradient of each affine layer's weights for a batch, the first layer's first."""
    _, grad = cross_entropy(train.forward(layers, pairs[0], training=True), pairs[1])
    train.backward(layers, grad)
    return [
        float(np.linalg.norm(gradient))
        for layer in layers
        for name, gradient in layer.grads.items()
        if name.split(".")[-1] == "w"
    ]

"""The one head, put on any backbone; and which weights learn in which stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.keras_private import flatten_layers

if TYPE_CHECKING:
    import keras


def head(
    num_features: int,
    num_classes: int,
    dropout: float,
    kernel_initializer: str | keras.Initializer = "glorot_uniform",
    side: int | None = None,
    activation: str = "softmax",
) -> keras.Model:
    """Dropout and a softmax or sigmoid layer: (batch, num_features) -> (batch, num_classes) probabilities, float32.

    With `side` the same for every pixel: (batch, side, side, num_features) -> (batch, side, side, num_classes).
    """
    import keras

    inputs = keras.Input((side, side, num_features) if side else (num_features,), name="features")
    x = keras.layers.Dropout(dropout, name="dropout")(inputs)
    outputs = keras.layers.Dense(
        num_classes,
        activation=activation,
        kernel_initializer=kernel_initializer,
        dtype="float32",
        name="probabilities",
    )(x)
    return keras.Model(inputs, outputs, name="head")


def classifier(backbone: keras.Model, head: keras.Model) -> keras.Model:
    """Join the two: raw RGB 0..255, (batch, size, size, 3) -> (batch, num_classes) probabilities."""
    import keras

    inputs = keras.Input(backbone.input_shape[1:], name="image")
    return keras.Model(inputs, head(backbone(inputs)), name="classifier")


def head_on(
    backbone: keras.Model,
    num_classes: int,
    dropout: float,
    kernel_initializer: str | keras.Initializer = "glorot_uniform",
    activation: str = "softmax",
) -> keras.Model:
    """Return the classifier of a backbone that gives a vector of features for an image, or for every pixel of it."""
    *grid, features = backbone.output_shape[1:]
    side = grid[0] if grid else None
    return classifier(backbone, head(features, num_classes, dropout, kernel_initializer, side, activation))


def freeze(backbone: keras.Model) -> None:
    """Let no weight of the backbone learn; its BatchNormalization layers then use their stored statistics."""
    backbone.trainable = False


def unfreeze(backbone: keras.Model) -> None:
    """Let the backbone learn, all but its BatchNormalization layers.

    A small batch would replace the statistics of a million images by its own: Keras runs a BatchNormalization layer
    that is not trainable in inference mode (https://keras.io/guides/transfer_learning/), so those stay as they are.
    """
    import keras

    backbone.trainable = True
    for layer in flatten_layers(backbone):
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False

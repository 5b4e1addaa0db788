"""A second head, which learns beside the first from the same backbone and is dropped before the network is saved.

What helps the one task often helps the other (https://doi.org/10.1023/A:1007379606734): the backbone's gradient is the
sum of both losses'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from errors import UserError

if TYPE_CHECKING:
    import keras

NAME = "auxiliary"
FILTERS = 32
DOUBLINGS = 2  # of the side of the feature map, on the way to a mask


def label_head(num_features: int, num_labels: int, seed: int) -> keras.Model:
    """A softmax layer: (batch, num_features) -> (batch, num_labels) probabilities, float32."""
    import keras

    inputs = keras.Input((num_features,), name="features")
    first = keras.initializers.GlorotUniform(seed)  # one of its own: the rest then begins as it would without
    outputs = keras.layers.Dense(num_labels, activation="softmax", kernel_initializer=first, name="labels")(inputs)
    return keras.Model(inputs, outputs, name=NAME)


def mask_head(channels: int, seed: int) -> keras.Model:
    """A small decoder: (batch, side, side, channels) -> (batch, 4 * side, 4 * side, 2), background or not, float32."""
    import keras

    layers, he = keras.layers, keras.initializers.HeNormal
    inputs = keras.Input((None, None, channels), name="map")
    x = layers.Conv2D(FILTERS, 1, activation="relu", kernel_initializer=he(seed), name="narrow")(inputs)
    for number in range(DOUBLINGS):
        x = layers.UpSampling2D(2, name=f"grow{number}")(x)
        conv = layers.Conv2D(
            FILTERS,
            3,
            padding="same",
            activation="relu",
            kernel_initializer=he(seed + 1 + number),  # `narrow` begins with `seed`: equal seeds draw equal numbers
            name=f"conv{number}",
        )
        x = conv(x)
    outputs = layers.Conv2D(2, 1, activation="softmax", kernel_initializer=he(seed + 9), name="mask")(x)
    return keras.Model(inputs, outputs, name=NAME)


def with_feature_map(backbone: keras.Model) -> keras.Model:
    """Return the same network with a second output, its last feature map: (batch, side, side, channels).

    Raises:
        UserError: it has none.
    """
    import keras

    for layer in reversed(backbone.layers):
        if len(layer.output.shape) == 4 and layer.output is not backbone.input:
            return keras.Model(backbone.input, [backbone.output, layer.output], name=backbone.name)
    raise UserError("`auxiliary` mask needs a network with a map of features, and this one has none: leave it out.")


def join_heads(backbone: keras.Model, head: keras.Model, auxiliary: keras.Model) -> keras.Model:
    """Join the three: raw RGB 0..255 -> [probabilities of the classes, what the second head says].

    A backbone of two outputs gives the second one to the second head, any other the same features to both.
    """
    import keras

    inputs = keras.Input(backbone.input_shape[1:], name="image")
    found = backbone(inputs)
    features, of = found if isinstance(found, list | tuple) else (found, found)
    return keras.Model(inputs, [head(features), auxiliary(of)], name="classifier")

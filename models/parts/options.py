"""Options of architecture: what a network that starts from random weights is made of, and the layers that follow it.

A model's `SPEC.supports` names the options that it follows. Its backbone is given options in which each of those has a
value, and makes its layers by the functions below; they are plain layers of Keras, and operations that save with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import models
from errors import UserError

if TYPE_CHECKING:
    import keras

    from models.parts.spec import Spec

ACTIVATIONS = ("relu", "sigmoid", "tanh", "leaky_relu", "elu", "gelu", "silu")
INITIALIZERS = ("zeros", "constant", "normal", "glorot", "he", "lecun")
NORMS = ("none", "batch", "layer", "instance", "group")
DROPOUT_PLACES = ("head", "blocks", "both")
DEPTHS = "6n + 2, such as 8, 14, 20, 32, 44, 56, 110"  # that `depth` takes
MAX_GROUPS = 8  # of `norm` group; the paper's 32 would leave one channel a group in networks as narrow as these
DETAILS = {"init_std": "init", "init_value": "init", "dropout": "dropout_at"}  # field -> the option it belongs to


@dataclass(frozen=True)
class ArchitectureOptions:
    """The options of a network; None is the model's own value.

    Args:
        activation: one of `ACTIVATIONS`, behind every layer that has one.
        init: one of `INITIALIZERS`, of the kernels; biases begin with 0.
        init_std: standard deviation of "normal".
        init_value: value of "constant".
        norm: one of `NORMS`, behind every convolution.
        depth: layers with kernels, the head's one among them.
        width: filters of the first stage; the others follow.
        dropout: share dropped inside the network.
        coordinates: whether two channels tell each pixel where it is.
    """

    activation: str | None = None
    init: str | None = None
    init_std: float = 0.01
    init_value: float = 0.01
    norm: str | None = None
    depth: int | None = None
    width: int | None = None
    dropout: float | None = None
    coordinates: bool = False


def resolve_options(name: str, options: ArchitectureOptions) -> ArchitectureOptions:
    """Return the options with the model's own values where they are left open.

    Raises:
        UserError: the model does not support an option.
    """
    spec = models.get(name).SPEC
    values, nothing = asdict(options), asdict(ArchitectureOptions()) | {"dropout": 0.0}
    check_supported(name, spec, {key: value for key, value in values.items() if value not in (None, nothing[key])})
    own = dict(spec.defaults)
    own["dropout"] = own.get("dropout", 0.0) if own.get("dropout_at", "head") != "head" else 0.0
    left = {key: own[key] for key, value in values.items() if value is None and key in own}
    return replace(options, **left)


def check_supported(name: str, spec: Spec, asked: Mapping[str, Any]) -> None:
    """Raise UserError for the first option asked for that a model does not support; it names those that do."""
    for key, value in asked.items():
        option = DETAILS.get(key, key)
        if option not in spec.supports:
            able = [other for other, model in models.usable()[0].items() if option in model.SPEC.supports]
            setting, given = option if key == "dropout" else key, "on" if value is True else value
            raise UserError(
                f"`{setting}` is for {', '.join(able)}: {name} does not support it. Leave it out. Received: {given}"
            )
    if asked.get("width") == 0 != spec.defaults["width"]:
        raise UserError(f"`width` of {name} is at least 1. Received: 0")


def kernel_initializer(options: ArchitectureOptions) -> str | keras.Initializer:
    """Return how a kernel begins, anew for each layer: one initialiser used twice would draw the same numbers twice.

    glorot: https://proceedings.mlr.press/v9/glorot10a.html, he: https://arxiv.org/abs/1502.01852, lecun: Efficient
    BackProp (1998); each a normal distribution, cut off at two of its standard deviations.
    """
    from keras import initializers

    if options.init == "constant":
        return initializers.Constant(options.init_value)
    if options.init == "normal":
        return initializers.RandomNormal(stddev=options.init_std)
    return options.init if options.init == "zeros" else f"{options.init}_normal"


def last_initializer(options: ArchitectureOptions) -> str | keras.Initializer:
    """Return how the head's kernel begins: zeros, constant and normal hold for the whole network.

    The others are rules for a layer by the activation behind it; the one before softmax keeps Glorot's.
    """
    fixed = options.init in ("zeros", "constant", "normal")
    return kernel_initializer(options) if fixed else "glorot_uniform"


def convolution(
    x: keras.KerasTensor,
    options: ArchitectureOptions,
    filters: int,
    kernel_size: int,
    name: str,
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    """Convolve, (batch, side, side, channels) -> (batch, …, …, filters).

    A normalisation behind it would take a bias away again and has one of its own.
    """
    from keras import layers

    return layers.Conv2D(
        filters,
        kernel_size,
        strides,
        padding=padding,
        use_bias=options.norm == "none",
        kernel_initializer=kernel_initializer(options),
        name=f"{name}_conv",
    )(x)


def dense(x: keras.KerasTensor, options: ArchitectureOptions, units: int, name: str) -> keras.KerasTensor:
    """Multiply by a matrix and activate, (batch, features) -> (batch, units); normalisation is for convolutions."""
    from keras import layers

    x = layers.Dense(units, kernel_initializer=kernel_initializer(options), name=f"{name}_dense")(x)
    return activation(x, options, name)


def activation(x: keras.KerasTensor, options: ArchitectureOptions, name: str, number: str = "") -> keras.KerasTensor:
    """Apply the activation; Keras' leaky_relu has the slope 0.2 below 0."""
    from keras import layers

    name = f"{name}_{options.activation}{number}"
    layer = layers.ReLU(name=name) if options.activation == "relu" else layers.Activation(options.activation, name=name)
    return layer(x)


def normalization(
    x: keras.KerasTensor, options: ArchitectureOptions, name: str, momentum: float = 0.9, gamma: str = "ones"
) -> keras.KerasTensor:
    """Normalise (batch, side, side, channels), all by a mean and a variance of

    batch: each channel over batch, height and width; moving averages afterwards (https://arxiv.org/abs/1502.03167);
    layer: each pixel over its channels, as Keras and `scratch/` do, which fits every image size; over all values of
        an image, as in https://arxiv.org/abs/1607.06450, would be a single group;
    instance: each channel of each image over height and width (https://arxiv.org/abs/1607.08022);
    group: groups of channels of each image over height and width (https://arxiv.org/abs/1803.08494).

    Args:
        momentum: of the moving averages of "batch".
        gamma: with what the scale begins.

    Raises:
        UserError: "instance" of maps of a single pixel, which would all become 0.
    """
    from keras import layers

    channels, name = x.shape[-1], f"{name}_norm"
    if options.norm == "none":
        return x
    if options.norm == "batch":
        return layers.BatchNormalization(momentum=momentum, gamma_initializer=gamma, name=name)(x)
    if options.norm == "layer":
        return layers.LayerNormalization(gamma_initializer=gamma, name=name)(x)
    if options.norm == "instance" and x.shape[1] == x.shape[2] == 1:
        raise UserError(
            "`norm` instance needs maps of more than one pixel in every layer: give a larger `image_size`, or another "
            "`norm`."
        )
    groups = channels if options.norm == "instance" else groups_of(channels)
    return layers.GroupNormalization(groups, gamma_initializer=gamma, name=name)(x)


def groups_of(channels: int) -> int:
    """Return the most groups of equal size, two channels at least, that `MAX_GROUPS` allows; else 1."""
    return max((n for n in range(1, MAX_GROUPS + 1) if channels % n == 0 and 2 * n <= channels), default=1)


def dropout(x: keras.KerasTensor, options: ArchitectureOptions, name: str) -> keras.KerasTensor:
    """Drop whole maps of (batch, side, side, channels), single values of (batch, features).

    Neighbouring pixels of a map tell nearly the same, so that a single one is no loss
    (https://arxiv.org/abs/1411.4280). Without dropout inside the network there is no layer.
    """
    from keras import layers

    if not options.dropout:
        return x
    layer = layers.SpatialDropout2D if len(x.shape) == 4 else layers.Dropout
    return layer(options.dropout, name=f"{name}_dropout")(x)


def coordinates(x: keras.KerasTensor, options: ArchitectureOptions) -> keras.KerasTensor:
    """Put x and y of each pixel, -1..1, behind the channels: (batch, side, side, channels) -> (…, channels + 2).

    Convolution and global pooling see the same wherever it is; with these channels a filter can tell where
    (https://arxiv.org/abs/1807.03247). Counted up instead of written down, they fit every size.
    """
    from keras import layers, ops

    if not options.coordinates:
        return x
    one = ops.ones_like(x[..., :1])

    def along(axis: int) -> keras.KerasTensor:
        count = ops.cumsum(one, axis=axis)  # 1, 2, …, side
        return (2 * count - 1) / ops.max(count, axis=axis, keepdims=True) - 1  # centres of pixels

    return layers.Concatenate(name="coordinates")([x, along(2), along(1)])

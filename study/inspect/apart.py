"""What one step of a network computes, as plain values from which a page can compute it once more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from models.parts.graph import Step
from study.inspect.statistics import activation_name

# Those whose formula the page has; what stands behind a name are its numbers.
FORMULAS = ("relu", "relu6", "leaky_relu", "elu", "tanh", "sigmoid", "silu", "softplus", "softmax")
DROPPED = (keras.layers.Dropout, keras.layers.SpatialDropout2D, keras.layers.GaussianNoise)  # change no prediction
WHOLE = ("conv", "dense", "flatten", "softmax")  # an output needs all channels of the input

Details = dict[str, Any]


def take_apart(step: Step) -> Details:
    """Return how a value of a step's output comes about; its `kind` is "maps" where this is not known here.

    Only Keras' own layers are, each in its form of prediction: a subclass may compute anything.
    """
    maker = MAKERS.get(type(step.layer))
    shapes = [tensor.shape for tensor in (*step.inputs, step.output)]
    if maker is None or any(None in shape[1:] or len(shape) not in (2, 4) for shape in shapes):
        return {"kind": "maps"}
    return maker(step) or {"kind": "maps"}


def own_formula(step: Step) -> Details | None:
    """Return the activation function within a layer with its numbers; None where the page does not have it."""
    layer, name = step.layer, activation_name(step)
    if isinstance(layer, keras.layers.ReLU):
        slope = layer.negative_slope
        return {"name": "relu", "most": layer.max_value, "slope": float(slope)} if not layer.threshold else None
    if isinstance(layer, keras.layers.LeakyReLU):
        return {"name": "leaky_relu", "slope": float(layer.negative_slope)}
    if isinstance(layer, keras.layers.ELU):
        return {"name": "elu"} if layer.alpha == 1 else None
    known = {"relu6": {"name": "relu", "most": 6}, "leaky_relu": {"name": "leaky_relu", "slope": 0.2}}
    if name == "":
        return {"name": "linear"}
    function = getattr(keras.activations, name, None)
    if name not in FORMULAS or getattr(layer, "activation", function) is not function:
        return None  # of another author, or with other numbers
    return known.get(name, {"name": name})


def _convolution(step: Step) -> Details | None:
    layer, formula = step.layer, own_formula(step)
    if layer.groups != 1 or layer.data_format != "channels_last" or _not_by_place(formula):
        return None
    window = _window(step, layer.kernel_size, layer.dilation_rate)
    return {"kind": "conv", **window, **_weights(layer), "activation": formula}


def _depthwise(step: Step) -> Details | None:
    layer, formula = step.layer, own_formula(step)
    if layer.depth_multiplier != 1 or layer.data_format != "channels_last" or _not_by_place(formula):
        return None
    details = {"kind": "depthwise", **_window(step, layer.kernel_size, layer.dilation_rate), **_weights(layer)}
    details["kernel"] = details["kernel"][..., 0]
    return {**details, "activation": formula}


def _pooling(step: Step) -> Details | None:
    how = "max" if isinstance(step.layer, keras.layers.MaxPooling2D) else "mean"
    return {"kind": "pool", "how": how, **_window(step, step.layer.pool_size, (1, 1))}


def _normalization(step: Step) -> Details | None:
    layer, channels = step.layer, step.output.shape[-1]
    if layer.axis not in (-1, len(step.output.shape) - 1):
        return None
    one, zero = np.ones(channels, np.float32), np.zeros(channels, np.float32)
    return {
        "kind": "norm",
        "mean": array(layer.moving_mean),
        "variance": array(layer.moving_variance),
        "gamma": array(layer.gamma) if layer.scale else one,
        "beta": array(layer.beta) if layer.center else zero,
        "epsilon": float(layer.epsilon),
    }


def _rescaling(step: Step) -> Details | None:
    channels = step.output.shape[-1]
    scale, offset = (np.asarray(value, np.float32).ravel() for value in (step.layer.scale, step.layer.offset))
    if len(scale) not in (1, channels) or len(offset) not in (1, channels):
        return None
    return {"kind": "scale", "scale": np.resize(scale, channels), "offset": np.resize(offset, channels)}


def _dense(step: Step) -> Details | None:
    formula = own_formula(step)
    if len(step.output.shape) != 2 or formula is None:
        return None
    return {"kind": "dense", **_weights(step.layer), "activation": formula}


def _activation(step: Step) -> Details | None:
    formula = own_formula(step)
    if formula is None or (formula["name"] == "softmax" and len(step.output.shape) != 2):
        return None
    return {"kind": "softmax"} if formula["name"] == "softmax" else {"kind": "activation", "activation": formula}


def _addition(step: Step) -> Details | None:
    shapes = {tuple(tensor.shape) for tensor in (*step.inputs, step.output)}
    return {"kind": "add"} if len(shapes) == 1 else None


def _flattening(step: Step) -> Details | None:
    return {"kind": "flatten"} if len(step.inputs[0].shape) == 4 else None


def _global_mean(step: Step) -> Details | None:
    return {"kind": "mean"} if len(step.output.shape) == 2 else None


def _window(step: Step, size: Sequence[int], dilation: Sequence[int]) -> Details:
    """Return how a window lies on the maps before: rows, then columns; TensorFlow puts an odd rest at the end."""
    layer, pad = step.layer, []
    for side in (0, 1):
        before, after = step.inputs[0].shape[1 + side], step.output.shape[1 + side]
        reach = (size[side] - 1) * dilation[side] + 1
        missing = max(0, (after - 1) * layer.strides[side] + reach - before) if layer.padding == "same" else 0
        pad.append(missing // 2)
    return {"size": list(size), "strides": list(layer.strides), "dilation": list(dilation), "pad": pad}


def _weights(layer: keras.Layer) -> Details:
    return {"kernel": array(layer.kernel), "bias": array(layer.bias) if layer.use_bias else None}


def _not_by_place(formula: Mapping[str, Any] | None) -> bool:
    """Say whether an activation is unknown, or mixes the channels of a place."""
    return formula is None or formula["name"] == "softmax"


def array(variable: keras.Variable) -> np.ndarray:
    """Return the values of a weight."""
    return np.asarray(keras.ops.convert_to_numpy(variable), np.float32)


MAKERS: dict[type, Callable[[Step], Details | None]] = {
    keras.layers.Conv2D: _convolution,
    keras.layers.DepthwiseConv2D: _depthwise,
    keras.layers.MaxPooling2D: _pooling,
    keras.layers.AveragePooling2D: _pooling,
    keras.layers.BatchNormalization: _normalization,
    keras.layers.Rescaling: _rescaling,
    keras.layers.Dense: _dense,
    keras.layers.ReLU: _activation,
    keras.layers.LeakyReLU: _activation,
    keras.layers.ELU: _activation,
    keras.layers.Activation: _activation,
    keras.layers.Softmax: _activation,
    keras.layers.Add: _addition,
    keras.layers.Flatten: _flattening,
    keras.layers.GlobalAveragePooling2D: _global_mean,
}

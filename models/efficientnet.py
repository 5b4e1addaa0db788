"""EfficientNet-B0 of Keras Applications: depth, width and resolution scaled together (Tan and Le, 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.parts.options import ArchitectureOptions
from models.parts.spec import Spec

if TYPE_CHECKING:
    import keras

SPEC = Spec(
    image_size=224,
    learning=("transfer", "finetune", "scratch"),
    weights=("imagenet",),
    source="https://arxiv.org/abs/1905.11946",
    summary="EfficientNet-B0: inverted residual blocks with squeeze-and-excitation",
    weights_source="ImageNet, downloaded and cached by Keras Applications",
)

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def backbone(image_size: int, weights: str, options: ArchitectureOptions | None = None) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 1280); scaling is part of the network."""
    import keras

    inputs = keras.Input((image_size, image_size, 3), name="image")
    return keras.applications.EfficientNetB0(
        include_top=False,
        weights="imagenet" if weights == "imagenet" else None,
        input_tensor=inputs if weights == "imagenet" else _missing_rescaling(inputs),
        pooling="avg",
    )


def _missing_rescaling(inputs: keras.KerasTensor) -> keras.KerasTensor:
    """Scale as Keras does for `weights="imagenet"` only, so that a file of the same weights gives the same network.

    Keras' weights hold the standard deviation where its Normalization layer expects the variance; it makes up for it by
    a second division after that layer, which it leaves out for weights from a file. This is that division, moved in
    front of the network: (s / 255 - mean) / sqrt(std) = (x / 255 - mean) / std, solved for s.
    """
    import keras

    scale = [std**-0.5 for std in IMAGENET_STD]
    offset = [255 * mean * (1 - factor) for mean, factor in zip(IMAGENET_MEAN, scale, strict=True)]
    return keras.layers.Rescaling(scale, offset)(inputs)

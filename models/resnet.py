"""ResNet50 of Keras Applications: residual connections make deep networks trainable (He et al., 2015)."""

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
    source="https://arxiv.org/abs/1512.03385",
    summary="ResNet50: fifty layers with residual connections",
    weights_source="ImageNet, downloaded and cached by Keras Applications",
)


def backbone(image_size: int, weights: str, options: ArchitectureOptions | None = None) -> keras.Model:
    """Raw RGB 0..255, (batch, image_size, image_size, 3) -> (batch, 2048); scaling is part of the network."""
    import keras

    inputs = keras.Input((image_size, image_size, 3), name="image")
    return keras.applications.ResNet50(
        include_top=False,
        weights=None if weights == "none" else weights,
        input_tensor=keras.applications.resnet.preprocess_input(inputs),  # BGR, minus the mean of ImageNet
        pooling="avg",
    )

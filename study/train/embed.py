"""Under a frozen backbone every image goes through it once: what the head learns from."""

from __future__ import annotations

import keras

from data.augment.pipeline import build
from data.batches import Examples
from data.store.store import Store
from models.parts.head import freeze
from study.inference.engine import EngineChoice, FrozenBackbone
from study.inference.features import FeatureSpec, embed
from study.runtime import console
from study.settings.stages import augmented_views
from study.settings.train import TrainSettings


def feature_spec(settings: TrainSettings) -> FeatureSpec:
    """Return what the features of a frozen backbone depend on beside network and images."""
    return FeatureSpec(
        settings.run.model, settings.data.image_size, settings.data.resize, settings.run.engine, settings.run.precision
    )


def features_of(
    classifier: keras.Model, pixels: Examples, settings: TrainSettings, store: Store
) -> tuple[Examples, EngineChoice, FrozenBackbone]:
    """Freeze the backbone and let every image through it, once; say which engine did that."""
    _, backbone, _ = classifier.layers
    freeze(backbone)
    frozen = FrozenBackbone(backbone, store)
    augment = build(settings.regularization.augment, settings.regularization.augment_with, settings.data.seed)
    features, choice = embed(frozen, pixels, feature_spec(settings), augment, augmented_views(settings))
    frozen.release()
    console.print(choice.sentence)
    if settings.run.verbose and choice.images_per_second:
        console.print(f"engine: {choice.reason}")
    return features, choice, frozen

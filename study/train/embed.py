"""Under a frozen backbone every image goes through it once: what the head learns from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from data.batches import Examples
from data.dataset import Dataset
from data.duplicate_groups import leaking_pairs
from data.pixels import fingerprints_of
from data.store.rows import Features
from data.store.store import Store
from models.parts.head import freeze
from study.fit import augmentation
from study.inference.built import imagenet_network
from study.inference.components import reduce
from study.inference.engine import EngineChoice
from study.inference.features import FeatureSpec
from study.inference.frozen import FrozenBackbone
from study.inference.joined import embed
from study.inference.same_scene import stored_same_scene_pairs
from study.runtime import console
from study.runtime.hardware import HEADS
from study.settings.resolve import size_of
from study.settings.stages import augmented_views
from study.settings.train import TrainSettings
from study.train.prepare import Prepared, stopwatch


def feature_spec(settings: TrainSettings) -> FeatureSpec:
    """Return what the features of a frozen backbone depend on beside network and images."""
    run = settings.run
    return FeatureSpec(run.model, size_of(settings), settings.data.resize, run.engine, run.precision)


@dataclass(frozen=True)
class Embedded:
    """What a frozen backbone gave of all images; nothing of it where none was asked.

    `frozen` is None as well where the backbone is to learn later: all its weights will change.
    """

    features: Examples | None = None
    engine: EngineChoice | None = None
    frozen: FrozenBackbone | None = None
    scenes: dict[str, int] | None = None


def embed_images(ready: Prepared, store: Store, seconds: dict[str, float]) -> Embedded:
    """Let every image through the frozen backbone, where a head is to learn from that; tell of same scenes."""
    learning, scenes = ready.settings.learning, None
    if learning.kind == "scratch":
        return Embedded()
    with stopwatch(seconds, "embed"):
        features, engine, frozen = features_of(ready, store)
        if learning.weights == "imagenet":  # others may find all images of a class alike
            scenes = same_scene(ready.dataset, features, frozen, store)
    return Embedded(features, engine, frozen if ready.from_features else None, scenes)


def features_of(ready: Prepared, store: Store) -> tuple[Examples, EngineChoice, FrozenBackbone]:
    """Freeze the backbone and let every image through it, once; say which engine did that."""
    settings, (_, backbone, _) = ready.settings, ready.classifier.layers
    freeze(backbone)
    run, make = settings.run, None
    if run.backend == HEADS:  # only networks that can be made so learn there
        make = partial(imagenet_network, run.model, settings.data.image_size)
    frozen = FrozenBackbone(backbone, store, make)
    augment, views = augmentation.build(settings), augmented_views(settings)
    features, choice = embed(frozen, ready.pixels, feature_spec(settings), augment, views)
    frozen.release()
    console.print(choice.sentence)
    if run.verbose and choice.images_per_second:
        console.print(f"engine: {choice.reason}")
    return features, choice, frozen


def same_scene(dataset: Dataset, features: Examples, frozen: FrozenBackbone, store: Store) -> dict[str, int]:
    """Count the pairs that show the same scene by their features, and those that the split tears apart; tell of these.

    They have no say in the split, which would else depend on the network: the figures of two could not be compared.
    """
    entries, images, inputs = dataset.entries, dataset.images, features.inputs
    if isinstance(inputs, np.ndarray):
        inputs = inputs[: len(entries)]  # augmented views are behind the clean images

    def read_features() -> tuple[np.ndarray | Features, np.ndarray]:
        return inputs, reduce(inputs)[0]

    pairs = stored_same_scene_pairs(
        [entry.label for entry in entries],
        read_features,
        lambda indices: fingerprints_of(images, indices, store),
        " ".join([frozen.fingerprint, images.pixels.rule, *(images.keys or images.sha256)]),
        store,
    )
    leaking = [pair for pair in pairs if leaking_pairs(entries, [pair])]
    if leaking:
        first, second = (entries[index].path for index in (leaking[0].first, leaking[0].second))
        console.print(
            f"careful: by their features {len(leaking):,} pairs of images in different splits show the same scene, "
            f"such as {first} and {second}, which flatters the figures: frames of a video, copies that were edited? "
            "--group keeps images that belong together in one split"
        )
    return {"pairs": len(pairs), "leaking": len(leaking)}

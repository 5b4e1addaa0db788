"""Features of the images for `check`: of thumbnails for its map, and those that `train` learns from, for labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from data.folder import ImageRecord
from data.store.store import Store
from errors import UserError
from study.runtime import console

MODEL = "efficientnet_lite"  # whose features place the images on the map: its weights need no network
MAX_NAMED = 12  # outliers on the map
OUTLIER_RATIO = 2.5  # times the median distance of a class from its middle: an outlier


def embed(
    thumbnails: np.ndarray, sha256: Sequence[str], usable: np.ndarray, store: Store
) -> tuple[np.ndarray | None, str]:
    """Return ImageNet features of the usable thumbnails, float32 (m, features), or None, and what the map is made of.

    Without the package of weights Keras is not even imported.
    """
    from models.parts.lite_weights import PACKAGE, weights_path

    size = thumbnails.shape[1]
    try:
        weights_path()
        from study.runtime import backend

        backend.start()
        from data.batches import Examples
        from models.parts.weights import build_backbone
        from study.inference.engine import FrozenBackbone
        from study.inference.features import FeatureSpec, embed_train

        backbone = build_backbone(MODEL, size, "imagenet")
    except UserError:
        why = f"the package {PACKAGE}, which has ImageNet weights, is not installed or damaged"
        return None, f"colours of the images, shrunk to 24 × 24 pixels: {why}"
    examples = Examples(thumbnails, np.zeros(len(thumbnails), np.int32), {"train": usable}, None, tuple(sha256))
    features = embed_train(FrozenBackbone(backbone, store), examples, FeatureSpec(MODEL, size, "squash"))
    side = size
    return features, f"{features.shape[1]:,} ImageNet features of {MODEL} at {side} × {side} pixels"


def embed_as_training(
    images: Sequence[ImageRecord], resize: str, value_range: tuple[float, float] | None, store: Store
) -> tuple[list[str], np.ndarray]:
    """Return the names of the images and their features at the size of training, float32 (m, features).

    At that size far more labels are told right than by thumbnails. `train` finds pixels and features in the store.
    """
    import models
    from data import pixels
    from data.batches import Examples
    from models.parts.weights import build_backbone
    from study.inference.engine import FrozenBackbone
    from study.inference.features import FeatureSpec, embed_train

    size = models.get(MODEL).SPEC.image_size
    with console.bar("read images", 2 * len(images)) as advance:
        loaded, _ = pixels.load(images, size, resize, store, advance, value_range)
    every = {"train": np.arange(len(loaded.records))}
    examples = Examples(loaded.pixels, np.zeros(len(loaded.records), np.int32), every, None, loaded.keys)
    frozen = FrozenBackbone(build_backbone(MODEL, size, "imagenet"), store)
    return [image.name for image in loaded.records], embed_train(frozen, examples, FeatureSpec(MODEL, size, resize))


def outliers(coordinates: np.ndarray, names: list[str]) -> list[int]:
    """Return the images that lie far from the middle of their class on the map, the farthest first."""
    labels, ratio = np.array(names), np.zeros(len(names))
    for label in set(names):
        own = labels == label
        distance = np.linalg.norm(coordinates[own] - np.median(coordinates[own], axis=0), axis=1)
        ratio[own] = distance / (np.median(distance) or 1.0)
    farthest = np.argsort(-ratio, kind="stable")[:MAX_NAMED].tolist()
    return [i for i in farthest if ratio[i] > OUTLIER_RATIO]

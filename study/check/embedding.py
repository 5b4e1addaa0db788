"""Features of the images for `check`: those that `train` learns from, for its map, same scenes and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from data.folder import ImageRecord
from data.store.store import Store
from errors import UserError
from study.runtime import console, hardware

if TYPE_CHECKING:
    from study.inference.frozen import FrozenBackbone

MODEL = "efficientnet_lite"  # whose features place the images on the map: its weights need no network
MAX_NAMED = 12  # outliers on the map
OUTLIER_RATIO = 2.5  # times the median distance of a class from its middle: an outlier


@dataclass(frozen=True)
class Embedded:
    """ImageNet features of images, or why there are none.

    Args:
        source: what a map is made of.
        rows: the indices of the images that have features, (m,).
        features: of these, float32 (m, features); None where the weights are missing.
        name: of features of these images by this network, for what is kept of them.
    """

    source: str
    rows: np.ndarray
    features: np.ndarray | None = None
    name: str = ""


def embed(
    images: Sequence[ImageRecord], resize: str, value_range: tuple[float, float] | None, store: Store
) -> Embedded:
    """Return the features of images at the size of training; `train` keeps the same ones in the store.

    By these, far more labels are told right than by thumbnails. Without the package of weights Keras is not even
    imported.
    """
    import models
    from models.parts.lite_weights import PACKAGES

    size, none = models.get(MODEL).SPEC.image_size, np.zeros(0, int)
    colours = "colours of the images, shrunk to 24 × 24 pixels"
    if not (hardware.openvino_available() or hardware.tensorflow_available()):
        return Embedded(f"{colours}: neither OpenVINO nor TensorFlow is installed, to run a network", none)
    try:
        frozen = imagenet_backbone(size, store)
        network = frozen.fingerprint  # builds it, where the store does not know it: weights may be damaged
    except UserError:
        why = f"the package {PACKAGES[MODEL].name}, which has ImageNet weights, is not installed or damaged"
        return Embedded(f"{colours}: {why}", none)
    from data import loading
    from data.batches import Examples
    from study.inference.features import FeatureSpec, embed_train

    with console.bar("read images", 2 * len(images)) as advance:
        loaded, _ = loading.load(images, size, resize, store, advance, value_range)
    number, row_of = len(loaded.records), {image.name: i for i, image in enumerate(images)}
    examples = Examples(loaded.pixels, np.zeros(number, np.int32), {"train": np.arange(number)}, None, loaded.keys)
    features = embed_train(frozen, examples, FeatureSpec(MODEL, size, resize))
    source = f"{features.shape[1]:,} ImageNet features of {MODEL} at {size} × {size} pixels"
    rows = np.array([row_of[image.name] for image in loaded.records], int)
    return Embedded(source, rows, features, " ".join([network, resize, *loaded.keys]))


def imagenet_backbone(size: int, store: Store) -> FrozenBackbone:
    """Return the network: that of `train`, or, where TensorFlow is not installed, one that gives nearly the same.

    `benchmarks/slim_features.py` measures how nearly. Raise UserError where the weights are missing or damaged.
    """
    if hardware.openvino_available() and not hardware.tensorflow_available():
        from study.inference import built

        return built.imagenet_backbone(MODEL, size, store)
    from study.inference.remembered import RememberedBackbone

    return RememberedBackbone(MODEL, size, store)


def outliers(coordinates: np.ndarray, names: list[str]) -> list[int]:
    """Return the images that lie far from the middle of their class on the map, the farthest first."""
    labels, ratio = np.array(names), np.zeros(len(names))
    for label in set(names):
        own = labels == label
        distance = np.linalg.norm(coordinates[own] - np.median(coordinates[own], axis=0), axis=1)
        ratio[own] = distance / (np.median(distance) or 1.0)
    farthest = np.argsort(-ratio, kind="stable")[:MAX_NAMED].tolist()
    return [i for i in farthest if ratio[i] > OUTLIER_RATIO]

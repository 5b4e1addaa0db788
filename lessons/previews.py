"""What a training would see of an image: views that augmentation makes of it, each with its label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from data.augment.pipeline import build
from scratch import augmentation
from study.train.preview import label_text

if TYPE_CHECKING:
    from data.dataset import Dataset

NOISE, RANDOM = 25.0, np.random.default_rng(0)  # of 255; a sensor's noise is another in every image


def views(
    dataset: Dataset, rows: np.ndarray, augment: Mapping[str, float], seed: int = 0
) -> tuple[np.ndarray, list[str]]:
    """Return images of the data set as one batch of the training would have them, float32, and what their labels say.

    Args:
        dataset: with its flip-paired labels, if it has such.
        rows: of the images; `cutmix` and `mixup` mix each with another of them.
        augment: name -> strength, as `--augment` takes it.
        seed: another one makes other views.
    """
    examples = dataset.examples()
    change = build(augment, None, seed, examples.flipped_classes, len(dataset.class_names))
    batch = change({"images": np.asarray(examples.inputs[rows]), "labels": examples.labels[rows]})
    labels = [label_text(target, dataset.class_names) for target in np.asarray(batch["labels"])]
    return np.asarray(batch["images"], np.float32), labels


def masked_views(
    dataset: Dataset, rows: np.ndarray, augment: Mapping[str, float], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return images of a data set with masks as one batch of the training would have them, and their masks.

    Both are changed alike: float32 (n, side, side, 3) 0..255, uint8 (n, side, side). For the arguments see `views`.
    """
    images, masks = np.asarray(dataset.images.pixels[rows]), dataset.masks[rows]
    change = build(augment, None, seed, None, len(dataset.class_names) + 1)
    labels = dataset.examples().labels[rows]
    batch = change({"images": images, "labels": labels, "segmentation_masks": masks})
    return np.asarray(batch["images"], np.float32), np.asarray(batch["segmentation_masks"])


def few(dataset: Dataset, number: int, seed: int = 0) -> np.ndarray:
    """Return the rows of `number` training images of each class, chosen at random."""
    examples, random = dataset.examples(), np.random.default_rng(seed)
    rows = examples.indices["train"]
    own = [rows[examples.labels[rows] == label] for label in range(len(dataset.class_names))]
    return np.concatenate([random.permutation(of_class)[:number] for of_class in own])


def sensor_noise(images: np.ndarray) -> np.ndarray:
    """Add noise to images 0..255, as `--augment-with lessons.previews:sensor_noise` does in training."""
    return np.clip(augmentation.noise(images, RANDOM, NOISE), 0, 255)

"""Labels as a share of each class: what mixed images and several labels have in the place of a class index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import tensorflow as tf


def to_soft_labels(labels: tf.Tensor, classes: int) -> tf.Tensor:
    """Return soft labels, float32 (batch, …, classes).

    Args:
        labels: class indices, int (batch, …), of which a negative one is of no class; or soft labels already, float
            (batch, …, classes), which come back as they are.
        classes: how many there are.
    """
    import tensorflow as tf

    return tf.one_hot(labels, classes) if labels.dtype.is_integer else labels


def flip_labels(labels: tf.Tensor, flipped: tf.Tensor, flipped_classes: np.ndarray) -> tf.Tensor:
    """Return labels, those of flipped images exchanged for the label of the mirrored image.

    Args:
        labels: class indices, int (batch,), or soft labels, float (batch, classes).
        flipped: which images were mirrored, bool (batch,).
        flipped_classes: class index -> class index of the mirrored image, int (classes,), each way.
    """
    import tensorflow as tf

    if labels.dtype.is_integer:
        return tf.where(flipped, tf.gather(tf.constant(flipped_classes, labels.dtype), labels), labels)
    return tf.where(flipped[:, None], tf.gather(labels, flipped_classes, axis=1), labels)


def to_numpy_soft_labels(labels: np.ndarray, classes: int) -> np.ndarray:
    """Do what `to_soft_labels` does, to NumPy's."""
    if not np.issubdtype(labels.dtype, np.integer):
        return labels
    return (labels[..., None] == np.arange(classes)).astype(np.float32)


def flip_numpy_labels(labels: np.ndarray, flipped: np.ndarray, flipped_classes: np.ndarray) -> np.ndarray:
    """Do what `flip_labels` does, to NumPy's."""
    if np.issubdtype(labels.dtype, np.integer):
        return np.where(flipped, flipped_classes[labels], labels).astype(labels.dtype)
    return np.where(flipped[:, None], labels[:, flipped_classes], labels)

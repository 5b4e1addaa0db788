"""A second task beside the class: learned together, told apart, and no part of what is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from data.batches import Examples
from data.dataset import Dataset
from models.parts.auxiliary_head import join, label_head, mask_head, with_map
from study.settings.train import TrainSettings
from study.tasks import segment

BATCH = 64
HEAD = "head"  # by which Keras tells the figures of the class from those of the second task


@dataclass(frozen=True)
class Joint:
    """What learns in the place of a classifier: network of both heads on the same backbone, and all that it reads."""

    model: keras.Model
    examples: Examples


def joint(classifier: keras.Model, examples: Examples, dataset: Dataset, settings: TrainSettings) -> Joint | None:
    """Put a second head beside the one of a classifier, which learns with it; None where no second task is asked for.

    Raises:
        UserError: the network has no feature map to make a mask of.
    """
    if settings.task.auxiliary == "none":
        return None
    _, backbone, head = classifier.layers
    if settings.task.auxiliary == "mask":
        backbone = with_map(backbone)
        second = mask_head(backbone.outputs[1].shape[-1], settings.data.seed)
        examples = replace(examples, masks=dataset.masks)
    else:
        second = label_head(backbone.output_shape[-1], len(dataset.second.names), settings.data.seed)
        examples = replace(examples, second=dataset.second)
    return Joint(join(backbone, head, second), examples)


def is_joint(model: keras.Model) -> bool:
    """Say whether a network has a second head."""
    return len(model.outputs) > 1


def targets(
    batches: tf.data.Dataset, model: keras.Model, examples: Examples, class_weight: Mapping[int, float] | None
) -> tf.data.Dataset:
    """Turn batches into pixels, shares of (the classes, the second task), and weights of both.

    A picture without a second label weighs 0 there. A mask comes at the side that the second head answers with, each of
    its pixels background or not by the larger part.
    """
    classes, picture = model.outputs[0].shape[-1], batches.element_spec[0].shape
    side = 0 if examples.second else model.compute_output_shape(tuple(picture))[1][1]

    def of_labels(pixels: tf.Tensor, packed: tf.Tensor) -> tuple[tf.Tensor, ...]:
        first, second, known = examples.second.unpacked(packed, classes)
        return pixels, first, second, known

    def of_masks(pixels: tf.Tensor, labels: tf.Tensor, masks: tf.Tensor) -> tuple[tf.Tensor, ...]:
        first = tf.one_hot(labels, classes) if labels.dtype.is_integer else labels
        part = tf.image.resize(tf.cast(masks > 0, tf.float32)[..., None], (side, side), "area")[..., 0]
        return pixels, first, tf.one_hot(tf.cast(part >= 0.5, tf.int32), 2), tf.ones_like(part)

    def both(pixels: tf.Tensor, first: tf.Tensor, second: tf.Tensor, known: tf.Tensor) -> tuple[Any, ...]:
        return pixels, (first, second), (tf.reduce_sum(first * weights, axis=1), known)

    weights = np.array([(class_weight or {}).get(index, 1.0) for index in range(classes)], np.float32)
    return batches.map(of_labels if examples.second else of_masks).map(both)


def compile(
    model: keras.Model,
    optimizer: keras.Optimizer,
    loss: keras.losses.Loss,
    metrics: list,
    weight: float,
) -> None:
    """Compile a network of two heads: `loss` and `metrics` are the class's, cross-entropy that of the second task."""
    of_mask = len(model.outputs[1].shape) == 4
    second = keras.metrics.OneHotIoU(2, [1], name="iou") if of_mask else keras.metrics.CategoricalAccuracy("accuracy")
    model.compile(
        optimizer,
        [loss, keras.losses.CategoricalCrossentropy()],
        loss_weights=[1.0, weight],
        metrics=[metrics, [second] if of_mask else []],
        weighted_metrics=[[], [] if of_mask else [second]],  # pictures without a second label do not count
    )


def plain(logs: dict[str, float]) -> dict[str, float]:
    """Call the class's figures as they are called without a second task: `head_accuracy` -> `accuracy`."""
    for name in list(logs):
        if f"{HEAD}_" in name and (renamed := name.replace(f"{HEAD}_", "", 1)) not in logs:
            logs[renamed] = logs[name]
    return logs


class PlainNames(keras.callbacks.Callback):
    """Renames the figures of an epoch for the callbacks that come after it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add the plain names."""
        plain(logs)


def judge(joint: Joint, part: str) -> dict[str, Any]:
    """Return what `metrics.json` says of the second task on a part: accuracy over the known labels, or IoU."""
    rows, examples = joint.examples.rows[part], joint.examples
    network = keras.Model(joint.model.inputs, joint.model.outputs[1])
    batches = [rows[first : first + BATCH] for first in range(0, len(rows), BATCH)]
    said = [network.predict_on_batch(examples.inputs[batch].astype(np.float32)).argmax(axis=-1) for batch in batches]
    if examples.second:
        true = examples.second.labels[rows]
        right, known = int((np.concatenate(said) == true).sum()), int((true >= 0).sum())
        return {"n": known, "accuracy": right / known if known else None, "labels": list(examples.second.names)}
    side, matrix = said[0].shape[1], np.zeros((2, 2), np.int64)
    for batch, masks in zip(batches, said, strict=True):
        part_of = tf.image.resize((examples.masks[batch] > 0)[..., None].astype(np.float32), (side, side), "area")
        matrix += segment.confusions(np.asarray(part_of)[..., 0] >= 0.5, masks, 2).sum(axis=0)
    return {"n": len(rows), "iou": float(np.nan_to_num(segment.iou(matrix)[1])), "side": side}

"""A second task beside the class: learned together, told apart, and no part of what is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from data.batches import Examples
from data.dataset import Dataset
from data.soft_labels import to_soft_labels
from models.parts.auxiliary_head import join, label_head, mask_head, with_map
from study.settings.train import TrainSettings
from study.tasks import segment

if TYPE_CHECKING:
    from data.augment.places import Batch

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


def targets(batch: Batch, shape: Sequence[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Return what the second head learns of a batch, and how much each of it weighs.

    Args:
        batch: as `data.batches` has it; its "segmentation_masks" or its "auxiliary" is learned.
        shape: of the head's answer: (None, side, side, 2) to a mask, (None, names) to a second label.

    Returns:
        Of masks, float32 (batch, side, side, 2) and ones, (batch, side, side): at the side of the answer each pixel is
        background or not by the larger part. Of second labels, soft labels, float32 (batch, names), and how much of
        them is known, (batch,) 0..1: an image without one weighs 0.
    """
    if len(shape) == 4:
        masks = tf.cast(batch["segmentation_masks"] > 0, tf.float32)[..., None]
        part = tf.image.resize(masks, tuple(shape[1:3]), "area")[..., 0]
        return tf.one_hot(tf.cast(part >= 0.5, tf.int32), 2), tf.ones_like(part)
    soft = to_soft_labels(batch["auxiliary"], shape[-1])
    known = tf.reduce_sum(soft, axis=1)
    return tf.math.divide_no_nan(soft, known[:, None]), known


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

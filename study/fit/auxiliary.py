"""An auxiliary task beside the class: learned together, told apart, and no part of what is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from data.batches import Examples
from data.dataset import Dataset
from data.mask_values import IGNORED
from data.numpy_batches import cut
from data.soft_labels import to_numpy_soft_labels
from models.parts.auxiliary_head import join_heads, label_head, mask_head, with_feature_map
from study.fit.counted import Counted
from study.settings.train import TrainSettings
from study.tasks import segment
from study.tasks.classify import EVAL_BATCH

HEAD = "head"  # by which Keras tells the figures of the class from those of the auxiliary task


@dataclass(frozen=True)
class AuxiliaryTraining:
    """What learns in the place of a classifier: network of both heads on the same backbone, and all that it reads."""

    model: keras.Model
    examples: Examples
    ignores: bool = False  # whether pixels of the masks may not count


def build_auxiliary_training(
    classifier: keras.Model, examples: Examples, dataset: Dataset, settings: TrainSettings
) -> AuxiliaryTraining | None:
    """Put a second head beside the one of a classifier, which learns with it; None where none is asked for.

    Raises:
        UserError: the network has no feature map to make a mask of.
    """
    if settings.task.auxiliary == "none":
        return None
    _, backbone, head = classifier.layers
    if settings.task.auxiliary == "mask":
        backbone = with_feature_map(backbone)
        auxiliary_head = mask_head(backbone.outputs[1].shape[-1], settings.data.seed)
        examples = replace(examples, masks=dataset.masks)
    else:
        auxiliary_head = label_head(backbone.output_shape[-1], len(dataset.auxiliary.names), settings.data.seed)
        examples = replace(examples, auxiliary=dataset.auxiliary)
    return AuxiliaryTraining(join_heads(backbone, head, auxiliary_head), examples, settings.task.ignores)


def has_auxiliary_head(model: keras.Model) -> bool:
    """Say whether a network has a second head."""
    return len(model.outputs) > 1


def values_of(batch: Mapping[str, Any]) -> Any:  # noqa: ANN401 - TensorFlow's or NumPy's, as the batch is
    """Return what of a batch, as `data.batches` has it, the second head learns: masks, or second labels."""
    return batch["auxiliary"] if "auxiliary" in batch else batch["segmentation_masks"]


def targets(values: np.ndarray, shape: Sequence[int], ignores: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Return what the second head learns of a batch, and how much each of it weighs, float32.

    Args:
        values: masks, uint8 (batch, side, side), or second labels, int (batch,) or soft, float32 (batch, names).
        shape: of the head's answer: (None, side, side, 2) to a mask, (None, names) to a second label.
        ignores: whether pixels of the masks may not count.

    Returns:
        Of masks, (batch, side, side, 2) and ones, (batch, side, side): at the side of the answer each pixel is
        background or not by the larger part; where the larger part does not count, its shares and its weight are 0, and
        those that count weigh more by as much. Of second labels, soft labels, (batch, names), and how much of them is
        known, (batch,) 0..1: an image without one weighs 0.
    """
    if len(shape) == 4:
        share, known = foreground(values, shape[1], ignores)
        soft = to_numpy_soft_labels((share >= 0.5).astype(int), 2)
        return (soft * known[..., None], weights_of_known(known)) if ignores else (soft, known)
    soft = to_numpy_soft_labels(values, shape[-1])
    known = soft.sum(axis=1)
    return divide(soft, known[:, None]), known


def foreground(masks: np.ndarray, side: int, ignores: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return which share of each pixel is not background at a side, and 1 where most of it counts, else 0."""
    if not ignores:
        share = area(masks > 0, side)
        return share, np.ones_like(share)
    counted = area(masks != IGNORED, side)
    share = divide(area((masks > 0) & (masks != IGNORED), side), counted)
    return share, (counted >= 0.5).astype(np.float32)


def area(where: np.ndarray, side: int) -> np.ndarray:
    """Return how much of each larger pixel is true: bool (batch, n, n) -> float32 (batch, side, side), 0..1."""
    pixels = np.arange(where.shape[1])
    edges = np.arange(side + 1)[:, None] * where.shape[1] / side
    overlap = np.minimum(edges[1:], pixels + 1) - np.maximum(edges[:-1], pixels)
    shares = (np.maximum(overlap, 0) * side / where.shape[1]).astype(np.float32)  # (side, n)
    return shares @ where.astype(np.float32) @ shares.T


def weights_of_known(known: np.ndarray) -> np.ndarray:
    """Return weights, 0 where `known` is 0, whose mean over the batch is 1."""
    return divide(known, known.mean())


def divide(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Divide; by 0 it is 0."""
    return np.divide(values, by, out=np.zeros_like(values), where=by != 0)


def compile_two_heads(
    model: keras.Model,
    optimizer: keras.Optimizer,
    loss: keras.losses.Loss,
    metrics: list,
    weight: float,
    ignores: bool = False,
) -> None:
    """Compile a network of two heads: `loss` and `metrics` are the class's, cross-entropy the auxiliary task's."""
    is_mask = len(model.outputs[1].shape) == 4
    auxiliary_metric = (
        keras.metrics.OneHotIoU(2, [1], name="iou") if is_mask else keras.metrics.CategoricalAccuracy("accuracy")
    )
    if is_mask and ignores:
        auxiliary_metric = Counted(auxiliary_metric)
    model.compile(
        optimizer,
        [loss, keras.losses.CategoricalCrossentropy()],
        loss_weights=[1.0, weight],
        metrics=[metrics, [auxiliary_metric] if is_mask else []],
        weighted_metrics=[[], [] if is_mask else [auxiliary_metric]],  # images without a second label do not count
    )


def with_plain_names(logs: dict[str, float]) -> dict[str, float]:
    """Call the class's figures as they are called without an auxiliary task: `head_accuracy` -> `accuracy`."""
    for name in list(logs):
        if f"{HEAD}_" in name and (renamed := name.replace(f"{HEAD}_", "", 1)) not in logs:
            logs[renamed] = logs[name]
    return logs


class PlainNames(keras.callbacks.Callback):
    """Renames the figures of an epoch for the callbacks that come after it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Add the plain names."""
        with_plain_names(logs)


def evaluate(auxiliary_training: AuxiliaryTraining, split: str) -> dict[str, Any]:
    """Return what `metrics.json` says of the auxiliary task on a split: accuracy over the known labels, or IoU."""
    indices, examples = auxiliary_training.examples.indices[split], auxiliary_training.examples
    network = keras.Model(auxiliary_training.model.inputs, auxiliary_training.model.outputs[1])
    batches = cut(indices, EVAL_BATCH)
    predicted = [
        network.predict_on_batch(examples.inputs[batch].astype(np.float32)).argmax(axis=-1) for batch in batches
    ]
    if examples.auxiliary:
        true = examples.auxiliary.labels[indices]
        right, known = int((np.concatenate(predicted) == true).sum()), int((true >= 0).sum())
        return {"n": known, "accuracy": right / known if known else None, "labels": list(examples.auxiliary.names)}
    side, matrix = predicted[0].shape[1], np.zeros((2, 2), np.int64)
    for batch, masks in zip(batches, predicted, strict=True):
        share, known = foreground(examples.masks[batch], side, auxiliary_training.ignores)
        true = np.where(known, share >= 0.5, IGNORED)
        matrix += segment.confusions(true, masks, 2).sum(axis=0)
    return {"n": len(indices), "iou": float(np.nan_to_num(segment.iou(matrix)[1])), "side": side}

"""What changes the images that a network learns from: TensorFlow in its batches, or Keras where that is missing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from data.augment import custom, numpy_draws, on_device, pipeline
from data.numpy_batches import Batch, share
from data.soft_labels import flip_numpy_labels, to_numpy_soft_labels
from study.runtime import by_backend, hardware
from study.settings.train import TrainSettings

if TYPE_CHECKING:
    from data.augment.pipeline import Augment


def build(settings: TrainSettings, flipped_classes: np.ndarray | None = None, **rest: Any) -> Augment | None:  # noqa: ANN401
    """Return a function of a batch that changes its images, or None where nothing is changed.

    Args:
        settings: with the augmentation settled.
        flipped_classes: class index -> class index of the mirrored image, where a flip changes the label.
        rest: what else `data.augment.pipeline.build` takes; and `first`, batches that came before, by which the numbers
            of NumPy's go on: those of TensorFlow's generator have a state (`data.augment.draws`).
    """
    regularization, seed = settings.regularization, settings.data.seed
    first, function = rest.pop("first", 0), regularization.augment_with
    if hardware.tensorflow_available():
        return pipeline.build(regularization.augment or {}, function, seed, flipped_classes, **rest)
    strengths = pipeline.chosen(regularization.augment or {}, rest.pop("mixing", True))
    if not (strengths or rest.get("size") or function):
        return None
    return Augmenter(strengths, function, seed, flipped_classes, first=first, **rest)


class Augmenter:
    """A function of a batch of NumPy's that changes its images by Keras' operations.

    Which changes depends on the seed and the number of the batch alone, so that a training goes on behind any of them.
    The arguments are those of `data.augment.pipeline.build`; `first` is the number of the first batch.
    """

    def __init__(
        self,
        strengths: dict[str, float],
        custom_function: str | None,
        seed: int,
        flipped_classes: np.ndarray | None = None,
        classes: int = 0,
        size: int | None = None,
        number: int = 0,
        auxiliary_classes: int = 0,
        shard: tuple[int, int] = (0, 1),
        first: int = 0,
    ) -> None:
        self.strengths, self.size, self.shard, self.batches = strengths, size, shard, first
        self.seed, self.phase = seed, number
        self.flipped_classes, self.classes = flipped_classes, {"labels": classes, "auxiliary": auxiliary_classes}
        self.path, self.function = custom_function, custom.load(custom_function) if custom_function else None
        self.change = by_backend.compiled(partial(on_device.change, size=size))

    def __call__(self, batch: Batch) -> Batch:
        """Return the batch with its images changed, on the device, and its labels and masks, NumPy's."""
        count, side = batch["images"].shape[:2]
        drawn = self.draw(count, side)
        batch = self.with_labels(batch, drawn)
        if "segmentation_masks" in batch:
            batch["segmentation_masks"] = moved_masks(batch["segmentation_masks"], drawn, self.size or side)
        changed = self.change(batch["images"], drawn)
        if self.function or self.shard[1] > 1:  # of a share Keras makes a part of what lies on all devices
            changed = keras.ops.convert_to_numpy(changed)
        if self.function:
            changed = custom.apply(self.path, self.function, changed)
        return {**batch, "images": changed}

    def draw(self, count: int, side: int) -> numpy_draws.Drawn:
        """Draw what is done to the next batch, of which several processes have a share each."""
        random = np.random.default_rng((self.seed, self.phase, self.batches))
        self.batches += 1
        drawn = numpy_draws.draw(self.strengths, random, count * self.shard[1], side, self.size)
        rows = share(np.arange(count * self.shard[1]), *self.shard)
        return {name: values[rows] for name, values in drawn.items()}

    def with_labels(self, batch: Batch, drawn: numpy_draws.Drawn) -> Batch:
        """Return the batch with the labels of mirrored images, and of mixed ones shares of both."""
        batch = dict(batch)
        if "flipped" in drawn and self.flipped_classes is not None:
            batch["labels"] = flip_numpy_labels(batch["labels"], drawn["flipped"], self.flipped_classes)
        shares = [drawn["cutmix"].mean(axis=2).prod(axis=1)] if "cutmix" in drawn else []
        shares += [drawn["mixup"]] if "mixup" in drawn else []
        for key in ("labels", "auxiliary") if shares else ():
            if key in batch:
                labels = to_numpy_soft_labels(batch[key], self.classes[key])
                for part in shares:
                    labels = labels + (labels[::-1] - labels) * part.astype(np.float32)[:, None]
                batch[key] = labels
        return batch


def moved_masks(masks: np.ndarray, drawn: numpy_draws.Drawn, size: int) -> np.ndarray:
    """Return masks, uint8 (batch, side, side), whose pixels are moved, and mixed, as those of the images are."""
    moved = on_device.move(keras.ops.cast(masks[..., None], "float32"), drawn, size, "nearest")
    moved = keras.ops.convert_to_numpy(moved)[..., 0].astype(masks.dtype)
    if "cutmix" not in drawn:
        return moved
    inside = drawn["cutmix"][:, 0, :, None] & drawn["cutmix"][:, 1, None, :]
    return np.where(inside, moved[::-1], moved)

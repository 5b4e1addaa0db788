"""What a network learns from and is judged by: batches of examples with their labels as Keras takes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from data import numpy_batches
from data.augment.draws import Draws
from data.batches import Examples, eval_batches, train_batches
from data.soft_labels import to_soft_labels
from study.fit import augmentation, auxiliary, numpy_targets
from study.fit.objective import weight_array
from study.runtime import by_backend, hardware
from study.settings.stages import ResolutionPhase, Stage
from study.settings.train import TrainSettings
from study.tasks.classify import EVAL_BATCH

if TYPE_CHECKING:
    import tensorflow as tf

    from data.augment.geometry import Batch
    from data.augment.pipeline import Augment

    Batches = (
        tf.data.Dataset | numpy_targets.Judged | Iterator[tuple[Any, ...]]
    )  # what Keras learns from, or is judged by


def keras_batches(
    batches: tf.data.Dataset,
    model: keras.Model,
    class_weight: Mapping[int, float] | None = None,
    ignores: bool = False,
) -> tf.data.Dataset:
    """Turn batches, dicts as `data.batches` has them, into what Keras' `fit` takes: (x, y) or (x, y, sample_weight).

    x are the images. y are soft labels, float32 (batch, classes), or of a network that answers for every pixel its
    masks, one-hot, float32 (batch, side, side, classes). An example, or a pixel, weighs what its classes do, each by
    its share: float32 (batch,) or (batch, side, side); without `class_weight` there are no weights. A network of two
    heads gets a tuple of two of y, and always of two of the weights (`auxiliary.targets`).

    `ignores`: pixels may be of no class. All shares of their label are 0, and they weigh nothing; the others weigh more
    by as much, so that a batch's loss, which Keras divides by the number of all pixels, is the mean of the others.
    """
    import tensorflow as tf

    classes, two_heads = model.outputs[0].shape[-1], auxiliary.has_auxiliary_head(model)
    key = "segmentation_masks" if len(model.outputs[0].shape) == 4 else "labels"
    weights = weight_array(class_weight, classes)
    # Of the heads' answers to images of this size: the network itself may take any.
    shape = model.compute_output_shape(tuple(batches.element_spec["images"].shape))[1] if two_heads else ()

    def to_keras(batch: Batch) -> tuple[Any, ...]:
        y = to_soft_labels(batch[key], classes)
        if not two_heads:
            if ignores and key == "segmentation_masks":
                known = tf.reduce_sum(y, axis=-1)
                weight = tf.math.divide_no_nan(known, tf.reduce_mean(known))
                return batch["images"], y, tf.linalg.matvec(y, weights) * weight
            return (batch["images"], y, tf.linalg.matvec(y, weights)) if class_weight else (batch["images"], y)
        learn = partial(auxiliary.targets, shape=shape, ignores=ignores)
        targets, known = tf.numpy_function(learn, [auxiliary.values_of(batch)], [tf.float32, tf.float32])
        targets, known = tf.ensure_shape(targets, shape), tf.ensure_shape(known, shape[:-1])
        return batch["images"], (y, targets), (tf.linalg.matvec(y, weights), known)

    return batches.map(to_keras)


def judged(
    examples: Examples,
    split: str,
    batch_size: int,
    model: keras.Model,
    class_weight: Mapping[int, float] | None = None,
    ignores: bool = False,
    size: int | None = None,
) -> Batches:
    """Return the batches of a split in its order, as Keras takes them; `size` is that to which images are scaled."""
    if not hardware.tensorflow_available():
        return numpy_targets.judged(examples, split, batch_size, model, class_weight, ignores, size)
    return keras_batches(eval_batches(examples, split, batch_size, size), model, class_weight, ignores)


def as_one_batch(
    examples: Examples,
    rows: np.ndarray,
    model: keras.Model,
    class_weight: Mapping[int, float] | None = None,
    ignores: bool = False,
    size: int | None = None,
) -> tuple[Any, ...]:
    """Return some rows as one batch, as Keras takes it, of NumPy's arrays."""
    batches = judged(replace(examples, indices={"": rows}), "", len(rows), model, class_weight, ignores, size)
    return next(batches.as_numpy_iterator()) if hardware.tensorflow_available() else batches[0]


def first_batch(model: keras.Model, stage: Stage, examples: Examples) -> tuple[np.ndarray, Any]:
    """Return the first training images as they are, float32, and what is to be learned of them."""
    return as_one_batch(examples, examples.indices["train"][: stage.batch_size], model)[:2]


@dataclass(frozen=True)
class PhaseSource:
    """What the batches of a phase are made of: for which network and stage, from what, how, and the phase's number."""

    model: keras.Model
    stage: Stage
    examples: Examples
    settings: TrainSettings
    class_weight: Mapping[int, float] | None
    phase: ResolutionPhase
    number: int

    @property
    def size(self) -> int | None:
        """Return the side to which images are scaled, where that is another in each phase."""
        return self.phase.size if self.settings.optimization.progressive and self.stage.name != "head" else None


def as_iterator(training: Batches) -> Iterator[tuple[Any, ...]]:
    """Return what yields the batches to learn from one after the other, as Keras' `train_on_batch` takes them."""
    return training.as_numpy_iterator() if hardware.tensorflow_available() else training


def form_of(training: Batches, source: PhaseSource) -> Any:  # noqa: ANN401 - whatever Keras takes
    """Return what has the shapes and types of the batches that a phase learns from."""
    if hardware.tensorflow_available():
        return training.element_spec
    first, ignores = source.examples.indices["train"][: source.stage.batch_size], source.settings.task.ignores
    return as_one_batch(source.examples, first, source.model, source.class_weight, ignores, source.size)


def augment_of(source: PhaseSource, first: int) -> Augment | None:
    """Return what changes the batches of a phase from number `first` on; None for a head, whose views were made before.

    Mixed images have no place in the last of several phases: it shows whole ones, as they will be judged.
    """
    if source.stage.name == "head":
        return None
    examples = source.examples
    return augmentation.build(
        source.settings,
        examples.flipped_classes,
        classes=source.model.outputs[0].shape[-1],
        size=source.size,
        number=source.number,
        mixing=source.phase.mixing,
        auxiliary_classes=len(examples.auxiliary.names) if examples.auxiliary else 0,
        shard=by_backend.shard(),
        first=first,
    )


def phase_batches(
    source: PhaseSource, first: int | None = None, random_state: np.ndarray | None = None
) -> tuple[Batches, Batches, Draws]:
    """Return the batches to learn from and to judge by at a phase's size, as Keras' `fit` takes them.

    Args:
        source: what they are made of.
        first: those to learn from follow each other without end, and so many of them are left out.
        random_state: of the augmentation behind those that are left out.

    Returns:
        The third value knows the state of the augmentation's random numbers behind each of the first.
    """
    model, stage, settings, examples = source.model, source.stage, source.settings, source.examples
    ignores, augment = settings.task.ignores, augment_of(source, first or 0)
    shard = (0, 1) if stage.name == "head" else by_backend.shard()  # a head learns in each process by itself
    seed = settings.data.seed + source.number  # else a phase would see the order of the one before
    draws = Draws(augment, first or 0, random_state)
    balanced = settings.regularization.sampler == "balanced"
    validation = judged(examples, "val", EVAL_BATCH, model, ignores=ignores, size=source.size)
    if not hardware.tensorflow_available():
        batches = numpy_batches.train_batches(examples, stage.batch_size, seed, balanced, first or 0, shard)
        batches = map(augment, batches) if augment else batches
        return (
            (numpy_targets.to_keras(batch, model, source.class_weight, ignores) for batch in batches),
            validation,
            draws,
        )
    training = train_batches(examples, stage.batch_size, seed, draws.function(), balanced, first, shard)
    return keras_batches(training, model, source.class_weight, ignores), validation, draws

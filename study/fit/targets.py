"""What a network learns from and is judged by: batches of examples with their labels as Keras takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras

from data.augment import pipeline
from data.batches import Examples, eval_batches, shares, train_batches
from study.fit import auxiliary
from study.settings.stages import Phase, Stage
from study.settings.train import TrainSettings
from study.tasks.classify import EVAL_BATCH

if TYPE_CHECKING:
    import tensorflow as tf


def first_batch(model: keras.Model, stage: Stage, examples: Examples, settings: TrainSettings) -> tuple[tf.Tensor, Any]:
    """Return the first training pictures as they are, float32, and what is to be learned of them."""
    first = replace(examples, rows={"": examples.rows["train"][: stage.batch_size]})
    return next(iter(targets(eval_batches(first, "", stage.batch_size), model, first, settings)))[:2]


def targets(
    batches: tf.data.Dataset,
    model: keras.Model,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None = None,
) -> tf.data.Dataset:
    """Turn batches of examples into what Keras learns from: shares of the classes, of a picture or of every pixel.

    A network of two heads gets what both learn.
    """
    if auxiliary.is_joint(model):
        return auxiliary.targets(batches, model, examples, class_weight)
    if examples.masks is not None:
        batches = batches.map(lambda pixels, labels, masks: (pixels, masks))
    return shares(batches, model.output_shape[-1], class_weight)


def phase_batches(
    model: keras.Model,
    stage: Stage,
    examples: Examples,
    settings: TrainSettings,
    class_weight: Mapping[int, float] | None,
    phase: Phase,
    number: int,
) -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Return the batches to learn from and to judge by at a phase's size.

    Mixed pictures have no place in the last of several phases: it shows whole ones, as they will be judged.
    """
    classes = model.outputs[0].shape[-1]
    size = phase.size if settings.optimization.progressive and stage.name != "head" else None
    mirror = examples.mirror
    if second := examples.second:  # both labels are one number
        mirror, classes = second.mirror(mirror), classes * (len(second.names) + 1)
    augment = None  # a head's views were made before
    if stage.name != "head":
        augment = pipeline.build(
            settings.regularization.augment or {},
            settings.regularization.augment_with,
            settings.data.seed,
            mirror,
            classes,
            size,
            number,
            phase.mixing,
        )
    seed = settings.data.seed + number  # else a phase would see the order of the one before
    training = train_batches(examples, stage.batch_size, seed, augment, settings.regularization.sampler == "balanced")
    validation = eval_batches(examples, "val", EVAL_BATCH, size)
    return targets(training, model, examples, settings, class_weight), targets(validation, model, examples, settings)

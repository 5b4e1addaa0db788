"""How long a training will take on this machine."""

from __future__ import annotations

import time

import keras

from data.batches import Examples, iterations
from models.parts.head import unfreeze
from study.fit.objective import compile_model
from study.fit.targets import first_batch
from study.fit.training_copy import training_copy
from study.runtime.backend import user_errors
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings


def minutes_at(images_per_second: float, stage: Stage, settings: TrainSettings, images: int) -> float:
    """Return the minutes of a stage, from the rate at the input's size: the cost of an image goes with its area."""
    size = settings.data.image_size or 1
    resolution_phases = phases(stage.epochs, settings.optimization.progressive, size)
    epochs = sum((phase.end - phase.first) * (phase.size / size) ** 2 for phase in resolution_phases)
    return epochs * images / images_per_second / 60


def minutes_for(classifier: keras.Model, examples: Examples, stage: Stage, settings: TrainSettings) -> float:
    """Time one iteration of a stage on this machine and return the minutes that all its epochs would take.

    Under `--precision auto` those of float32: the stage may find bfloat16 faster.
    """
    copy = training_copy(classifier, "bfloat16" if settings.run.precision == "bfloat16" else "float32")
    if stage.name == "finetune":
        unfreeze(copy.layers[1])
    compile_model(copy, stage, settings, 1)
    with user_errors():
        x, y = first_batch(classifier, stage, examples)
    copy.train_on_batch(x, y)  # builds the graph
    started = time.perf_counter()
    copy.train_on_batch(x, y)
    seconds = time.perf_counter() - started
    whole_batches = iterations(len(examples.indices["train"]), stage.batch_size) * stage.batch_size
    return minutes_at(stage.batch_size / seconds, stage, settings, whole_batches)

"""How long a training will take on this machine."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from importlib.metadata import version

import keras

from data.batches import Examples, iterations
from data.store.store import Store
from models.parts.head import unfreeze
from study.fit.objective import compile_model
from study.fit.targets import first_batch
from study.fit.training_copy import training_copy
from study.runtime import hardware
from study.runtime.backend import user_errors
from study.settings.stages import Stage, phases
from study.settings.train import TrainSettings

SECONDS = "seconds per iteration (1)"  # in the store: raise the number when an iteration becomes faster or slower


def minutes_at(images_per_second: float, stage: Stage, settings: TrainSettings, images: int) -> float:
    """Return the minutes of a stage, from the rate at the input's size: the cost of an image goes with its area."""
    size = settings.data.image_size or 1
    resolution_phases = phases(stage.epochs, settings.optimization.progressive, size)
    epochs = sum((phase.end - phase.first) * (phase.size / size) ** 2 for phase in resolution_phases)
    return epochs * images / images_per_second / 60


def minutes_for(
    classifier: keras.Model, examples: Examples, stage: Stage, settings: TrainSettings, store: Store
) -> float:
    """Return the minutes that all epochs of a stage would take here, from the time of one iteration.

    What was measured once on a machine is not measured again: that takes 5 s, as long as all else of a warm transfer.
    """
    key = _measured_as(classifier, stage, settings)
    if (kept := store.blob(SECONDS, key)) is not None:
        seconds = float(kept)
    else:
        seconds = seconds_per_iteration(classifier, examples, stage, settings)
        store.keep_blob(SECONDS, key, repr(seconds).encode())
    whole_batches = iterations(len(examples.indices["train"]), stage.batch_size) * stage.batch_size
    return minutes_at(stage.batch_size / seconds, stage, settings, whole_batches)


def seconds_per_iteration(classifier: keras.Model, examples: Examples, stage: Stage, settings: TrainSettings) -> float:
    """Time one iteration of a stage.

    Under `--precision auto` it is one in float32: the stage may find bfloat16 faster.
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
    return time.perf_counter() - started


def _measured_as(classifier: keras.Model, stage: Stage, settings: TrainSettings) -> str:
    """Name what the time of an iteration depends on."""
    run, optimization = settings.run, settings.optimization
    return json.dumps(
        [
            [hardware.machine(), version(keras.config.backend()), version("keras")],
            [run.model, run.precision, classifier.input_shape[1:], classifier.output_shape[1:]],
            [classifier.count_params(), asdict(settings.network)],
            [stage.name, stage.batch_size, optimization.optimizer, optimization.ema],
        ]
    )

"""A training as a lesson needs it: some flags of `train`, nothing printed, nothing written."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from models.parts.weights import build_backbone
from study import tasks
from study.fit import auxiliary, fit
from study.fit.network import with_head
from study.runtime import console
from study.settings.resolve import defaults_of, options_of, resolve
from study.settings.source import load_dataset
from study.settings.stages import stages_of
from study.settings.train import TrainSettings
from study.train import resolve_learning
from study.train.prepare import examples_of, weights_of_classes

if TYPE_CHECKING:
    import keras

    from data.dataset import Dataset


@dataclass(frozen=True)
class Learned:
    """What a training from random weights led to.

    Args:
        network: pixels -> probabilities, of an image or of each pixel, with the weights of its best epoch.
        history: a row an epoch, as `history.csv` has it.
        judge: returns the accuracy on validation.
    """

    network: keras.Model
    history: list[dict[str, Any]]
    judge: Callable[[], float]

    @cached_property
    def accuracy(self) -> float:
        """On validation, of the weights that were kept; of pixels where those are learned."""
        return self.judge()  # only where it is asked for: TensorFlow traces the network for it


def read(data: str | None = None, image_size: int = 32, **values: Any) -> Dataset:  # noqa: ANN401
    """Return the data set of a lesson: the drawings, or a folder with one sub-folder of images a class."""
    with console.silent():
        return load_dataset(TrainSettings.of(data=data, image_size=image_size, **values))


def learn(dataset: Dataset, indices: np.ndarray | None = None, **values: Any) -> Learned:  # noqa: ANN401
    """Train a network from random weights as `python main.py train` would.

    Args:
        dataset: the images, of the size that the network is to take.
        indices: of the images to learn from (default: the training split).
        values: settings of `train` by their names there; `model`, `seed`, `epochs`, `optimizer`, …

    Raises:
        UserError: settings that do not go together.
    """
    import keras

    explicit = {"model": "lenet", "learning": "scratch", "precision": "float32", "keep_diverged": True, **values}
    settings = resolve(explicit, defaults_of(models.get(explicit["model"]).SPEC, explicit))
    settings = resolve_learning(settings.with_values(image_size=dataset.images.pixels.shape[1]), "scratch", "none")
    examples, task = examples_of(dataset, settings), tasks.get(settings.task.name)
    if indices is not None:
        examples = replace(examples, indices={**examples.indices, "train": indices})
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # that many networks are built is meant
    keras.utils.set_random_seed(settings.data.seed)
    options = options_of(settings.network, settings.regularization)
    backbone = build_backbone(settings.run.model, settings.data.image_size, "none", options)
    names = task.outputs(dataset.class_names)
    network = with_head(backbone, settings.network, settings.regularization, len(names), settings.task.name)
    weights = weights_of_classes(examples, names, settings.regularization)
    stages = stages_of(settings.optimization, "scratch")

    def judge() -> float:
        with console.silent():
            return task.evaluate(network, examples, names, "val").metrics["accuracy"]

    with console.silent():
        second = auxiliary.build_auxiliary_training(network, examples, dataset, settings)
        (outcome,) = fit(network, examples, None, stages, settings, weights, second)
    return Learned(network, outcome.history, judge)

"""Trainings of one architecture from several first weights: its graph is compiled once, as deep ones take long to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import models
from models.parts.options import ArchitectureOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from data.dataset import Dataset


def training_losses(
    dataset: Dataset,
    indices: np.ndarray,
    seeds: Sequence[int],
    model: str,
    epochs: int,
    rate: float = 0.005,
    **options: int,
) -> np.ndarray:
    """Return the training loss of each epoch, (seeds, epochs), by Adam at a constant rate, in batches of 32.

    Args:
        dataset: the images.
        indices: of those to learn from.
        seeds: of the first weights and the order of the images.
        model: its name, as `--model` takes it.
        epochs: of each training.
        rate: of learning.
        options: of the network, such as `depth` and `width`.
    """
    import keras

    examples = dataset.examples()
    x, y = examples.inputs[indices].astype(np.float32), examples.labels[indices]

    def fresh(seed: int) -> keras.Model:
        keras.utils.set_random_seed(seed)
        backbone = models.build(model, x.shape[1], options=ArchitectureOptions(**options))
        return models.classifier(backbone, len(dataset.class_names))

    network = fresh(seeds[0])
    optimizer = keras.optimizers.Adam(rate)
    optimizer.build(network.trainable_variables)
    untouched = [np.array(variable) for variable in optimizer.variables]
    network.compile(optimizer, "sparse_categorical_crossentropy")
    losses = []
    for seed in seeds:
        network.set_weights(fresh(seed).get_weights())
        for variable, value in zip(optimizer.variables, untouched, strict=True):
            variable.assign(value)
        losses.append(network.fit(x, y, 32, epochs, verbose=0).history["loss"])
    return np.array(losses)

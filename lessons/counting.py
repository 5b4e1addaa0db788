"""What a network costs: its parameters and its multiply-adds for one image, without training it."""

from __future__ import annotations

from typing import NamedTuple

import models
from models.parts.options import ArchitectureOptions
from study.inspect.summary import leaf_layers, multiply_adds


class Cost(NamedTuple):
    """Parameters, and multiply-adds for one image."""

    parameters: int
    multiply_adds: int


def cost_of(model: str, image_size: int, **options: int) -> Cost:
    """Return what a model's backbone costs. It has no values, so that a large one costs no memory either.

    Args:
        model: its name, as `--model` takes it.
        image_size: side of the image.
        options: of the network, such as `depth` and `width`.
    """
    import keras

    with keras.StatelessScope(initialize_variables=False):
        network = models.build(model, image_size, options=ArchitectureOptions(**options))
    return Cost(network.count_params(), sum(multiply_adds(layer) for layer in leaf_layers(network)))

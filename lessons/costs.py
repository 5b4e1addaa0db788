"""What a training costs beside its accuracy: the memory of the values that it keeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

BYTES = 4  # of a float32


def activation_megabytes(network: keras.Model, batch_size: int) -> float:
    """Return the megabytes of all layers' outputs for a batch, which training keeps until the gradient has gone back.

    Weights, gradients and the working memory of a convolution come on top; of these none but the last grows with the
    batch.
    """
    values = sum(math.prod(layer.output.shape[1:]) for layer in network.layers)
    return batch_size * values * BYTES / 1e6

"""Memory of a training."""

import keras
import pytest

from lessons import costs


def test_every_output_counts_once_an_image():
    network = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    assert costs.activation_megabytes(network, 1) == pytest.approx(4 * (48 + 2) / 1e6)
    assert costs.activation_megabytes(network, 10) == pytest.approx(4 * 10 * (48 + 2) / 1e6)

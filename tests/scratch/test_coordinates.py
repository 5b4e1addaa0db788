"""Coordinates as channels: as Keras' graph of the models has them, and what a network can tell with them alone."""

import keras
import numpy as np
import pytest

from models.parts.options import ArchitectureOptions, coordinates
from scratch import train
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.conv import Conv
from scratch.coordinates import dots, with_coordinates
from scratch.optimizers import Adam
from scratch.pooling import GlobalAveragePool


@pytest.mark.parametrize("shape", [(2, 4, 4, 3), (1, 5, 5, 1), (3, 4, 6, 2)])
def test_channels_equal_those_of_the_models(shape):
    x = np.random.default_rng(0).uniform(size=shape).astype(np.float32)
    theirs = coordinates(keras.ops.convert_to_tensor(x), ArchitectureOptions(coordinates=True))
    np.testing.assert_allclose(with_coordinates(x), theirs, atol=1e-6)
    assert with_coordinates(x).dtype == np.float32


@pytest.mark.parametrize("seed", [0, 1])
def test_left_and_right_look_alike_without_coordinates(seed):
    images, right = dots(200, 12, np.random.default_rng(seed))
    found = {}
    for name, x in (("without", images), ("with", with_coordinates(images))):
        rng = np.random.default_rng(seed)
        layers = [Conv(x.shape[-1], 6, 3, rng), Activation("relu"), GlobalAveragePool(), Affine(6, 2, rng)]
        train.fit(layers, (x[:100], right[:100]), (x[100:], right[100:]), Adam(0.02), 40, rng)
        found[name] = train.predict(layers, x)
    assert np.ptp(found["without"], axis=0).max() < 1e-9  # the same answer to every image
    assert np.mean(found["with"][100:].argmax(1) == right[100:].argmax(1)) > 0.9

"""Trainings of one architecture from several first weights."""

import keras
import numpy as np
import pytest
from helpers import make_toy

import models
from lessons import read
from lessons.depths import training_losses
from models.parts.options import ArchitectureOptions


@pytest.mark.slow
def test_each_seed_learns_as_if_it_were_alone(tmp_path):
    dataset = read(str(make_toy(tmp_path / "toy")), image_size=32)
    rows = dataset.examples().indices["train"]
    both = training_losses(dataset, rows, (0, 1), "plain", epochs=2, depth=8, width=4)
    assert both.shape == (2, 2)
    assert not np.allclose(both[0], both[1])
    keras.utils.set_random_seed(1)
    backbone = models.build("plain", 32, options=ArchitectureOptions(depth=8, width=4))
    network = models.classifier(backbone, len(dataset.class_names))
    network.compile(keras.optimizers.Adam(0.005), "sparse_categorical_crossentropy")
    examples = dataset.examples()
    alone = network.fit(examples.inputs[rows].astype(np.float32), examples.labels[rows], 32, 2, verbose=0)
    assert both[1] == pytest.approx(alone.history["loss"], rel=0.02)

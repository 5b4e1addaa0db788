"""A flip changes which way an animal faces: it destroys that label, unless the label is swapped with it."""

import numpy as np
import pytest

from study.runtime import backend

backend.start()

import keras  # noqa: E402

from data.batches import Examples  # noqa: E402
from data.drawn import draw  # noqa: E402
from models.parts.head import classifier, head  # noqa: E402
from models.parts.weights import build_backbone  # noqa: E402
from study.fit.loop import run_stage  # noqa: E402
from study.settings.stages import Stage  # noqa: E402
from study.settings.train import TrainSettings  # noqa: E402
from study.tasks.classify import predict  # noqa: E402

SIZE, TRAIN, VAL = 32, 480, 160
FLIP = {"flip": 1.0}


@pytest.fixture(scope="module")
def drawings():
    """Horses, labelled by the direction they face: 0 left, 1 right."""
    pictures = [draw.draw("horse", seed, SIZE) for seed in range(TRAIN + VAL)]
    pixels = np.stack([np.asarray(picture.image) for picture in pictures])
    labels = np.array([picture.facing == "right" for picture in pictures], np.int32)
    return pixels, labels


def accuracy(drawings, augment, mirror):
    keras.utils.set_random_seed(0)
    pixels, labels = drawings
    rows = {"train": np.arange(TRAIN), "val": np.arange(TRAIN, TRAIN + VAL)}
    examples = Examples(pixels, labels, rows, mirror)
    model = classifier(build_backbone("original", SIZE, "none"), head(128, 2, 0.0))
    run_stage(model, Stage("scratch", 6, 32, 2e-3), examples, TrainSettings.of(augment=augment, patience=0))
    predicted = predict(model, examples, rows["val"], "").argmax(axis=1)
    return (predicted == labels[rows["val"]]).mean()


@pytest.mark.slow
def test_a_flip_destroys_the_direction_and_a_flip_with_swapped_labels_does_not(drawings):
    flipped = accuracy(drawings, FLIP, None)
    swapped = accuracy(drawings, FLIP, np.array([1, 0], np.int32))
    assert flipped < 0.7
    assert swapped > 0.85

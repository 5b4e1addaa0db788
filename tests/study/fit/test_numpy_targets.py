"""What Keras gets without TensorFlow is what it gets from TensorFlow's batches."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
import tensorflow as tf

from data.auxiliary_labels import AuxiliaryLabels
from data.batches import Examples, eval_batches
from study.fit import auxiliary
from study.fit.numpy_targets import judged
from study.fit.targets import keras_batches

SIDE, COUNT = 4, 11
WEIGHTS = {0: 2.0, 1: 0.5, 2: 1.0}


def network(*layers):
    return keras.Sequential([keras.Input((SIDE, SIDE, 3)), *layers])


def inputs():
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)


def agree(examples, model, class_weight=None, ignores=False, size=None):
    mine = judged(examples, "val", 4, model, class_weight, ignores, size)
    batches = eval_batches(examples, "val", 4, size)
    theirs = list(keras_batches(batches, model, class_weight, ignores).as_numpy_iterator())
    assert len(mine) == len(theirs) == 2
    for index, expected in enumerate(theirs):
        found = mine[index]
        assert len(found) == len(expected)
        for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
            one = keras.ops.convert_to_numpy(one)
            assert one.dtype == other.dtype
            np.testing.assert_allclose(one, other, rtol=1e-6)


@pytest.mark.parametrize("class_weight", [None, WEIGHTS])
@pytest.mark.parametrize("soft", [False, True])
def test_of_classes(soft, class_weight):
    random = np.random.default_rng(1)
    labels = random.random((COUNT, 3)).astype(np.float32) if soft else random.integers(0, 3, COUNT, np.int32)
    examples = Examples(inputs(), labels, {"val": np.array([7, 1, 0, 3, 9, 10, 2])})
    agree(examples, network(keras.layers.Flatten(), keras.layers.Dense(3)), class_weight)


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("class_weight", [None, WEIGHTS])
def test_of_pixels(class_weight, ignores):
    masks = np.random.default_rng(2).integers(0, 3, (COUNT, SIDE, SIDE), np.uint8)
    masks[:, 0] = 255 if ignores else 0  # of no class
    examples = Examples(inputs(), np.zeros(COUNT, np.int32), {"val": np.arange(7)}, masks=masks)
    agree(examples, network(keras.layers.Conv2D(3, 1)), class_weight, ignores)


def test_at_another_size():
    examples = Examples(inputs(), np.zeros(COUNT, np.int32), {"val": np.arange(7)})
    agree(examples, network(keras.layers.Flatten(), keras.layers.Dense(3)), size=SIDE)
    agree(examples, network(keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)), size=SIDE // 2)


@pytest.mark.parametrize("ignores", [False, True])
def test_of_a_second_head_that_learns_masks(ignores):
    masks = np.random.default_rng(2).integers(0, 3, (COUNT, 7, 7), np.uint8)
    masks[:, :3] = 255 if ignores else 0
    examples = Examples(inputs(), np.zeros(COUNT, np.int32), {"val": np.arange(7)}, masks=masks)
    agree(examples, two_heads(keras.layers.Conv2D(2, 1)), WEIGHTS, ignores)


def test_of_a_second_head_that_learns_another_label():
    second = AuxiliaryLabels(("a", "b"), np.array([0, 1, -1, 1, 0, 0, -1, 1, 1, 0, 0], np.int32))
    examples = Examples(inputs(), np.zeros(COUNT, np.int32), {"val": np.arange(7)}, auxiliary=second)
    agree(examples, two_heads(keras.layers.Flatten(), keras.layers.Dense(2)))


def two_heads(*layers):
    image = keras.Input((SIDE, SIDE, 3))
    answer = image
    for layer in layers:
        answer = layer(answer)
    return keras.Model(image, [keras.layers.Dense(3)(keras.layers.Flatten()(image)), answer])


def test_shares_of_larger_pixels_are_tensorflows():
    where = np.random.default_rng(3).random((2, 7, 7)) < 0.5
    for side in (3, 5, 7):
        expected = tf.image.resize(where.astype(np.float32)[..., None], (side, side), "area")[..., 0]
        np.testing.assert_allclose(auxiliary.area(where, side), expected, atol=1e-6)

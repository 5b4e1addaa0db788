"""What Keras' fit gets of a batch: of images, of their pixels, and of two tasks at once."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import noisy_images, settings

from data.auxiliary_labels import AuxiliaryLabels
from data.batches import Examples
from study.fit.targets import PhaseSource, first_batch, keras_batches, phase_batches
from study.settings.stages import ResolutionPhase, Stage

SIDE, WEIGHTS = 4, {0: 2.0, 1: 0.5}


def network(*shapes):
    """A network whose answers have these shapes; what they are does not matter here."""
    image = keras.Input((SIDE, SIDE, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(image)
    heads = [
        keras.layers.Reshape(shape)(keras.layers.Dense(int(np.prod(shape)))(pooled)) if len(shape) > 1
        else keras.layers.Dense(*shape)(pooled)
        for shape in shapes
    ]  # fmt: skip
    return keras.Model(image, heads[0] if len(heads) == 1 else heads)


def taken(model, class_weight=None, **keys):
    """What fit takes of one batch."""
    images = np.zeros((len(next(iter(keys.values()))), SIDE, SIDE, 3), np.float32)
    batches = tf.data.Dataset.from_tensors({"images": images, **keys})
    batches = batches.map(lambda batch: {**batch, "images": tf.ensure_shape(batch["images"], (None, SIDE, SIDE, 3))})
    (found,) = keras_batches(batches, model, class_weight)
    return found


def test_labels_become_soft_and_each_image_weighs_what_its_classes_do():
    labels = np.array([0, 2, 1], np.int32)
    images, plain = taken(network((3,)), labels=labels)
    assert images.shape == (3, SIDE, SIDE, 3)
    np.testing.assert_array_equal(plain, np.eye(3)[labels])
    _, again, weights = taken(network((3,)), {0: 2.0, 1: 0.5, 2: 1.0}, labels=labels)
    np.testing.assert_array_equal(again, plain)
    np.testing.assert_array_equal(weights, [2.0, 1.0, 0.5])


@pytest.mark.parametrize("soft", [[[0.5, 0.5, 0], [0, 0, 1], [0.25, 0, 0.75]]])
def test_soft_labels_are_kept_and_an_image_weighs_its_classes_by_their_shares(soft):
    _, kept, weights = taken(network((3,)), WEIGHTS, labels=np.float32(soft))
    np.testing.assert_array_equal(kept, np.float32(soft))
    np.testing.assert_array_equal(weights, [1.25, 1.0, 1.25])


def test_of_a_network_that_answers_for_every_pixel_the_masks_are_learned():
    masks = np.random.default_rng(0).integers(0, 3, (2, SIDE, SIDE)).astype(np.uint8)
    keys = {"labels": np.zeros(2, np.int32), "segmentation_masks": masks}
    model = network((SIDE, SIDE, 3))
    _, y = taken(model, **keys)
    np.testing.assert_array_equal(y, np.eye(3)[masks])
    _, y, weights = taken(model, WEIGHTS, **keys)
    np.testing.assert_array_equal(y, np.eye(3)[masks])
    np.testing.assert_array_equal(weights, np.array([2.0, 0.5, 1.0])[masks])


def test_two_heads_learn_two_labels_and_an_unknown_one_weighs_nothing():
    keys = {"labels": np.array([0, 2, 1, 1], np.int32), "auxiliary": np.array([0, 1, -1, 1], np.int32)}
    for class_weight, expected in ((None, [1, 1, 1, 1]), (WEIGHTS, [2, 1, 0.5, 0.5])):
        _, (first, second), (weights, known) = taken(network((3,), (2,)), class_weight, **keys)
        np.testing.assert_array_equal(first, np.eye(3)[keys["labels"]])
        np.testing.assert_array_equal(second, [[1, 0], [0, 1], [0, 0], [0, 1]])
        np.testing.assert_array_equal(weights, expected)
        np.testing.assert_array_equal(known, [1, 1, 0, 1])


def test_mixed_second_labels_sum_to_one_and_weigh_what_is_known_of_them():
    soft = np.float32([[0.75, 0.25], [0, 0.75], [0.25, 0], [0, 0]])
    keys = {"labels": np.float32([[0.75, 0.25], [0, 1], [0.25, 0.75], [1, 0]]), "auxiliary": soft}
    _, (first, second), (weights, known) = taken(network((2,), (2,)), **keys)
    np.testing.assert_array_equal(first, keys["labels"])
    np.testing.assert_allclose(second, [[0.75, 0.25], [0, 1], [1, 0], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(weights, [1, 1, 1, 1], atol=1e-6)
    np.testing.assert_allclose(known, [1, 0.75, 0.25, 0], atol=1e-6)


def test_a_second_head_for_masks_learns_the_larger_part_at_its_own_side():
    masks = np.zeros((1, SIDE, SIDE), np.uint8)
    masks[0, 0, :2], masks[0, 1, 0], masks[0, 3, 3] = 1, 3, 2  # three of four pixels, and one of four
    keys = {"labels": np.array([1], np.int32), "segmentation_masks": masks}
    _, (first, second), (weights, each) = taken(network((2,), (2, 2, 2)), WEIGHTS, **keys)
    np.testing.assert_array_equal(first, [[0, 1]])
    np.testing.assert_array_equal(second[..., 1], [[[1, 0], [0, 0]]])
    np.testing.assert_array_equal(second[..., 0], 1 - second[..., 1])
    np.testing.assert_array_equal(weights, [0.5])
    np.testing.assert_array_equal(each, np.ones((1, 2, 2)))


def test_the_first_batch_is_that_of_the_first_training_images_unchanged():
    model, stage, examples = network((2,)), Stage("scratch", 1, 8, 0.1), noisy_images(size=SIDE)
    images, labels = first_batch(model, stage, examples)
    np.testing.assert_array_equal(images, examples.inputs[:8])
    np.testing.assert_array_equal(labels, np.eye(2)[examples.labels[:8]])


def test_with_flip_paired_labels_only_the_class_is_exchanged_when_both_are_mixed():
    n = 40
    second = AuxiliaryLabels(("a", "b", "c"), (np.arange(n) % 3).astype(np.int32))
    whole = Examples(np.zeros((n, SIDE, SIDE, 3), np.uint8), np.zeros(n, np.int32), {"train": np.arange(n)})
    whole = replace(
        whole,
        indices={**whole.indices, "val": np.arange(4)},
        flipped_classes=np.array([1, 0], np.int32),
        auxiliary=second,
    )
    chosen, phase = settings(augment={"flip": 1.0, "mixup": 0.9}), ResolutionPhase(SIDE, 0, 1, last=True, mixing=True)
    model, stage = network((2,), (3,)), Stage("scratch", 1, n, 0.1)
    training, validation, _ = phase_batches(PhaseSource(model, stage, whole, chosen, None, phase, 0))
    ((_, (first, auxiliary), (_, known)),) = training
    assert 0.25 < np.asarray(first)[:, 1].mean() < 0.75  # about half were flipped
    np.testing.assert_allclose(np.sum(auxiliary, axis=0), np.bincount(second.labels), atol=8)
    np.testing.assert_allclose(known, np.ones(n), atol=1e-6)
    ((_, (first, auxiliary), _),) = validation
    np.testing.assert_array_equal(first, np.eye(2)[[0] * 4])
    np.testing.assert_array_equal(auxiliary, np.eye(3)[second.labels[:4]])

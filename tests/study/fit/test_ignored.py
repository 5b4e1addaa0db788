"""Pixels that do not count: losses and figures are those of the other pixels alone."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
import tensorflow as tf
from small import settings

from data.batches import Examples
from data.mask_values import IGNORED
from study.fit import auxiliary
from study.fit.auxiliary import AuxiliaryTraining
from study.fit.counted import Counted
from study.fit.losses import make_loss
from study.fit.objective import compile_model
from study.fit.targets import keras_batches
from study.settings.stages import Stage
from study.tasks import segment

SIDE, CLASSES = 4, 3
IGNORING = "0=background,1=own,9=ignore"


def pixel_network(side=SIDE, classes=CLASSES):
    keras.utils.set_random_seed(0)
    image = keras.Input((side, side, 3))
    scaled = keras.layers.Rescaling(1 / 255)(image)
    return keras.Model(
        image, keras.layers.Conv2D(classes, 1, activation="softmax", kernel_initializer="he_normal")(scaled)
    )


def batch_with_ignored(count=2, side=SIDE):
    """Images, and masks in which five pixels of sixteen do not count."""
    rng = np.random.default_rng(0)
    masks = rng.integers(0, CLASSES, (count, side, side)).astype(np.uint8)
    masks[:, 0] = masks[:, 1, :1] = IGNORED
    return rng.uniform(0, 255, (count, side, side, 3)).astype(np.float32), masks


def batches_of(images, masks):
    labels = np.zeros(len(images), np.int32)
    batches = tf.data.Dataset.from_tensors({"images": images, "labels": labels, "segmentation_masks": masks})
    return batches.map(lambda batch: {**batch, "images": tf.ensure_shape(batch["images"], (None, *images.shape[1:]))})


def test_ignored_pixels_have_no_class_and_no_weight_and_the_others_a_mean_of_one_with_them():
    images, masks = batch_with_ignored()
    ((_, y, weights),) = keras_batches(batches_of(images, masks), pixel_network(), ignores=True)
    known = masks != IGNORED
    assert known.sum() == 22
    np.testing.assert_array_equal(np.sum(y, axis=-1), known)
    np.testing.assert_allclose(weights, known * 32 / 22, rtol=1e-6)
    ((_, _, weighed),) = keras_batches(batches_of(images, masks), pixel_network(), {0: 2.0, 2: 0.5}, ignores=True)
    expected = np.where(known, np.array([2.0, 1.0, 0.5])[np.where(known, masks, 0)], 0)
    np.testing.assert_allclose(weighed, expected * 32 / 22, rtol=1e-6)


@pytest.mark.parametrize("class_weight", [None, {0: 0.25, 1: 3.0}])
@pytest.mark.parametrize("name", segment.LOSSES)
def test_each_loss_is_that_of_the_other_pixels_alone(name, class_weight):
    images, masks = batch_with_ignored()
    network = pixel_network()
    ((x, y, weights),) = keras_batches(batches_of(images, masks), network, class_weight, ignores=True)
    loss, probabilities = make_loss(name, smoothing=0.1, gamma=1.5, dice_weight=0.3), network(x)
    rest, known = masks[masks != IGNORED], masks != IGNORED
    of_class = np.array([(class_weight or {}).get(i, 1.0) for i in range(CLASSES)], np.float32)
    alone = loss(
        np.eye(CLASSES, dtype=np.float32)[rest],
        tf.constant(np.asarray(probabilities)[known]),
        of_class[rest] if class_weight else None,
    )
    assert float(loss(y, tf.constant(np.asarray(probabilities)), weights)) == pytest.approx(float(alone), rel=1e-5)


@pytest.mark.parametrize("name", segment.LOSSES)
def test_what_an_ignored_pixel_shows_moves_no_weight(name):
    images, masks = batch_with_ignored()
    changed = images.copy()
    changed[masks == IGNORED] = 255 - changed[masks == IGNORED]

    def gradient(pixels):
        network = pixel_network()
        ((x, y, weights),) = keras_batches(batches_of(pixels, masks), network, ignores=True)
        with tf.GradientTape() as tape:
            loss = make_loss(name)(y, network(x), weights)
        return np.asarray(tape.gradient(loss, network.trainable_variables[0].value))

    assert np.abs(gradient(images)).max() > 1e-3
    np.testing.assert_array_equal(gradient(changed), gradient(images))


def test_a_cross_entropy_worked_by_hand():
    """Two pixels count, of probabilities 1/2 and 1/8 for their class: the mean of ln 2 and ln 8 is 2 ln 2."""
    y = np.array([[[[1, 0], [0, 1]], [[0, 0], [0, 0]]]], np.float32)
    probabilities = np.array([[[[0.5, 0.5], [0.875, 0.125]], [[0.1, 0.9], [0.9, 0.1]]]], np.float32)
    weights = auxiliary.weights_of_known(y.sum(axis=-1))
    np.testing.assert_array_equal(weights, [[[2, 2], [0, 0]]])
    assert float(make_loss("crossentropy")(y, probabilities, weights)) == pytest.approx(2 * np.log(2))
    metrics = {metric.name: Counted(metric) for metric in segment.metrics(2)}
    for metric in metrics.values():
        metric.update_state(y, probabilities)
    assert float(metrics["crossentropy"].result()) == pytest.approx(2 * np.log(2))
    assert float(metrics["accuracy"].result()) == 0.5  # of 1/2 and 1/2 the first is called: right; 1/8 is wrong
    assert float(metrics["mean_iou"].result()) == 0.25  # class 0: one of two; class 1: none of one


def test_a_batch_in_which_nothing_counts_costs_nothing():
    images, masks = batch_with_ignored()
    network = pixel_network()
    ((x, y, weights),) = keras_batches(batches_of(images, np.full_like(masks, IGNORED)), network, ignores=True)
    assert float(make_loss("crossentropy")(y, network(x), weights)) == 0


def test_the_figures_of_an_epoch_are_those_of_the_pixels_that_count():
    images, masks = batch_with_ignored(5)
    network, known = pixel_network(), masks != IGNORED
    chosen = settings(task="segment", mask_values=IGNORING, loss="crossentropy")
    compile_model(network, Stage("scratch", 1, 2, 0.1), chosen, 3)
    whole = Examples(images, np.zeros(5, np.int32), {"val": np.arange(5)}, masks=masks)
    batches = [keras_batches(batches_of(images[at], masks[at]), network, ignores=True) for at in ([0, 1], [2, 3], [4])]
    logs = network.evaluate(batches[0].concatenate(batches[1]).concatenate(batches[2]), verbose=0, return_dict=True)
    probabilities = network.predict_on_batch(images)[known]
    assert logs["accuracy"] == pytest.approx((probabilities.argmax(axis=-1) == masks[known]).mean())
    likely = np.log(np.take_along_axis(probabilities, masks[known][:, None].astype(int), -1))
    assert logs["crossentropy"] == pytest.approx(-likely.mean(), rel=1e-5)
    found = segment.evaluate(network, whole, ("background", "a", "b"), "val").metrics
    assert found["pixels"] == known.sum() == 55
    assert found["loss"] == pytest.approx(logs["crossentropy"], rel=1e-5)
    assert found["accuracy"] == pytest.approx(logs["accuracy"])
    assert found["mean_iou"] == pytest.approx(logs["mean_iou"])


def test_a_second_head_learns_only_where_most_of_its_pixel_counts():
    masks = np.zeros((1, 4, 4), np.uint8)
    masks[0, 0, :2] = 1  # above left: half of four are foreground
    masks[0, :2, 2:] = [[IGNORED, 1], [IGNORED, IGNORED]]  # above right: most do not count
    masks[0, 2:, :2] = [[IGNORED, 1], [1, 0]]  # below left: two of the three that count
    masks[0, 2, 2] = IGNORED  # below right: background
    y, weights = auxiliary.targets(masks, (None, 2, 2, 2), ignores=True)
    np.testing.assert_array_equal(y[0, ..., 1], [[1, 0], [1, 0]])
    np.testing.assert_array_equal(y[0, ..., 0], [[0, 0], [0, 1]])
    np.testing.assert_allclose(weights[0], [[4 / 3, 0], [4 / 3, 4 / 3]], rtol=1e-6)


def test_the_figure_of_a_second_head_is_that_of_the_pixels_that_count():
    masks = np.zeros((2, 4, 4), np.uint8)
    masks[:, :2] = 1
    masks[1, 1:] = IGNORED
    image = keras.Input((4, 4, 3))
    always = keras.layers.Conv2D(2, 1, kernel_initializer="zeros", bias_initializer=lambda *_, **__: np.float32([0, 1]))
    model = keras.Model(image, [keras.layers.GlobalAveragePooling2D()(image), always(image)])
    examples = Examples(np.zeros((2, 4, 4, 3), np.uint8), np.zeros(2, np.int32), {"val": np.arange(2)}, masks=masks)
    found = auxiliary.evaluate(AuxiliaryTraining(model, examples, ignores=True), "val")
    assert found["iou"] == pytest.approx((8 + 4) / (16 + 4))  # all is called foreground

"""The losses of scratch/ equal Keras', value and gradient, and its metrics equal scikit-learn's."""

import keras
import numpy as np
import pytest
import sklearn.metrics
import tensorflow as tf

from scratch import losses, metrics
from scratch.gradient_check import numerical_gradient, relative_error

SHAPES = [(6, 3), (1, 2), (2, 5, 7, 4), (1, 1, 1, 3)]  # images, and pixels of masks


def answers(shape, seed=0):
    rng = np.random.default_rng(seed)
    return 2 * rng.normal(size=shape), np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])]


def keras_dice(t, p):
    return keras.losses.Dice(axis=tuple(range(p.ndim - 1)), dtype="float64")(t, p)


def crossentropy(**settings):
    return keras.losses.CategoricalCrossentropy(from_logits=True, dtype="float64", **settings)


def focal(**settings):
    return keras.losses.CategoricalFocalCrossentropy(from_logits=True, dtype="float64", **settings)


def weights_for(t):
    return np.linspace(0.5, 2, t.shape[-1])


PAIRS = {
    "squared error": (losses.squared_error, keras.losses.MeanSquaredError(dtype="float64")),
    "cross-entropy": (losses.cross_entropy, crossentropy()),
    "smoothed": (lambda z, t: losses.cross_entropy(z, t, 0.1), crossentropy(label_smoothing=0.1)),
    "focal": (losses.focal, focal()),
    "focal 1": (lambda z, t: losses.focal(z, t, 1, 0.6), focal(gamma=1, alpha=0.6)),
    "focal 0.5": (lambda z, t: losses.focal(z, t, 0.5, 1), focal(gamma=0.5, alpha=1)),
    "focal 3.5": (lambda z, t: losses.focal(z, t, 3.5, 1), focal(gamma=3.5, alpha=1)),
    "dice": (losses.dice, keras_dice),
    "mix": (losses.cross_entropy_dice, lambda t, z: (crossentropy()(t, z) + keras_dice(t, tf.nn.softmax(z))) / 2),
    "mix 0.9": (
        lambda z, t: losses.cross_entropy_dice(z, t, 0.9),
        lambda t, z: 0.1 * crossentropy()(t, z) + 0.9 * keras_dice(t, tf.nn.softmax(z)),
    ),
    "weighted": (
        lambda z, t: losses.weighted_cross_entropy(z, t, weights_for(t)),
        lambda t, z: crossentropy()(t, z, sample_weight=t @ weights_for(t)),
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", PAIRS)
def test_loss_equals_keras(name, shape):
    ours, theirs = PAIRS[name]
    z, t = answers(shape)
    z = losses.softmax(z) if name == "dice" else z
    source = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(source)
        expected = theirs(t, source)
    value, grad = ours(z, t)
    assert value == pytest.approx(float(expected), abs=1e-5)
    np.testing.assert_allclose(grad, tape.gradient(expected, source), atol=1e-7)
    assert relative_error(grad, numerical_gradient(lambda: ours(z, t)[0], z)) < 1e-6


@pytest.mark.parametrize("name", PAIRS)
def test_loss_keeps_float32_and_does_not_overflow(name):
    z, t = (array.astype(np.float32) for array in answers((4, 3)))
    z = losses.softmax(z) if name == "dice" else 1e4 * z  # as sure as can be, right or wrong
    with np.errstate(all="raise", under="ignore"):
        value, grad = PAIRS[name][0](z, t)
    assert np.isfinite(value)
    assert np.isfinite(grad).all()
    assert grad.dtype == np.float32


def test_cross_entropy_takes_shares():
    z, _ = answers((5, 3))
    t = np.random.default_rng(1).dirichlet(np.ones(3), 5)  # what mixup makes
    value, grad = losses.cross_entropy(z, t)
    assert value == pytest.approx(float(crossentropy()(t, z)))
    assert relative_error(grad, numerical_gradient(lambda: losses.cross_entropy(z, t)[0], z)) < 1e-6


def test_softmax_does_not_mind_a_constant():
    z, _ = answers((4, 6))
    np.testing.assert_allclose(losses.softmax(z + 1e5), tf.nn.softmax(z), atol=1e-9)


def test_dice_of_two_empty_masks_is_one_as_in_keras():
    empty = np.zeros((2, 3))
    assert losses.dice(empty, empty)[0] == 1 == float(keras_dice(empty, empty))


def test_all_background_is_nearly_right_for_cross_entropy_and_half_wrong_for_dice():
    t = np.eye(2)[np.repeat([0, 1], [990, 10])]
    z = np.tile([5.0, -5.0], (1000, 1))  # "background", everywhere
    assert losses.cross_entropy(z, t)[0] < 0.11
    assert losses.dice(losses.softmax(z), t)[0] > 0.5


# ---- metrics ----


@pytest.fixture(params=["random", "a class nobody has", "all wrong", "one answer", "masks"])
def pair(request):
    rng = np.random.default_rng(0)
    return {
        "random": (rng.integers(0, 4, 60), rng.integers(0, 4, 60)),
        "a class nobody has": (rng.integers(0, 3, 40), rng.integers(0, 3, 40)),
        "all wrong": (np.array([0, 1, 2, 3]), np.array([1, 2, 3, 0])),
        "one answer": (np.array([2]), np.array([2])),
        "masks": (rng.integers(0, 4, (2, 5, 7)), rng.integers(0, 4, (2, 5, 7))),
    }[request.param]


def test_metrics_equal_scikit_learn(pair):
    matrix = metrics.confusion(*pair, 4)
    true, predicted = (array.ravel() for array in pair)
    labels = range(4)
    np.testing.assert_array_equal(matrix, sklearn.metrics.confusion_matrix(true, predicted, labels=labels))
    assert metrics.accuracy(matrix) == pytest.approx(sklearn.metrics.accuracy_score(true, predicted))
    by_class = sklearn.metrics.precision_recall_fscore_support(true, predicted, labels=labels, zero_division=0)
    for ours, theirs in zip((metrics.precision, metrics.recall, metrics.f1), by_class, strict=False):
        np.testing.assert_allclose(ours(matrix), theirs)
        assert metrics.macro(ours(matrix)) == pytest.approx(theirs.mean())
    jaccard = sklearn.metrics.jaccard_score(true, predicted, labels=labels, average=None, zero_division=0)
    np.testing.assert_allclose(metrics.iou(matrix), jaccard)


def test_confusion_of_bytes_does_not_wrap_and_wrong_numbers_are_refused():
    assert metrics.confusion(np.uint8([16]), np.uint8([0]), 17)[16, 0] == 1  # 17 * 16 is 16 in a byte
    with pytest.raises(ValueError, match="class number 4, but only 4 classes"):
        metrics.confusion(np.array([0]), np.array([4]), 4)


def test_mean_iou_equals_keras(pair):
    theirs = keras.metrics.MeanIoU(num_classes=4)
    theirs.update_state(*pair)
    assert metrics.mean_iou(metrics.confusion(*pair, 4)) == pytest.approx(float(theirs.result()), abs=1e-6)


def test_dice_follows_from_iou(pair):
    matrix = metrics.confusion(*pair, 4)
    np.testing.assert_allclose(metrics.f1(matrix), 2 * metrics.iou(matrix) / (1 + metrics.iou(matrix)))

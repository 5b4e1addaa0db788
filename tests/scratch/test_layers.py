"""Every layer of scratch/ equals its Keras counterpart, forward and backward, and passes the numerical check."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import scratch
from scratch.activations import FUNCTIONS, Activation
from scratch.affine import Affine, Flatten
from scratch.conv import Conv, col2im, im2col
from scratch.dropout import Dropout
from scratch.gradient_check import check_layer, numerical_gradient, relative_error
from scratch.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
from scratch.pooling import AveragePool, GlobalAveragePool, MaxPool

FORWARD, BACKWARD = 1e-5, 1e-4  # how far we may be from Keras; float64 on both sides comes to 1e-12


def inputs(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def in_float64(layer, seed=1):
    """Give a layer random parameters: zeros for a bias would hide a mistake."""
    rng = np.random.default_rng(seed)
    layer.params = {name: rng.normal(0.3, 0.5, w.shape) for name, w in layer.params.items()}
    return layer


def assert_equals_keras(ours, theirs, x, training=False):
    """Same weights, same input, same gradient from above: outputs, dL/dx and the gradient of each parameter agree."""
    theirs.build(x.shape)
    if ours.params:
        state = [ours.moving_mean, ours.moving_variance] if isinstance(ours, BatchNorm) else []
        theirs.set_weights([*ours.params.values(), *state])
    source = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(source)
        y = theirs(source, training=training)
        upstream = inputs(y.shape, seed=2)
        loss = tf.reduce_sum(y * upstream)
    expected_x, expected = tape.gradient(loss, (source, theirs.trainable_variables))
    np.testing.assert_allclose(ours.forward(x, training), y, atol=FORWARD)
    np.testing.assert_allclose(ours.backward(upstream), expected_x, atol=BACKWARD)
    assert len(expected) == len(ours.grads) == len(ours.params)
    for (name, grad), right in zip(ours.grads.items(), expected, strict=True):
        np.testing.assert_allclose(grad, right, atol=BACKWARD, err_msg=name)
    if isinstance(ours, BatchNorm):
        for moved, right in zip((ours.moving_mean, ours.moving_variance), theirs.get_weights()[2:], strict=True):
            np.testing.assert_allclose(moved, right, atol=FORWARD)


def of_keras(name, *arguments, **settings):
    return getattr(keras.layers, name)(*arguments, dtype="float64", **settings)


# ---- affine, flatten, dropout ----


@pytest.mark.parametrize("shape", [(4, 7), (1, 3), (5, 1)])
def test_affine(shape):
    layer = in_float64(Affine(shape[1], 6, np.random.default_rng(0)))
    assert_equals_keras(layer, of_keras("Dense", 6), inputs(shape))
    assert max(check_layer(layer, inputs(shape)).values()) < 1e-6


def test_flatten():
    assert_equals_keras(Flatten(), of_keras("Flatten"), inputs((2, 3, 5, 4)))


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.8])
def test_dropout_takes_the_same_values_as_keras(rate):
    x = np.ones((100, 400), np.float32)
    layer = Dropout(rate, np.random.default_rng(0))
    ours, theirs = layer.forward(x, True), keras.layers.Dropout(rate, seed=0)(x, training=True).numpy()
    np.testing.assert_allclose(np.unique(ours), np.unique(theirs), atol=FORWARD)
    assert ours.mean() == pytest.approx(1, abs=0.03)  # inverted: nothing is lost on average
    np.testing.assert_array_equal(layer.backward(x), ours)  # the same mask on the way back
    np.testing.assert_array_equal(layer.forward(x), x)
    np.testing.assert_array_equal(layer.backward(x), x)
    assert ours.dtype == np.float32


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_dropout_refuses_a_rate_that_is_none(rate):
    with pytest.raises(ValueError, match="rate"):
        Dropout(rate, np.random.default_rng(0))


# ---- activations ----

KERAS_NAMES = {name: (name, {}) for name in FUNCTIONS} | {
    "gelu": ("gelu", {"approximate": False}),
    "gelu_tanh": ("gelu", {"approximate": True}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation(name):
    keras_name, settings = KERAS_NAMES[name]
    function = getattr(keras.activations, keras_name)
    theirs = of_keras("Lambda", lambda x: function(x, **settings))
    values = np.concatenate([inputs((40,)), [0.0, -0.0, 1e-9, -1e-9, 30.0, -30.0, 700.0, -700.0]])
    assert_equals_keras(Activation(name), theirs, values.reshape(2, 3, 4, 2))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_activation_keeps_float32_and_does_not_overflow(name):
    x = np.array([-1e4, -1.0, 0.0, 1.0, 1e4], np.float32)
    layer = Activation(name)
    with np.errstate(all="raise", under="ignore"):
        y, grad = layer.forward(x), layer.backward(np.ones_like(x))
    assert y.dtype == grad.dtype == np.float32
    assert np.isfinite(y).all()
    assert np.isfinite(grad).all()


def test_slope_of_sigmoid_keeps_its_digits_far_out():
    sigmoid, slope = FUNCTIONS["sigmoid"]
    for x in (np.array([-20.0, 20.0, -40.0, 40.0]), np.array([-20.0, 20.0, -40.0, 40.0], np.float32)):
        small = np.exp(-np.abs(x.astype(float)))  # 1 / (1 + e^x) and s (1 - s) but for 2e-9 of it
        np.testing.assert_allclose(slope(x), small, rtol=1e-5)
        np.testing.assert_allclose(sigmoid(x), np.where(x > 0, 1, small), rtol=1e-5)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_slope_equals_the_numerical_one(name):
    x = np.array([-3.0, -0.5, 0.2, 1.0, 4.0])  # away from the kinks
    assert check_layer(Activation(name), x)["x"] < 1e-6


# ---- windows: convolution and pooling ----

# (N, H, W, C), size, stride: odd sides, one image, a map of 1 × 1, windows that leave cells over or out
WINDOWS = [
    ((2, 8, 8, 3), 3, 1),
    ((3, 7, 9, 2), 3, 2),
    ((1, 5, 6, 4), 2, 2),
    ((2, 11, 5, 1), 5, 3),
    ((2, 6, 7, 2), 1, 2),  # the stride is larger than the window
    ((1, 1, 1, 3), 1, 1),
]
CASES = [(*case, padding) for case in WINDOWS for padding in ("valid", "same")]
CASES += [((1, 1, 1, 2), 3, 2, "same"), ((2, 2, 3, 2), 5, 1, "same")]  # a window larger than the image


@pytest.mark.parametrize(("shape", "size", "stride", "padding"), CASES)
def test_conv(shape, size, stride, padding):
    layer = in_float64(Conv(shape[-1], 4, size, np.random.default_rng(0), stride, padding))
    assert_equals_keras(layer, of_keras("Conv2D", 4, size, strides=stride, padding=padding), inputs(shape))


@pytest.mark.parametrize(("shape", "size", "stride", "padding"), CASES)
@pytest.mark.parametrize(("ours", "theirs"), [(MaxPool, "MaxPooling2D"), (AveragePool, "AveragePooling2D")])
def test_pool(ours, theirs, shape, size, stride, padding):
    theirs = of_keras(theirs, size, strides=stride, padding=padding)
    assert_equals_keras(ours(size, stride, padding), theirs, inputs(shape))


@pytest.mark.parametrize("shape", [(2, 5, 3, 4), (1, 1, 1, 2)])
def test_global_average_pool(shape):
    assert_equals_keras(GlobalAveragePool(), of_keras("GlobalAveragePooling2D"), inputs(shape))


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 1)])
def test_at_a_tie_the_first_of_the_window_wins_as_in_tensorflow(size, stride):
    constant = np.zeros((1, 6, 6, 2))
    assert_equals_keras(MaxPool(size, stride), of_keras("MaxPooling2D", size, strides=stride), constant)
    few_levels = np.random.default_rng(0).integers(0, 2, (2, 6, 6, 3)).astype(float)
    assert_equals_keras(MaxPool(size, stride), of_keras("MaxPooling2D", size, strides=stride), few_levels)
    layer = MaxPool(2)
    layer.forward(constant)
    np.testing.assert_array_equal(layer.backward(np.ones((1, 3, 3, 2)))[0, :2, :2, 0], [[1, 0], [0, 0]])


@pytest.mark.parametrize("layer", [Conv(2, 3, 3, np.random.default_rng(0), 2, "same"), MaxPool(3, 2), AveragePool(2)])
def test_window_layers_pass_the_numerical_check(layer):
    errors = check_layer(in_float64(layer), inputs((2, 5, 6, 2)))
    assert max(errors.values()) < 1e-6


@pytest.mark.parametrize("layer", [Conv(2, 3, 3, np.random.default_rng(0)), MaxPool(3), AveragePool(3)])
def test_a_window_that_does_not_fit_is_refused(layer):
    with pytest.raises(ValueError, match="does not fit"):
        layer.forward(np.zeros((1, 2, 5, 2)))


def test_col2im_counts_in_how_many_windows_a_pixel_stands():
    columns = im2col(np.ones((1, 4, 4, 1)), 3, 1)
    assert columns.shape == (1, 2, 2, 9)
    counts = col2im(columns.transpose(3, 0, 1, 2), (1, 4, 4, 1), 3, 1)[0, :, :, 0]
    np.testing.assert_array_equal(counts, np.outer([1, 2, 2, 1], [1, 2, 2, 1]))


@pytest.mark.parametrize(
    "layer", [Conv(3, 4, 3, np.random.default_rng(0), 1, "same"), MaxPool(), AveragePool(), BatchNorm(3), LayerNorm(3)]
)
def test_float32_stays_float32(layer):
    y = layer.forward(np.ones((2, 4, 4, 3), np.float32), True)
    assert y.dtype == layer.backward(y).dtype == np.float32
    assert all(grad.dtype == np.float32 for grad in layer.grads.values())


# ---- normalisation ----

KINDS = {
    "batch": (BatchNorm, ("BatchNormalization",), {}),
    "layer": (LayerNorm, ("LayerNormalization",), {}),
    "group": (lambda channels: GroupNorm(channels, 2), ("GroupNormalization", 2), {}),
    "one group": (lambda channels: GroupNorm(channels, 1), ("GroupNormalization", 1), {}),
    "instance": (InstanceNorm, ("GroupNormalization", -1), {}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("shape", [(4, 5, 3, 6), (1, 3, 3, 2), (3, 1, 1, 4), (1, 1, 1, 2)])
def test_normalization(kind, training, shape):
    ours, arguments, settings = KINDS[kind]
    layer = in_float64(ours(shape[-1]))
    if kind == "batch":  # as if it had been trained
        layer.moving_mean, layer.moving_variance = inputs(shape[-1:], 3), inputs(shape[-1:], 4) ** 2
    assert_equals_keras(layer, of_keras(*arguments, **settings), 3 * inputs(shape) + 1, training)


@pytest.mark.parametrize(("ours", "theirs"), [(BatchNorm, "BatchNormalization"), (LayerNorm, "LayerNormalization")])
def test_normalization_of_vectors(ours, theirs):
    assert_equals_keras(in_float64(ours(5)), of_keras(theirs), inputs((7, 5)), training=True)


def test_moving_averages_follow_keras_through_several_batches():
    ours, theirs = BatchNorm(3, momentum=0.8), of_keras("BatchNormalization", momentum=0.8)
    for seed in range(4):
        x = 2 * inputs((5, 4, 4, 3), seed) - 1
        np.testing.assert_allclose(ours.forward(x, training=True), theirs(x, training=True), atol=FORWARD)
    np.testing.assert_allclose(ours.moving_mean, theirs.get_weights()[2], atol=FORWARD)
    np.testing.assert_allclose(ours.moving_variance, theirs.get_weights()[3], atol=FORWARD)
    np.testing.assert_allclose(ours.forward(x), theirs(x, training=False), atol=FORWARD)


@pytest.mark.parametrize("kind", KINDS)
def test_normalization_passes_the_numerical_check(kind):
    layer = in_float64(KINDS[kind][0](4))
    assert max(check_layer(layer, inputs((3, 2, 3, 4)), training=True).values()) < 1e-6


def test_groups_must_divide_the_channels():
    with pytest.raises(ValueError, match="5 channels do not divide into 2 groups"):
        GroupNorm(5, 2)


# ---- the check itself ----


def test_the_check_finds_a_wrong_gradient():
    class Wrong(Affine):
        def backward(self, grad):
            right = super().backward(grad)
            self.grads["b"] = grad.mean(axis=0)  # mean for sum: the usual slip
            return right

    errors = check_layer(in_float64(Wrong(3, 2, np.random.default_rng(0))), inputs((4, 3)))
    assert errors["b"] > 0.1
    assert max(errors["x"], errors["w"]) < 1e-6


def test_numerical_gradient_of_a_square():
    x = np.array([1.0, -2.0, 0.0])
    gradient = numerical_gradient(lambda: float(np.sum(x**2)), x)
    np.testing.assert_allclose(gradient, [2, -4, 0], atol=1e-9)
    np.testing.assert_array_equal(x, [1, -2, 0])
    assert relative_error(np.zeros(2), np.zeros(2)) == 0


# ---- the table of contents ----


def test_the_table_names_every_file_and_no_other():
    folder = Path(scratch.__file__).parent
    named = set(re.findall(r"`(\w+\.py)`", (folder / "README.md").read_text(encoding="utf-8")))
    assert named == {path.name for path in folder.glob("*.py")} - {"__init__.py"}

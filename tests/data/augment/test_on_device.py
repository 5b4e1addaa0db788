"""What Keras' operations do to images is what TensorFlow's do, whose changes have tests of their own."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
import tensorflow as tf

from data.augment import geometry, photometric, randaugment, warp
from data.augment.numpy_draws import NAMES, draw, randaugment_matrices
from data.augment.on_device import change, change_values, move
from data.augment.on_device import randaugment as change_once

SIDE, COUNT = 24, 6
LEVEL = 2e-3  # of 255, by which two ways of rounding may differ


def images():
    return np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.float32)


def drawn(size=None, **strengths):
    return draw(strengths, np.random.default_rng(1), COUNT, SIDE, size)


def agree(found, expected):
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), np.asarray(expected), atol=LEVEL)


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
def test_a_warp(method):
    numbers = drawn(flip=1.0, rotation=0.1, zoom=0.2, translation=0.1)
    agree(move(images(), numbers, SIDE, method), warp.warp(tf.constant(images()), numbers["matrix"], method))


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [10, SIDE, 31])
def test_a_box_at_a_size(size, method):
    box = drawn(flip=1.0, crop=0.3)["box"]
    if size < SIDE:
        expected = geometry._shrunk(tf.constant(images()), tf.constant(box), size, method)
    else:
        expected = tf.image.crop_and_resize(images(), box, range(COUNT), (size, size), method)
    agree(move(images(), {"box": box}, size, method), expected)


@pytest.mark.parametrize("method", ["bilinear", "nearest"])
@pytest.mark.parametrize("size", [10, SIDE, 31])
def test_another_size(size, method):
    agree(move(images(), {}, size, method), geometry.resize(tf.constant(images()), size, method))


@pytest.mark.parametrize("name", NAMES)
def test_one_of_randaugments_changes(name):
    amount = np.array([0.7, -0.5, 0.3, -0.9, 1.0, 0.05], np.float32)
    operation = np.full(COUNT, NAMES.index(name))
    found = change_once(images(), operation, amount, randaugment_matrices(operation, amount, SIDE))
    expected = randaugment.OPERATIONS[name](tf.constant(images()), tf.constant(amount[:, None, None, None]))
    agree(found, tf.clip_by_value(expected, 0, 255))


@pytest.mark.parametrize("name", ["saturation", "contrast", "brightness", "mixup"])
def test_a_change_of_values(name):
    numbers = drawn(**{name: 0.99})
    given = numbers[name] if name == "mixup" else numbers[name][:, None, None, None]
    expected, _ = photometric.augment_values(tf.constant(images()), {}, {name: tf.constant(given)})
    agree(change_values(images(), numbers), expected)


@pytest.mark.parametrize(("name", "largest"), [("erase", 0.25), ("cutmix", 0.5)])
def test_a_square(name, largest):
    numbers = drawn(**{name: 0.99})
    inside = numbers[name][:, 0, :, None] & numbers[name][:, 1, None, :]
    for lines in numbers[name].reshape(-1, SIDE).astype(int):
        assert np.abs(np.diff(lines)).sum() <= 2  # it is in one piece
    assert 0 < inside.mean(axis=(1, 2)).max() < largest + 2 / SIDE
    other = 127.5 if name == "erase" else images()[::-1]
    agree(change_values(images(), numbers), np.where(inside[..., None], other, images()))


def test_whole_pixels_are_moved_and_mirrored():
    """Image by image: the rows and columns of the reflected image, from where the shift says, backwards if flipped."""
    numbers = drawn(flip=1.0, translation=0.3)
    found = keras.ops.convert_to_numpy(move(images(), numbers, SIDE))
    shifts = set()
    for image, moved, flipped in zip(images(), found, numbers["flipped"], strict=True):
        around = np.pad(image, ((SIDE, SIDE), (SIDE, SIDE), (0, 0)), "symmetric")
        moved = moved[:, ::-1] if flipped else moved
        places = [
            (down, right)
            for down in range(-8, 9)
            for right in range(-8, 9)
            if np.array_equal(around[SIDE - down :][:SIDE, SIDE - right :][:, :SIDE], moved)
        ]
        assert len(places) == 1
        shifts.add(places[0])
    assert len(shifts) > 1
    assert len(set(numbers["flipped"])) == 2


def test_all_at_once_has_the_size_and_the_range_asked_for():
    strengths = {**dict.fromkeys(("rotation", "zoom", "crop", "randaugment"), 0.4), "flip": 1.0}
    strengths |= dict.fromkeys(("brightness", "contrast", "saturation", "erase", "cutmix", "mixup"), 0.9)
    found = keras.ops.convert_to_numpy(change(images().astype(np.uint8), drawn(16, **strengths), 16))
    assert found.shape == (COUNT, 16, 16, 3)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 255


def test_nothing_drawn_leaves_images_as_they_are():
    agree(change(images(), drawn()), images())

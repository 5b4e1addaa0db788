"""RandAugment: each change against Pillow's, and that every image draws its own."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from data.augment.randaugment import MAX_BLEND, OPERATIONS, randaugment

SIDE = 24


def pictures(count=4, side=SIDE):
    """Smooth colours with some noise, in part of the range, whole numbers."""
    rng = np.random.default_rng(0)
    ramp = np.linspace(30, 180, side)
    smooth = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None], ramp[::-1, None]), axis=2)
    return np.floor(smooth + rng.uniform(0, 20, (count, side, side, 3))).astype(np.float32)


def applied(name, pixels, amount):
    amounts = tf.fill((len(pixels), 1, 1, 1), np.float32(amount))
    return np.asarray(OPERATIONS[name](tf.constant(pixels), amounts))


def by_pillow(pixels, change):
    return np.stack([np.asarray(change(Image.fromarray(one.astype(np.uint8)))) for one in pixels]).astype(float)


@pytest.mark.parametrize(
    ("name", "amount", "change"),
    [
        ("auto contrast", 0.5, ImageOps.autocontrast),
        ("equalize", 0.5, ImageOps.equalize),
        ("posterize", -0.5, lambda image: ImageOps.posterize(image, 6)),
        ("solarize", -0.4, lambda image: ImageOps.solarize(image, 154)),
        ("brightness", 0.5, lambda image: ImageEnhance.Brightness(image).enhance(1 + 0.5 * MAX_BLEND)),
        ("brightness", -0.5, lambda image: ImageEnhance.Brightness(image).enhance(1 - 0.5 * MAX_BLEND)),
        ("contrast", 0.5, lambda image: ImageEnhance.Contrast(image).enhance(1 + 0.5 * MAX_BLEND)),
        ("colour", -1.0, lambda image: ImageEnhance.Color(image).enhance(1 - MAX_BLEND)),
        ("sharpness", -0.8, lambda image: ImageEnhance.Sharpness(image).enhance(1 - 0.8 * MAX_BLEND)),
    ],
)
def test_a_change_of_values_is_pillows(name, amount, change):
    pixels = pictures(side=120)  # large, because Pillow counts pixels in whole steps where it equalizes
    ours, pillows = applied(name, pixels, amount), by_pillow(pixels, change)
    inner = np.s_[:, 1:-1, 1:-1]  # Pillow does not smooth the edge
    assert np.abs(ours - pillows)[inner].max() <= (3.5 if name == "equalize" else 1.5)
    assert np.abs(ours - pixels).mean() > 1 or name == "sharpness"


def test_smoothing_is_pillows():
    pixels = pictures()
    smooth = by_pillow(pixels, lambda image: image.filter(ImageFilter.SMOOTH))
    half = applied("sharpness", pixels, -1.0)
    expected = smooth + 0.1 * (pixels - smooth)
    assert np.abs(half - expected)[:, 1:-1, 1:-1].max() <= 1


@pytest.mark.parametrize(
    ("name", "amount", "row", "column"),
    [
        ("translate x", 0.5, 0, round(0.225 * 40)),  # as far as 0.45 of the side, at the greatest strength
        ("translate y", -0.5, -round(0.225 * 40), 0),
    ],
)
def test_a_shift_moves_what_is_there(name, amount, row, column):
    pixels = np.zeros((1, 40, 40, 3), np.float32)
    pixels[0, 20, 20] = 255
    moved = applied(name, pixels, amount)
    assert np.unravel_index(moved[0, ..., 0].argmax(), (40, 40)) == (20 + row, 20 + column)


def test_a_turn_is_thirty_degrees_at_most():
    pixels = np.zeros((1, 41, 41, 3), np.float32)
    pixels[0, 20, 30:36] = 255  # to the right of the centre
    turned = applied("rotate", pixels, 1.0)[0, ..., 0]
    y, x = (np.average(axis, weights=turned) - 20 for axis in np.indices((41, 41)))
    assert abs(np.degrees(np.arctan2(y, x))) == pytest.approx(30, abs=1)


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_takes_no_picture_at_all_and_one_of_a_single_value(name):
    for pixels in (pictures(0), np.full((2, SIDE, SIDE, 3), 90, np.float32)):
        result = applied(name, pixels, 0.9)
        assert result.shape == pixels.shape
        assert np.isfinite(result).all()


def test_every_picture_draws_its_own_and_a_greater_strength_changes_more():
    pixels = np.repeat(pictures(1), 300, axis=0)

    def changed(strength):
        return np.asarray(randaugment(tf.constant(pixels), strength, tf.random.Generator.from_seed(0)))

    weak, strong = changed(0.1), changed(0.9)
    assert strong.shape == pixels.shape
    assert (strong.min(), strong.max()) >= (0, 0)
    assert strong.max() <= 255
    assert len({one.tobytes() for one in strong}) > len(OPERATIONS)
    assert 0 < (strong == pixels).all(axis=(1, 2, 3)).sum() < 60  # twice the change that changes nothing
    assert 2 * np.abs(weak - pixels).mean() < np.abs(strong - pixels).mean()
    np.testing.assert_array_equal(strong, changed(0.9))

# ruff: noqa: E402 - Keras is started before anything imports it
from errors import UserError
from study import backend

backend.start()

import numpy as np
import pytest
import tensorflow as tf

from data.augment import DEFAULT_AUGMENT, STRENGTHS, augmenter, parse_augment


def pictures(count=8, size=32):
    """Smooth pictures in the middle of the range: left darker than right, top greener than bottom."""
    along = np.linspace(60, 180, size, dtype=np.float32)
    one = np.stack(np.broadcast_arrays(along[None, :], along[::-1, None], np.float32(120)), axis=-1)
    return np.repeat(one[None], count, axis=0)


def changed(chosen, pixels, seed=0):
    labels = tf.zeros(len(pixels), tf.int32)
    return np.asarray(augmenter(chosen, seed)(tf.constant(pixels), labels)[0])


# ---- what is asked for -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("none", {}),
        ("flip", {"flip": 1.0}),
        ("flip,rotation=0.05", {"flip": 1.0, "rotation": 0.05}),
        ("zoom=0.9, contrast", {"zoom": 0.9, "contrast": STRENGTHS["contrast"]}),
        (",".join(STRENGTHS), STRENGTHS),
    ],
)
def test_augmentation_is_read(text, chosen):
    assert parse_augment(text) == chosen


def test_the_default_is_some_of_what_there_is():
    assert DEFAULT_AUGMENT
    assert DEFAULT_AUGMENT.items() <= STRENGTHS.items()


def error(text):
    with pytest.raises(UserError) as caught:
        parse_augment(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "received"), [("shear", "shear"), ("flip,none", "none"), ("Flip", "Flip"), ("", ""), ("flip,", "flip,")]
)
def test_an_unknown_name_is_refused(text, received):
    assert error(text) == (
        f"--augment takes none or some of flip, rotation, zoom, translation, brightness, contrast. Received: {received}"
    )


@pytest.mark.parametrize("strength", ["0", "-0.1", "1", "much", "nan", "inf"])
def test_a_strength_out_of_range_is_refused(strength):
    assert error(f"flip,zoom={strength}") == (f"--augment zoom takes a strength above 0, below 1. Received: {strength}")


def test_flip_has_no_strength():
    assert error("flip=0.5") == "--augment flip takes no strength. Received: 0.5"


# ---- what is done ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRENGTHS)
def test_each_changes_pixels_and_keeps_shape_and_range(name):
    pixels = pictures()
    result = changed({name: STRENGTHS[name]}, pixels)
    assert result.shape == pixels.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 255
    different = np.abs(result - pixels).max(axis=(1, 2, 3)) > 1
    assert different.sum() >= 2  # flip spares every other one
    assert np.abs(result - pixels).mean() < 80  # still the same picture
    assert len({one.tobytes() for one in result}) > 1  # not all pictures of a batch alike


def test_nothing_chosen_changes_nothing():
    np.testing.assert_array_equal(changed({}, pictures()), pictures())


def test_flip_mirrors_left_and_right_of_about_half():
    pixels = pictures(200)
    result = changed({"flip": 1.0}, pixels)
    mirrored = (result == pixels[:, :, ::-1]).all(axis=(1, 2, 3))
    same = (result == pixels).all(axis=(1, 2, 3))
    assert (mirrored ^ same).all()
    assert 70 < mirrored.sum() < 130


@pytest.mark.parametrize("name", [name for name in STRENGTHS if name != "flip"])
def test_a_greater_strength_changes_more(name):
    pixels = pictures(40)
    little, much = (np.abs(changed({name: strength}, pixels) - pixels).mean() for strength in (0.01, 0.25))
    assert 0 < little < much / 3


def test_translation_moves_no_further_than_its_strength():
    # Columns hold their own number, so a shift can be read off; reflection keeps it within the bounds too.
    columns = np.broadcast_to(np.arange(100, dtype=np.float32)[None, None, :, None], (64, 100, 100, 3))
    shift = np.abs(changed({"translation": 0.1}, columns)[:, 50, 50, 0] - 50)
    assert 7 < shift.max() <= 10.001


@pytest.mark.parametrize("name", STRENGTHS)
def test_the_same_seed_gives_the_same_sequence_and_another_another(name):
    def sequence(seed):
        step = augmenter({name: STRENGTHS[name]}, seed)
        return [np.asarray(step(tf.constant(pictures(16)), tf.zeros(16, tf.int32))[0]) for _ in range(3)]

    first, again, other = sequence(3), sequence(3), sequence(4)
    np.testing.assert_array_equal(first, again)
    assert any((one != two).any() for one, two in zip(first, other, strict=True))
    assert (first[0] != first[1]).any()  # and within a sequence no batch repeats the one before


def test_the_largest_seed_that_is_allowed_works():
    result = changed(STRENGTHS, pictures(), seed=2**32 - 1)
    assert np.isfinite(result).all()


def test_with_mirror_classes_a_flipped_picture_takes_the_label_of_its_mirror_image():
    """Class 0 is darker on the left, class 1 on the right, class 2 has no direction."""
    pixels = pictures(60)
    pixels[20:40] = pixels[20:40, :, ::-1]
    labels = np.repeat([0, 1, 2], 20).astype(np.int32)
    step = augmenter({"flip": 1.0}, 0, mirror=np.array([1, 0, 2], np.int32))
    flipped, swapped = (np.asarray(part) for part in step(tf.constant(pixels), tf.constant(labels)))
    dark_left = flipped[:, :, 0, 0].mean(axis=1) < flipped[:, :, -1, 0].mean(axis=1)
    np.testing.assert_array_equal(swapped[:40], np.where(dark_left, 0, 1)[:40])
    assert 5 < (swapped[:20] == 1).sum() < 15
    assert (swapped[40:] == 2).all()
    assert 0 < dark_left[40:].sum() < 20

"""A convolution on its way, and moved pixels."""

import numpy as np
import pytest
from helpers import make_toy

from lessons import read
from lessons.convolving import draw_moving, feature_map, share_right, shifted, shuffled
from lessons.telling import canvas

IMAGE = np.arange(20.0).reshape(4, 5)
KERNEL = np.array([[0.0, 1.0], [-1.0, 0.0]])


def test_a_map_holds_products_of_windows_and_kernel():
    found = feature_map(IMAGE, KERNEL)
    assert found.shape == (3, 4)
    assert found[1, 2] == IMAGE[1, 3] - IMAGE[2, 2]


def test_a_map_is_drawn_as_far_as_it_is_done():
    axes = canvas(2, 1)[1]
    draw_moving(axes[:, 0], IMAGE, KERNEL, done=6)
    drawn = np.ma.getmaskarray(axes[1, 0].images[0].get_array())
    assert (~drawn).sum() == 6
    window, place = (ax.patches[0] for ax in axes[:, 0])
    assert (window.get_x(), window.get_y(), window.get_width()) == (0.5, 0.5, 2)  # second row, second column
    assert (place.get_x(), place.get_y(), place.get_width()) == (0.5, 0.5, 1)


def test_shifted_images_repeat_their_edge():
    images = IMAGE[None, ..., None]
    moved = shifted(images, 2)[0, ..., 0]
    assert moved[1].tolist() == [5, 5, 5, 6, 7]
    assert np.array_equal(shifted(images, 0), images)


def test_all_images_are_shuffled_alike_and_keep_their_labels(tmp_path):
    dataset = read(str(make_toy(tmp_path / "toy", count=10)), image_size=32)
    before, after = dataset.examples(), shuffled(dataset).examples()
    rows = np.arange(len(before.labels))
    first, second = before.inputs[rows], after.inputs[rows]
    assert not np.array_equal(first, second)
    order = np.random.default_rng(0).permutation(32 * 32)
    assert np.array_equal(second.reshape(len(rows), -1, 3), first.reshape(len(rows), -1, 3)[:, order])
    assert np.array_equal(before.labels, after.labels)


def test_the_share_of_right_answers():
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.7, 0.3]])
    assert share_right(lambda pixels, training: answers, np.zeros((4, 1)), np.array([0, 1, 1, 0])) == pytest.approx(
        0.75
    )

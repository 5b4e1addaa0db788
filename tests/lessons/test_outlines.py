"""Outlines of masks, what a lower resolution leaves of them, and a network of convolutions that finds them."""

import numpy as np

from lessons import outlines
from scratch import losses


def square(side=8, first=2, last=6):
    mask = np.zeros((1, side, side), bool)
    mask[:, first:last, first:last] = True
    return mask


def test_an_outline_is_one_pixel_wide_and_none_is_where_the_image_ends():
    assert outlines.outline(square()).sum() == 12
    assert not outlines.outline(square())[0, 3:5, 3:5].any()
    assert not outlines.outline(square(8, 0, 8)).any()


def test_a_coarse_mask_keeps_what_fills_its_squares_and_loses_thin_lines():
    np.testing.assert_array_equal(outlines.coarse(square(), 2), square())
    line = np.zeros((1, 8, 8), bool)
    line[0, 3] = True
    assert not outlines.coarse(line, 4).any()


def test_scores_of_a_known_answer():
    t = np.eye(2)[np.array([[[1, 1], [0, 0]]])]
    found = np.array([[[0.9, 0.2], [0.7, 0.1]]])
    assert outlines.scores(found, t) == {"accuracy": 0.5, "precision": 0.5, "recall": 0.5, "Dice": 0.5}


def test_a_network_learns_to_find_bright_pixels():
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (24, 8, 8, 3)).astype(np.float32)
    t = np.eye(2, dtype=np.float32)[(images.mean(-1) > 0.2).astype(int)]
    layers = outlines.learn((images, t), losses.cross_entropy, 30, seed=0)
    assert outlines.scores(outlines.probability(layers, images), t)["Dice"] > 0.8

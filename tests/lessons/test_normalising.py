"""Which values a normalisation averages over."""

import numpy as np
import pytest

from lessons.normalising import SHAPE, draw_reached, reached
from lessons.telling import canvas
from scratch.normalization import BatchNorm, GroupNorm, InstanceNorm, LayerNorm

KINDS = {
    "batch": (BatchNorm(4), np.s_[:, :, :, 0]),
    "layer": (LayerNorm(4), np.s_[0, 0, 0, :]),
    "one group": (GroupNorm(4, 1), np.s_[0]),
    "two groups": (GroupNorm(4, 2), np.s_[0, :, :, :2]),
    "instance": (InstanceNorm(4), np.s_[0, :, :, 0]),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_values_that_count_are_those_of_the_kind(kind):
    layer, where = KINDS[kind]
    expected = np.zeros(SHAPE, bool)
    expected[where] = True
    assert (reached(layer) == expected).all()


def test_pixels_of_an_image_and_channel_are_drawn_side_by_side():
    axes = canvas()[1]
    changes = np.zeros(SHAPE, bool)
    changes[2, :, :, 1] = True  # third image, second channel
    draw_reached(axes[0, 0], changes)
    drawn = np.asarray(axes[0, 0].images[0].get_array())
    assert drawn[0, 0] == 2
    assert (drawn[4:6, 2:4] == 1).all()
    assert drawn.sum() == 2 + 4

"""The loss surface of a line: its loss and gradient are those of the training, and a descent is the same way."""

import numpy as np
import pytest

from lessons import surfaces
from scratch import linear_regression
from scratch.linear_regression import X, Y
from scratch.optimizers import SGD


@pytest.mark.parametrize(("w", "b"), [(0.0, 0.0), (1.3, -0.7)])
def test_the_surface_of_a_line_has_the_loss_and_the_gradient_of_its_training(w, b):
    surface, state = surfaces.of_line(X, Y), linear_regression.evaluate(X, Y, 0, w, b)
    assert surface.loss(w, b) == pytest.approx(state.loss)
    assert surface.gradient(w, b) == pytest.approx((state.dw, state.db))
    np.testing.assert_allclose(surface.loss(np.full((2, 3), w), np.full((2, 3), b)), np.full((2, 3), state.loss))


def test_descending_it_by_sgd_is_gradient_descent():
    way = surfaces.descend(SGD(0.02), surfaces.of_line(X, Y), 5)
    states = linear_regression.gradient_descent(X, Y, 0.02, 5)
    np.testing.assert_allclose(way, [(state.w, state.b) for state in states])

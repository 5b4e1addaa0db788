"""The formulas of the line: gradient, first step, and from which learning rate on it diverges."""

import pytest

from scratch import linear_regression
from scratch.linear_regression import X, Y

LIMIT = 2 / linear_regression.largest_curvature(X)


@pytest.mark.parametrize(("w", "b"), [(0.0, 0.0), (1.3, -0.7), (-4.0, 9.0)])
def test_gradient_equals_the_numerical_gradient(w, b):
    def loss(w, b):
        return linear_regression.evaluate(X, Y, 0, w, b).loss

    h = 1e-5
    state = linear_regression.evaluate(X, Y, 0, w, b)
    assert state.dw == pytest.approx((loss(w + h, b) - loss(w - h, b)) / (2 * h), rel=1e-6)
    assert state.db == pytest.approx((loss(w, b + h) - loss(w, b - h)) / (2 * h), rel=1e-6)


def test_gradient_and_loss_are_zero_at_the_answer():
    state = linear_regression.evaluate(X, Y, 0, 2.0, 1.0)
    assert (state.loss, state.dw, state.db) == (0.0, 0.0, 0.0)


def test_first_step_equals_the_pencil():
    # error = -1 -3 -7 -11 -13: squares sum to 349, products with x to -157, errors to -35; n = 5
    start, after = linear_regression.gradient_descent(X, Y, 0.02, 1)
    assert start.error.tolist() == [-1, -3, -7, -11, -13]
    assert start.loss == pytest.approx(349 / 5)
    assert start.dw == pytest.approx(-2 * 157 / 5)
    assert start.db == pytest.approx(-2 * 35 / 5)
    assert (after.w, after.b) == (pytest.approx(1.256), pytest.approx(0.28))
    assert after.y_hat == pytest.approx([0.28, 1.536, 4.048, 6.56, 7.816])


def test_the_limit_is_two_over_the_largest_eigenvalue():
    # 2 * [[71/5, 3], [3, 1]]: the eigenvalues of a 2 x 2 matrix by the quadratic formula
    trace, determinant = 2 * (71 / 5 + 1), 4 * (71 / 5 - 9)
    lambda_max = (trace + (trace**2 - 4 * determinant) ** 0.5) / 2
    assert linear_regression.largest_curvature(X) == pytest.approx(lambda_max)


def test_just_below_the_limit_converges_and_just_above_diverges():
    below = linear_regression.gradient_descent(X, Y, 0.99 * LIMIT, 2000)
    above = linear_regression.gradient_descent(X, Y, 1.01 * LIMIT, 2000)
    assert linear_regression.outcome(below) == linear_regression.CONVERGED
    assert linear_regression.outcome(above) == linear_regression.DIVERGED
    assert above[-1].loss > linear_regression.GROWTH_BOUND * above[0].loss
    assert len(above) < 2000  # it stopped when the bound was passed

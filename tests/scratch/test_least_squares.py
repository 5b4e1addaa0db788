"""Ridge and lasso give what scikit-learn gives; the constant goes free."""

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LinearRegression, Ridge

from scratch.least_squares import lasso, powers, ridge, soft


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 20)
    return powers(x, 4), 3 + np.sin(np.pi * x) + rng.normal(0, 0.2, 20)


def test_powers_begin_with_the_constant():
    assert powers(np.array([2.0, -1.0]), 3).tolist() == [[1, 2, 4, 8], [1, -1, 1, -1]]


def test_ridge_is_scikit_learns(data):
    x, y = data
    known = Ridge(alpha=0.3).fit(x[:, 1:], y)
    assert ridge(x, y, 0.3) == pytest.approx([known.intercept_, *known.coef_], abs=1e-8)
    plain = LinearRegression().fit(x[:, 1:], y)
    assert ridge(x, y) == pytest.approx([plain.intercept_, *plain.coef_], abs=1e-8)


def test_lasso_is_scikit_learns_zeros_included(data):
    x, y = data
    known = Lasso(alpha=1.0 / len(y), tol=1e-10, max_iter=100_000).fit(x[:, 1:], y)
    found = lasso(x, y, 1.0)
    assert found == pytest.approx([known.intercept_, *known.coef_], abs=1e-4)
    assert (found == 0).tolist() == [False, *(known.coef_ == 0)]
    assert (found == 0).any()


def test_soft_stops_at_zero():
    assert soft(np.array([3.0, -3.0, 0.5, -0.5, 0.0]), 1.0).tolist() == [2, -2, 0, 0, 0]

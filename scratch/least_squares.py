"""Least squares with a penalty: the smallest case in which overfitting, L2 and L1 can be watched.

    L = 1/2 sum (X w - y)^2 + penalty                 X: powers of x, a column each, so X w is a polynomial

    ridge   1/2 a sum w^2     slope a w               solved at once: (X^T X + a I) w = X^T y
    lasso   a sum |w|         slope a sign(w)         small steps r, each: w = soft(w - r X^T (X w - y), r a)

    soft(w, t) = sign(w) max(|w| - t, 0)

|w| has a kink at 0, where its slope may be any number from -1 to 1 (its subgradients). A step along a sign(w) jumps to
and fro across 0 and never rests there. `soft` solves the penalty's part of the step exactly: what would cross 0 stays
at 0. The constant, the first weight, has no penalty: it bends nothing.

Source: Hoerl, Kennard, Ridge regression (1970); Tibshirani, Regression shrinkage and selection via the lasso (1996);
Daubechies, Defrise, De Mol, https://arxiv.org/abs/math/0307152.
"""

import numpy as np


def powers(x: np.ndarray, degree: int) -> np.ndarray:
    """(N,) -> (N, degree + 1): 1, x, x^2, …"""
    return x[:, None] ** np.arange(degree + 1)


def ridge(x: np.ndarray, y: np.ndarray, a: float = 0.0) -> np.ndarray:
    """(N, K), (N,) -> (K,). The penalty is as if there were K more points: weight k times root a should be 0."""
    free = np.ones(x.shape[1])
    free[0] = 0
    rows = np.vstack([x, np.sqrt(a) * np.diag(free)])  # (N + K, K)
    return np.linalg.lstsq(rows, np.concatenate([y, np.zeros(len(free))]))[0]


def soft(w: np.ndarray, threshold: np.ndarray | float) -> np.ndarray:
    """Towards 0 by the threshold, and not beyond."""
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0)


def lasso(x: np.ndarray, y: np.ndarray, a: float) -> np.ndarray:
    """(N, K), (N,) -> (K,), by 20,000 steps."""
    rate = 1 / np.linalg.norm(x, 2) ** 2  # no step leads uphill; up to twice this none does
    threshold = np.full(x.shape[1], rate * a)
    threshold[0] = 0
    w = np.zeros(x.shape[1])
    for _ in range(20_000):
        w = soft(w - rate * x.T @ (x @ w - y), threshold)
    return w


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    points, fine = np.linspace(-1, 1, 10), np.linspace(-1, 1, 201)
    noisy, true = np.sin(np.pi * points) + rng.normal(0, 0.2, 10), np.sin(np.pi * fine)
    print("ten points of a sine with noise; the error is the root of the mean square")
    fits = {f"degree {degree}": ridge(powers(points, degree), noisy) for degree in (1, 3, 9)}
    fits["degree 9, ridge 0.01"] = ridge(powers(points, 9), noisy, 0.01)
    fits["degree 9, lasso 0.05"] = lasso(powers(points, 9), noisy, 0.05)
    for name, w in fits.items():
        pairs = (points, noisy), (fine, true)
        at, between = (np.sqrt(np.mean((powers(x, len(w) - 1) @ w - y) ** 2)) for x, y in pairs)
        print(f"{name:21} error at the points {at:.2f}, between {between:.2f}, weights {w.round(1) + 0.0}")

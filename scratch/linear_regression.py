"""A line fitted to points by gradient descent: the smallest training there is.

    prediction   y_hat = w x + b
    loss         L = mean (y_hat - y)^2
    gradient     dL/dw = 2 mean (y_hat - y) x        dL/db = 2 mean (y_hat - y)
    update       w -= r dL/dw        b -= r dL/db        with the learning rate r

Source: Goodfellow, Bengio, Courville, Deep Learning (MIT Press 2016), sections 4.3 (gradient descent) and 5.1.4
(linear regression), https://www.deeplearningbook.org
"""

from typing import NamedTuple

import numpy as np

TRUE_W, TRUE_B = 2.0, 1.0
X = np.array([0.0, 1.0, 3.0, 5.0, 6.0])
Y = TRUE_W * X + TRUE_B
TOLERANCE = 1e-2  # how near w and b must come to the true ones to count as found
GROWTH_BOUND = 1e6  # a loss this many times the first one will not come back
CONVERGED, DIVERGED, UNFINISHED = "converged", "diverges", "not converged yet"


class State(NamedTuple):
    """All numbers after `step` updates; y_hat and error have shape (n,), one entry a point."""

    step: int
    w: float
    b: float
    y_hat: np.ndarray
    error: np.ndarray
    loss: float
    dw: float
    db: float


def evaluate(x: np.ndarray, y: np.ndarray, step: int, w: float, b: float) -> State:
    """Work out prediction, error, loss (mean squared error, in units of y squared) and gradient at (w, b).

    x and y have shape (n,). The gradient is dw = 2/n * sum(error * x) and db = 2/n * sum(error), by the chain rule:
    error^2 grows with 2 * error, and error = w * x + b - y grows with x for each unit of w, with 1 for each of b.
    """
    y_hat = w * x + b
    error = y_hat - y
    loss = np.mean(error**2)
    dw = 2 * np.mean(error * x)
    db = 2 * np.mean(error)
    return State(step, w, b, y_hat, error, float(loss), float(dw), float(db))


def update(state: State, learning_rate: float) -> tuple[float, float]:
    """Return the next w and b, one step against the gradient: w - learning_rate * dw, b - learning_rate * db."""
    return state.w - learning_rate * state.dw, state.b - learning_rate * state.db


def gradient_descent(x: np.ndarray, y: np.ndarray, learning_rate: float, steps: int) -> list[State]:
    """Start at w = 0, b = 0 and update `steps` times, each time with all points (full batch); x, y have shape (n,).

    Returns the steps + 1 states on the way, the start first; fewer if the loss grows past GROWTH_BOUND times the first.
    """
    history = [evaluate(x, y, 0, 0.0, 0.0)]
    with np.errstate(over="ignore", invalid="ignore"):  # a huge learning rate overflows to inf: that is the lesson
        for step in range(1, steps + 1):
            w, b = update(history[-1], learning_rate)
            history.append(evaluate(x, y, step, w, b))
            if not history[-1].loss <= GROWTH_BOUND * history[0].loss:  # "not <=" is true for nan as well
                break
    return history


def largest_curvature(x: np.ndarray) -> float:
    """Return lambda_max, the largest eigenvalue of the loss's Hessian 2 * [[mean(x^2), mean(x)], [mean(x), 1]].

    Along its direction an update multiplies the distance to the minimum by 1 - learning_rate * lambda_max; that
    shrinks only while learning_rate < 2 / lambda_max. x has shape (n,).
    Source: LeCun, Bottou, Orr, Müller, Efficient BackProp (1998), on the largest learning rate.
    """
    hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
    return float(np.linalg.eigvalsh(hessian)[-1])


def outcome(history: list[State]) -> str:
    """Return DIVERGED (loss above its start), CONVERGED (w and b within TOLERANCE of the true ones) or UNFINISHED."""
    last = history[-1]
    if not last.loss <= history[0].loss:
        return DIVERGED
    return CONVERGED if max(abs(last.w - TRUE_W), abs(last.b - TRUE_B)) <= TOLERANCE else UNFINISHED


if __name__ == "__main__":
    for rate in (0.001, 0.02, 0.066, 0.1):
        way = gradient_descent(X, Y, rate, 400)
        print(
            f"learning rate {rate:<5g}: {outcome(way)}; at step {way[-1].step} w = {way[-1].w:.4g}, b = {way[-1].b:.4g}"
        )
    print(f"the loss grows from a learning rate of {2 / largest_curvature(X):.4g} on")

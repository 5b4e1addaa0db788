"""Is a hand-written gradient right? Compare it with differences of the function itself.

    df/dx_i  =  (f(x + h e_i) - f(x - h e_i)) / 2h  +  O(h^2)

The central difference errs by h^2, the one-sided (f(x + h) - f(x)) / h by h. A smaller h is not always better: the
subtraction cancels digits, an error of about 1e-16 / h in float64, so h near 1e-5 is best. Near a kink (ReLU at 0, a
tie in max pooling) the two sides differ and the check means nothing.

Source: Goodfellow, Bengio, Courville, Deep Learning (MIT Press 2016), section 11.5, https://www.deeplearningbook.org
"""

from collections.abc import Callable

import numpy as np

from scratch.layer import Layer


def numerical_gradient(function: Callable[[], float], x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """Return df/dx for a `function` that reads x from the array itself; x is nudged in place and put back."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        kept = x[index]
        x[index] = kept + h
        above = function()
        x[index] = kept - h
        below = function()
        x[index] = kept
        gradient[index] = (above - below) / (2 * h)
    return gradient


def relative_error(a: np.ndarray, b: np.ndarray) -> float:
    """Return |a - b| / (|a| + |b|) in the Euclidean norm, 0 where both are zero; below 1e-6 a gradient is right."""
    total = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / total) if total else 0.0


def check_layer(layer: Layer, x: np.ndarray, training: bool = False, seed: int = 0) -> dict[str, float]:
    """Return the relative error of dL/dx (under "x") and of each parameter; x and the parameters in float64.

    L is the sum of the outputs times fixed random weights, so that no two outputs can stand in for each other. Not for
    dropout, which must give the same answer twice.
    """
    weights = np.random.default_rng(seed).normal(size=layer.forward(x, training).shape)

    def loss() -> float:
        return float(np.sum(weights * layer.forward(x, training)))

    loss()
    analytic = {"x": layer.backward(weights), **layer.grads}
    return {
        name: relative_error(analytic[name], numerical_gradient(loss, at))
        for name, at in [("x", x), *layer.params.items()]
    }


if __name__ == "__main__":
    print("slope of sin at 1 by differences; the right one is cos 1 = 0.5403")
    for h in (1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-13):
        both, one = (np.sin(1 + h) - np.sin(1 - h)) / (2 * h), (np.sin(1 + h) - np.sin(1)) / h
        print(f"h = {h:.0e}: off by {abs(both - np.cos(1)):.0e} with both sides, {abs(one - np.cos(1)):.0e} with one")

"""Activations: the bend between two affine layers, without which any number of them would be a single one.

    sigmoid     1 / (1 + e^-x)                      slope s (1 - s), at most 1/4: deep stacks stop learning
    tanh        (e^x - e^-x) / (e^x + e^-x)         slope 1 - t^2; LeCun et al., Efficient BackProp (1998)
    relu        max(x, 0)                           Nair, Hinton (ICML 2010)
    leaky_relu  x, or 0.2 x below 0                 Maas, Hannun, Ng (ICML workshop 2013): no unit is ever dead
    elu         x, or e^x - 1 below 0               Clevert et al., https://arxiv.org/abs/1511.07289
    gelu        x P(Z <= x), Z standard normal      Hendrycks, Gimpel, https://arxiv.org/abs/1606.08415
    gelu_tanh   the same, by the paper's tanh approximation
    silu        x sigmoid(x), also called swish     Elfwing et al., https://arxiv.org/abs/1702.03118

At a kink the slope is a matter of choice: at 0 it is the left one (0 for relu), as in TensorFlow.
"""

import math
from collections.abc import Callable

import numpy as np

from scratch.layer import Layer

LEAK = 0.2  # what Keras' function takes; its layer takes 0.3
ROOT, CUBIC = math.sqrt(2 / math.pi), 0.044715  # of the GELU paper


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e^-x), below 0 as e^x / (1 + e^x): so no exponential can overflow, and no digits cancel."""
    e = np.exp(-np.abs(x))
    return np.where(x > 0, 1, e) / (1 + e)


def sigmoid_slope(x: np.ndarray) -> np.ndarray:
    """s (1 - s)."""
    return sigmoid(x) * sigmoid(-x)  # 1 - s is s of -x: for large x, 1 - s would be 0


def tanh_slope(x: np.ndarray) -> np.ndarray:
    """1 - tanh^2."""
    return 1 - np.tanh(x) ** 2


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def relu_slope(x: np.ndarray) -> np.ndarray:
    """1 above 0, else 0."""
    return (x > 0).astype(x.dtype)


def leaky_relu(x: np.ndarray) -> np.ndarray:
    """x above 0, else LEAK x."""
    return np.where(x > 0, x, LEAK * x)


def leaky_relu_slope(x: np.ndarray) -> np.ndarray:
    """1 above 0, else LEAK."""
    return np.where(x > 0, 1, LEAK).astype(x.dtype)


def elu(x: np.ndarray) -> np.ndarray:
    """x above 0, else e^x - 1."""
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))  # `where` computes both sides: e^100 must not be one


def elu_slope(x: np.ndarray) -> np.ndarray:
    """1 above 0, else e^x."""
    return np.exp(np.minimum(x, 0))


def normal_cdf(x: np.ndarray) -> np.ndarray:
    """P(Z <= x) = (1 + erf(x / sqrt 2)) / 2, value by value, as NumPy has no erf."""
    return ((1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))) / 2).astype(x.dtype)


def gelu(x: np.ndarray) -> np.ndarray:
    """x P(Z <= x)."""
    return x * normal_cdf(x)


def gelu_slope(x: np.ndarray) -> np.ndarray:
    """P(Z <= x) + x p(x), with p the normal density."""
    return normal_cdf(x) + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """x (1 + tanh(ROOT (x + CUBIC x^3))) / 2: within 0.0005 of gelu, and fast."""
    return x * (1 + np.tanh(ROOT * (x + CUBIC * x**3))) / 2


def gelu_tanh_slope(x: np.ndarray) -> np.ndarray:
    """The product rule on gelu_tanh."""
    t = np.tanh(ROOT * (x + CUBIC * x**3))
    return (1 + t) / 2 + x * (1 - t**2) * ROOT * (1 + 3 * CUBIC * x**2) / 2


def silu(x: np.ndarray) -> np.ndarray:
    """x sigmoid(x)."""
    return x * sigmoid(x)


def silu_slope(x: np.ndarray) -> np.ndarray:
    """s + x s (1 - s)."""
    return sigmoid(x) + x * sigmoid_slope(x)


FUNCTIONS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]] = {
    "sigmoid": (sigmoid, sigmoid_slope),
    "tanh": (np.tanh, tanh_slope),
    "relu": (relu, relu_slope),
    "leaky_relu": (leaky_relu, leaky_relu_slope),
    "elu": (elu, elu_slope),
    "gelu": (gelu, gelu_slope),
    "gelu_tanh": (gelu_tanh, gelu_tanh_slope),
    "silu": (silu, silu_slope),
}


class Activation(Layer):
    """One of FUNCTIONS as a layer, value by value: y = f(x), dL/dx = dL/dy f'(x); the shape stays."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name, (self.function, self.slope) = name, FUNCTIONS[name]

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Any shape -> the same."""
        self.x = x
        return self.function(x)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Any shape -> the same."""
        return grad * self.slope(self.x)


if __name__ == "__main__":
    sums = np.array([-5.0, -2.0, -1.0, 0.0, 1.0, 2.0, 5.0])
    print("sum       ", *(f"{value:6.1f}" for value in sums))
    for name, (function, slope) in FUNCTIONS.items():
        print(f"{name:10}", *(f"{value:6.2f}" for value in function(sums)))
        print("    slope ", *(f"{value:6.2f}" for value in slope(sums)))

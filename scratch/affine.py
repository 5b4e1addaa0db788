"""Affine (fully connected, dense) layer, and Flatten, the way into it from an image.

    Y = X W + b        dL/dX = dL/dY W^T        dL/dW = X^T dL/dY        dL/db = sum of dL/dY over the batch

Source: Goodfellow, Bengio, Courville, Deep Learning (MIT Press 2016), section 6.5, https://www.deeplearningbook.org
"""

import numpy as np

from scratch import initializers
from scratch.layer import Layer


class Affine(Layer):
    """(N, inputs) -> (N, outputs)."""

    def __init__(self, inputs: int, outputs: int, rng: np.random.Generator, scheme: str = "glorot_uniform") -> None:
        super().__init__()
        self.params = {
            "w": initializers.scaled(scheme, (inputs, outputs), rng),
            "b": initializers.constant((outputs,)),
        }

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """X W + b."""
        self.x = x
        return x @ self.params["w"] + self.params["b"]  # (N, inputs) -> (N, outputs)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """Three products; each has the only shape that fits."""
        self.grads = {
            "w": self.x.T @ grad,  # (inputs, N) (N, outputs) -> (inputs, outputs)
            "b": grad.sum(axis=0),  # (N, outputs) -> (outputs,)
        }
        return grad @ self.params["w"].T  # (N, outputs) -> (N, inputs)


class Flatten(Layer):
    """(N, H, W, C) -> (N, H W C): nothing is computed, and backward puts the gradient back into shape."""

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Row by row, the channels of a pixel side by side."""
        self.shape = x.shape
        return x.reshape(len(x), -1)  # (N, H, W, C) -> (N, H W C)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The reverse."""
        return grad.reshape(self.shape)  # (N, H W C) -> (N, H, W, C)


if __name__ == "__main__":
    from scratch.gradient_check import check_layer

    rng = np.random.default_rng(0)
    layer = Affine(3, 2, rng)
    layer.params = {name: w.astype(np.float64) for name, w in layer.params.items()}
    x = rng.normal(size=(4, 3))
    print("4 rows of 3 numbers become", layer.forward(x).shape, "and the gradient comes back as", end=" ")
    print(layer.backward(np.ones((4, 2))).shape, "; w and b get", {name: g.shape for name, g in layer.grads.items()})
    print("relative errors against differences:", {name: f"{e:.0e}" for name, e in check_layer(layer, x).items()})

"""What all layers share.

A network is a list of layers. Forward, each takes what the one before it returned. Backward, in reverse order, each
takes the gradient of the loss L with respect to its own output and returns that with respect to its input, which is
the output of the layer before: the chain rule, one factor a layer.

    y = f(x, w)        dL/dx = dL/dy * dy/dx        dL/dw = dL/dy * dy/dw

Images are (N, H, W, C): batch, height, width, channels, as in Keras. Outputs have the dtype of the inputs, as long as
the parameters have it too.

Source: Rumelhart, Hinton, Williams, Learning representations by back-propagating errors (Nature 1986).
"""

import numpy as np


class Layer:
    """The protocol: forward, backward, and what is learned in `params` with its gradients, under the same names.

    Names: "w" is a matrix or a kernel, "b" a bias, "gamma" and "beta" scale and shift. Each `backward` belongs to the
    `forward` just before it and replaces `grads`; the optimiser changes `params` in place.
    """

    def __init__(self) -> None:
        self.params: dict[str, np.ndarray] = {}
        self.grads: dict[str, np.ndarray] = {}

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output, and keep what `backward` needs; `training` matters to dropout and batch norm only."""
        raise NotImplementedError

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """From dL/dy return dL/dx, and write dL/dw into `grads`."""
        raise NotImplementedError


if __name__ == "__main__":
    x, w, b, d = 1.5, 0.8, -0.2, 1.0  # a neuron with a sigmoid, and half its squared error
    a = x * w + b
    y = float(1 / (1 + np.exp(-a)))
    print(f"forward:  x w + b = {a:.3f}, y = {y:.3f}, loss {(y - d) ** 2 / 2:.4f}")
    dy = y - d
    da = dy * y * (1 - y)
    print(f"backward: along y {dy:.4f}, along the sum {da:.4f}, along w {da * x:.4f}, along b {da:.4f}")

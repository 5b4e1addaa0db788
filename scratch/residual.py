"""Residual connection: what came in is added to what the layers make of it, so that no depth stops the gradient.

    y = x + f(x)        dL/dx = dL/dy + (the gradient through f)

The layers need learn only what is to be changed. The first term carries the gradient past them unweakened, however
many such blocks follow each other: a product of many factors (1 + something) in place of one of many factors (small).
Such a product grows: without normalisation, or smaller first weights, it explodes.

Source: He, Zhang, Ren, Sun, Deep residual learning for image recognition, https://arxiv.org/abs/1512.03385; the
identity that nothing interrupts: https://arxiv.org/abs/1603.05027.
"""

from collections.abc import Sequence

import numpy as np

from scratch.layer import Layer


class Residual(Layer):
    """Any shape -> the same; `inner` must keep it. Its parameters are the inner ones, "0.w" for that of the first."""

    def __init__(self, inner: Sequence[Layer]) -> None:
        super().__init__()
        self.inner = inner
        self.params = {f"{i}.{name}": w for i, layer in enumerate(inner) for name, w in layer.params.items()}

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """x + f(x)."""
        y = x
        for layer in self.inner:
            y = layer.forward(y, training)
        if y.shape != x.shape:
            raise ValueError(f"a residual connection adds what came in, {x.shape}, to {y.shape}: shapes must be equal")
        return x + y

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The gradient itself, and that through the layers."""
        through = grad
        for layer in reversed(self.inner):
            through = layer.backward(through)
        self.grads = {f"{i}.{name}": g for i, layer in enumerate(self.inner) for name, g in layer.grads.items()}
        return grad + through


if __name__ == "__main__":
    from scratch.activations import Activation
    from scratch.affine import Affine

    rng = np.random.default_rng(0)
    print("length of the gradient at the first of so many layers, 1 at the last; initial weights half as wide as He's")
    for depth in (1, 5, 10, 20, 40):
        lengths = []
        for wrap in (lambda inner: inner, lambda inner: [Residual(inner)]):
            pairs = [[Affine(32, 32, rng, "he_normal"), Activation("relu")] for _ in range(depth)]
            for affine, _ in pairs:
                affine.params["w"] *= np.float32(0.5)
            layers = [layer for pair in pairs for layer in wrap(pair)]
            x, grad = rng.normal(size=(64, 32)), rng.normal(size=(64, 32))
            for layer in layers:
                x = layer.forward(x)
            size = np.linalg.norm(grad)
            for layer in reversed(layers):
                grad = layer.backward(grad)
            lengths.append(np.linalg.norm(grad) / size)
        print(f"{depth:3} layers: plain {lengths[0]:.1e}, with residual connections {lengths[1]:.1e}")

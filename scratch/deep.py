"""How values and gradients fare in a deep stack of layers, by its first weights.

    forward     y = f(x w)        Var(x w) = n Var(w) mean(x^2)        with n inputs, w of mean 0
    backward    dL/dx = (dL/dy f') w^T                                 one factor a layer, a power of them in all

With n Var(w) = 1 a linear stack keeps its size ("xavier", where all layers are equally wide); relu, which drops one
half of x, asks for 2 ("he"). Sigmoid has slopes of at most 1/4, and outputs around 1/2 instead of 0.

Source: Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks (AISTATS 2010); He et
al., https://arxiv.org/abs/1502.01852; Hochreiter, Untersuchungen zu dynamischen neuronalen Netzen (thesis 1991).
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from scratch import initializers
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.layer import Layer
from scratch.losses import cross_entropy
from scratch.train import backward, forward

Draw = Callable[[tuple[int, int], np.random.Generator], np.ndarray]

FIRST_WEIGHTS: dict[str, Draw] = {
    "zeros": lambda shape, rng: initializers.constant(shape),
    "std 1": lambda shape, rng: initializers.normal(shape, rng, 1.0),
    "std 0.01": lambda shape, rng: initializers.normal(shape, rng, 0.01),
    "xavier": lambda shape, rng: initializers.scaled("lecun_normal", shape, rng),  # 1 / sqrt(n)
    "he": lambda shape, rng: initializers.scaled("he_normal", shape, rng),
}


def stack(widths: Sequence[int], activation: str, draw: Draw, rng: np.random.Generator) -> list[Layer]:
    """Return fully connected layers of these widths, inputs first, with an activation after all but the last."""
    layers: list[Layer] = []
    for inputs, outputs in pairwise(widths):
        affine = Affine(inputs, outputs, rng)
        affine.params["w"] = draw((inputs, outputs), rng)
        layers += [affine, Activation(activation)]
    return layers[:-1]


def activations(layers: Sequence[Layer], x: np.ndarray) -> list[np.ndarray]:
    """Return what each activation gives, (N, width) each, the first layer's first."""
    outputs = []
    for layer in layers:
        x = layer.forward(x)
        if isinstance(layer, Activation):
            outputs.append(x)
    return outputs


def gradient_norms(layers: Sequence[Layer], x: np.ndarray, t: np.ndarray) -> list[float]:
    """Return the length of the gradient of each matrix, the first layer's first; the loss is cross-entropy."""
    backward(layers, cross_entropy(forward(layers, x), t)[1])
    return [float(np.linalg.norm(layer.grads["w"])) for layer in layers if layer.params]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(200, 64)).astype(np.float32), np.eye(4, dtype=np.float32)[rng.integers(4, size=200)]
    print("ten layers of 64: spread of the values in layer 10, and length of the gradient in layer 1")
    for activation in ("sigmoid", "tanh", "relu"):
        for name, draw in FIRST_WEIGHTS.items():
            layers = stack([64] * 11 + [4], activation, draw, rng)
            spread, norm = activations(layers, x)[-1].std(), gradient_norms(layers, x, t)[0]
            print(f"{activation:8} {name:9} spread {spread:8.1e}   gradient {norm:8.1e}")

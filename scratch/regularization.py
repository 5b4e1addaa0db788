"""Regularisation: a penalty on large weights, added to the loss, so that the network does not learn by heart.

    L2            a sum w^2                 gradient 2 a w        pulls in proportion: small weights everywhere
    L1            a sum |w|                 gradient a sign(w)    pulls evenly: many weights end near 0
    elastic net   a sum |w| + b sum w^2     both

Exactly 0 they are only by soft thresholding, as in the lasso (`least_squares.py`): a gradient step jumps across 0.

Biases are left free: they bend nothing, they only shift.

Source: Tibshirani, Regression shrinkage and selection via the lasso (1996); Zou, Hastie, Regularization and variable
selection via the elastic net (2005); Goodfellow, Bengio, Courville, Deep Learning (MIT Press 2016), section 7.1.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Penalty:
    """The elastic net; with one of the two at 0 it is L1 or L2."""

    l1: float = 0.0
    l2: float = 0.0

    def loss(self, w: np.ndarray) -> float:
        """What is added to the loss."""
        return float(self.l1 * np.sum(np.abs(w)) + self.l2 * np.sum(w**2))

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """What is added to the gradient; at 0, where |w| has a kink, L1 leaves the weight where it is."""
        return self.l1 * np.sign(w) + 2 * self.l2 * w


def l1(factor: float) -> Penalty:
    """L1 alone."""
    return Penalty(l1=factor)


def l2(factor: float) -> Penalty:
    """L2 alone."""
    return Penalty(l2=factor)


def elastic_net(l1: float, l2: float) -> Penalty:
    """Both."""
    return Penalty(l1, l2)


if __name__ == "__main__":
    weights = np.array([2.0, 0.5, -0.1, 0.0])
    for name, penalty in {"L1": l1(0.1), "L2": l2(0.1), "elastic net": elastic_net(0.05, 0.05)}.items():
        loss, gradient = penalty.loss(weights), penalty.gradient(weights)
        print(f"{name:12} of {weights}: loss {loss:.3f}, gradient {gradient.round(3)}")
    print("ten steps of size 0.5 along each gradient, with no loss but the penalty:")
    for name, penalty in {"L1": l1(0.1), "L2": l2(0.1)}.items():
        w = weights.copy()
        for _ in range(10):
            w -= 0.5 * penalty.gradient(w)
        print(f"{name:12} {w.round(3) + 0.0}")
    print("L1 takes the same from each weight, and jumps across 0; L2 takes a share of each.")

"""Optimisers: from gradients g to the next weights w, with learning rate r; each line is done value by value.

    SGD        w -= r g                                              Robbins, Monro (1951)
    Momentum   v = m v - r g              w += v                     Polyak (1964)
    Nesterov   v = m v - r g              w += m v - r g             Sutskever et al. (ICML 2013)
    AdaGrad    s += g^2                   w -= r g / sqrt(s + e)     Duchi, Hazan, Singer (JMLR 2011)
    RMSProp    s = q s + (1 - q) g^2      w -= r g / sqrt(s + e)     Hinton, lecture 6e (Coursera 2012)
    Adam       v = b1 v + (1 - b1) g      s = b2 s + (1 - b2) g^2    Kingma, Ba, https://arxiv.org/abs/1412.6980
               w -= r v' / (sqrt(s') + e)        v' = v / (1 - b1^t), s' = s / (1 - b2^t) at step t
    AdamW      w -= r d w, then Adam                                 Loshchilov, Hutter, https://arxiv.org/abs/1711.05101

v and s begin at 0 and so are too small at first; v' and s' make up for that. Where e stands differs between authors:
here as in Keras (Adam: beside sqrt(s), before it becomes sqrt(s'); the paper calls that "epsilon hat"). So is the r
before d w: in the paper only the factor of the schedule stands there, not the rate.
"""

import itertools
import math
from collections.abc import Sequence

import numpy as np


class Optimizer:
    """Changes arrays in place; `memory` holds for each of them the arrays that `start` made (v, s)."""

    def __init__(self, learning_rate: float) -> None:
        self.learning_rate = learning_rate
        self.steps = 0
        self.memory: list[list[np.ndarray]] = []

    def step(self, weights: Sequence[np.ndarray], gradients: Sequence[np.ndarray]) -> None:
        """One step for all weights; give the same arrays in the same order every time."""
        self.memory = self.memory or [self.start(w) for w in weights]
        self.steps += 1
        for w, g, memory in zip(weights, gradients, self.memory, strict=True):
            w += self.change(w, g, *memory)

    def start(self, w: np.ndarray) -> list[np.ndarray]:
        """What is remembered of a weight before the first step."""
        return []

    def change(self, w: np.ndarray, g: np.ndarray, *memory: np.ndarray) -> np.ndarray:
        """What is added to w; brings the memory up to date, in place."""
        raise NotImplementedError


class SGD(Optimizer):
    """Straight downhill."""

    def __init__(self, learning_rate: float = 0.01) -> None:
        super().__init__(learning_rate)

    def change(self, w: np.ndarray, g: np.ndarray) -> np.ndarray:
        """-r g."""
        return -self.learning_rate * g


class Momentum(Optimizer):
    """A ball that keeps rolling: steps in one direction add up, to and fro they cancel."""

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(learning_rate)
        self.momentum = momentum

    def start(self, w: np.ndarray) -> list[np.ndarray]:
        """v = 0."""
        return [np.zeros_like(w)]

    def change(self, w: np.ndarray, g: np.ndarray, v: np.ndarray) -> np.ndarray:
        """v = m v - r g."""
        v[...] = self.momentum * v - self.learning_rate * g
        return v


class Nesterov(Momentum):
    """The same, one look ahead: the step that momentum will make next is made now."""

    def change(self, w: np.ndarray, g: np.ndarray, v: np.ndarray) -> np.ndarray:
        """m v - r g, with the new v."""
        return self.momentum * super().change(w, g, v) - self.learning_rate * g


class AdaGrad(Optimizer):
    """Each weight has its own rate, smaller the more it has moved; s only grows, so learning comes to rest."""

    def __init__(self, learning_rate: float = 0.001, start: float = 0.1, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.first, self.epsilon = start, epsilon

    def start(self, w: np.ndarray) -> list[np.ndarray]:
        """s = 0.1, which keeps the first steps small; the paper has 0."""
        return [np.full_like(w, self.first)]

    def change(self, w: np.ndarray, g: np.ndarray, s: np.ndarray) -> np.ndarray:
        """-r g / sqrt(s + e)."""
        s += g**2
        return -self.learning_rate * g / np.sqrt(s + self.epsilon)


class RMSProp(Optimizer):
    """AdaGrad that forgets: s is a moving average."""

    def __init__(self, learning_rate: float = 0.001, rho: float = 0.9, epsilon: float = 1e-7) -> None:
        super().__init__(learning_rate)
        self.rho, self.epsilon = rho, epsilon

    def start(self, w: np.ndarray) -> list[np.ndarray]:
        """s = 0."""
        return [np.zeros_like(w)]

    def change(self, w: np.ndarray, g: np.ndarray, s: np.ndarray) -> np.ndarray:
        """-r g / sqrt(s + e)."""
        s[...] = self.rho * s + (1 - self.rho) * g**2
        return -self.learning_rate * g / np.sqrt(s + self.epsilon)


class Adam(Optimizer):
    """Momentum over RMSProp: at first every weight moves by about r, whatever the size of its gradient."""

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ) -> None:
        super().__init__(learning_rate)
        self.beta_1, self.beta_2, self.epsilon = beta_1, beta_2, epsilon

    def start(self, w: np.ndarray) -> list[np.ndarray]:
        """v = s = 0."""
        return [np.zeros_like(w), np.zeros_like(w)]

    def change(self, w: np.ndarray, g: np.ndarray, v: np.ndarray, s: np.ndarray) -> np.ndarray:
        """-r' v / (sqrt(s) + e); r' holds both corrections, which are the same for all weights."""
        v[...] = self.beta_1 * v + (1 - self.beta_1) * g
        s[...] = self.beta_2 * s + (1 - self.beta_2) * g**2
        rate = self.learning_rate * math.sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        return -rate * v / (np.sqrt(s) + self.epsilon)


class AdamW(Adam):
    """Adam with weight decay beside it; as a term of the loss, L2 would be divided by sqrt(s) like everything else."""

    def __init__(self, learning_rate: float = 0.001, decay: float = 0.004, **adam: float) -> None:
        super().__init__(learning_rate, **adam)
        self.decay = decay

    def change(self, w: np.ndarray, g: np.ndarray, v: np.ndarray, s: np.ndarray) -> np.ndarray:
        """-r d w, and Adam's."""
        return super().change(w, g, v, s) - self.learning_rate * self.decay * w


if __name__ == "__main__":
    steep = np.array([0.1, 2.0])  # the valley x^2/20 + y^2 has the gradient (x/10, 2y): twenty times as steep across
    print("x, y in the valley x^2/20 + y^2, from -7, 2, after 1, 2, 3, 10, 20, 30 steps; the lowest point is 0, 0")
    for chosen in (SGD(0.95), Momentum(0.1), Nesterov(0.1), AdaGrad(1.5, start=0.0), RMSProp(0.3), Adam(0.3)):
        w = np.array([-7.0, 2.0])
        way = [w.copy()]
        for _ in range(30):
            chosen.step([w], [steep * w])
            way.append(w.copy())
        shown = "  ".join(f"{x:5.2f} {y:5.2f}" for x, y in (way[i] for i in (1, 2, 3, 10, 20, 30)))
        crossed = sum(before[1] * after[1] < 0 for before, after in itertools.pairwise(way))
        print(f"{type(chosen).__name__:9} {shown}   crosses the floor {crossed:2} times")

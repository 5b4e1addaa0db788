"""Dropout: while training, each value is set to 0 with probability `rate`; the network cannot lean on any one of them.

    mask = [u >= rate] / (1 - rate), u uniform        y = mask x        dL/dx = mask dL/dy        afterwards: y = x

"Inverted": the division while training keeps the expected value, E[y] = x, so nothing need be scaled afterwards.

Source: Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (JMLR 2014).
"""

import numpy as np

from scratch.layer import Layer


class Dropout(Layer):
    """Any shape -> the same."""

    def __init__(self, rate: float, rng: np.random.Generator) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"rate is {rate}: it must lie in 0 <= rate < 1")
        self.rate, self.rng = rate, rng

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Draw a new mask while training."""
        kept = self.rng.random(x.shape) >= self.rate if training else np.ones(x.shape, bool)
        self.mask = kept.astype(x.dtype) / (1 - self.rate if training else 1)
        return x * self.mask

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """What was dropped learns nothing."""
        return grad * self.mask


if __name__ == "__main__":
    layer = Dropout(0.5, np.random.default_rng(0))
    ones = np.ones((1, 12))
    print("in training:     ", *layer.forward(ones, training=True)[0])
    print("once more:       ", *layer.forward(ones, training=True)[0])
    mean = np.mean([layer.forward(ones, training=True).mean() for _ in range(10_000)])
    print(f"mean of 10,000 such: {mean:.2f}")
    print("for a prediction:", *layer.forward(ones)[0])

"""Pooling: one number for each window and channel, so that the map shrinks and a small shift hardly matters.

    max:      y = max of the window        dL/dx: all of dL/dy to the winner, nothing to the others
    average:  y = mean of the window       dL/dx: dL/dy / (cells in the window) to each

Windows may overlap (size 3, stride 2); a pixel then sums what it gets. At a tie the first of the window, row by row,
wins: a choice, and TensorFlow's on a CPU. Padding takes no part: it is -infinity to a max, and an average is
divided by the cells that lie inside the image.

Source: Boureau, Ponce, LeCun, A theoretical analysis of feature pooling (ICML 2010).
"""

import numpy as np

from scratch.layer import Layer
from scratch.windows import cells, pad, unpad


class Pool(Layer):
    """What both share: (N, H, W, C) -> (N, out H, out W, C); the stride is the size unless given."""

    def __init__(self, size: int = 2, stride: int | None = None, padding: str = "valid") -> None:
        super().__init__()
        self.window = size, stride or size, padding

    def cells(self, x: np.ndarray, value: float) -> list[np.ndarray]:
        """(N, H, W, C) -> size size times (N, out H, out W, C)."""
        self.shape = x.shape
        padded = pad(x, *self.window, value)
        self.padded_shape = padded.shape
        return list(cells(padded, *self.window[:2]))

    def uncells(self, parts: list[np.ndarray]) -> np.ndarray:
        """size size times (N, out H, out W, C) -> (N, H, W, C), summed where windows overlap."""
        padded = np.zeros(self.padded_shape, parts[0].dtype)
        for cell, part in zip(cells(padded, *self.window[:2]), parts, strict=True):
            cell += part
        return unpad(padded, self.shape, *self.window)


class MaxPool(Pool):
    """The largest of each window."""

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Go through the cells of all windows at once and remember which cell leads."""
        first, *others = self.cells(x, -np.inf)
        best, self.winner = first.copy(), np.zeros(first.shape, np.int32)  # (N, out H, out W, C) both
        for number, cell in enumerate(others, start=1):
            np.copyto(self.winner, number, where=cell > best)
            np.maximum(best, cell, out=best)
        return best

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """All to the winner."""
        return self.uncells([grad * (self.winner == number) for number in range(self.window[0] ** 2)])


class AveragePool(Pool):
    """The mean of each window."""

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Sum over the cells, divided by how many of them lie inside the image."""
        self.inside = sum(self.cells(np.ones((1, *x.shape[1:3], 1), x.dtype), 0.0))  # (1, out H, out W, 1)
        return sum(self.cells(x, 0.0)) / self.inside  # (N, out H, out W, C)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The same share to each."""
        return self.uncells([grad / self.inside] * self.window[0] ** 2)


class GlobalAveragePool(Layer):
    """(N, H, W, C) -> (N, C): the mean of each map. Source: Lin et al., https://arxiv.org/abs/1312.4400."""

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Mean over height and width."""
        self.shape = x.shape
        return x.mean(axis=(1, 2))  # (N, H, W, C) -> (N, C)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The same share to each pixel."""
        share = grad / (self.shape[1] * self.shape[2])
        return np.broadcast_to(share[:, None, None], self.shape)  # (N, C) -> (N, H, W, C)


if __name__ == "__main__":
    values = np.array([[1.0, 2, 0, 0], [3, 4, 0, 8], [0, 0, 5, 5], [1, 0, 5, 5]])
    print(values)
    for name, layer in (("max", MaxPool(2)), ("average", AveragePool(2))):
        print(f"{name} pooling, 2 × 2:", layer.forward(values[None, ..., None])[0, ..., 0].tolist())
    print("gradient of 1 for each, through max pooling: all to the largest, at a tie to the first")
    layer = MaxPool(2)
    layer.forward(values[None, ..., None])
    print(layer.backward(np.ones((1, 2, 2, 1)))[0, ..., 0])

"""Convolution as one matrix product: im2col lays every window flat, col2im is its way back.

    y[n, i, j, f] = b[f] + sum over u, v, c of x[n, i s + u, j s + v, c] w[u, v, c, f]        s: stride

With the windows as the rows of a matrix X and the kernels as the columns of W this is Y = X W + b: an affine layer,
and its gradients are those of affine.py. A pixel stands in up to size^2 windows, so it collects as many gradients.
(It is a cross-correlation, strictly: the kernel is not turned round. Learned kernels do not mind.)

Source: LeCun et al., Backpropagation applied to handwritten zip code recognition (1989); im2col: Chellapilla, Puri,
Simard, High performance convolutional neural networks for document processing (2006).
"""

import numpy as np

from scratch import initializers
from scratch.layer import Layer
from scratch.windows import cells, pad, unpad


def im2col(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """(N, H, W, C), padded -> (N, out H, out W, size size C): every window, laid flat."""
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    # (N, out H, out W, C, size, size) -> (…, size, size, C), still a view
    windows = windows.transpose(0, 1, 2, 4, 5, 3)
    return windows.reshape(*windows.shape[:3], -1)  # -> (N, out H, out W, size size C): here it is copied


def col2im(rows: np.ndarray, shape: tuple[int, ...], size: int, stride: int) -> np.ndarray:
    """(size size C, N, out H, out W) -> `shape` (N, H, W, C): each value back to its pixel, and summed there.

    The values come as X transposed, and the sum is laid out in memory with the channels first: NumPy then adds whole
    lines of an image, not three channels at a time, which is five times as fast.
    """
    count, height, width, channels = shape
    x = np.zeros((channels, count, height, width), rows.dtype).transpose(1, 2, 3, 0)  # -> (N, H, W, C), a view
    parts = rows.reshape(size * size, channels, *rows.shape[1:]).transpose(0, 2, 3, 4, 1)  # -> (…, N, out H, out W, C)
    for cell, part in zip(cells(x, size, stride), parts, strict=True):
        cell += part
    return x


class Conv(Layer):
    """(N, H, W, channels) -> (N, out H, out W, filters); the kernel is (size, size, channels, filters)."""

    def __init__(
        self,
        channels: int,
        filters: int,
        size: int,
        rng: np.random.Generator,
        stride: int = 1,
        padding: str = "valid",
        scheme: str = "glorot_uniform",
    ) -> None:
        super().__init__()
        self.window = size, stride, padding
        self.params = {
            "w": initializers.scaled(scheme, (size, size, channels, filters), rng),
            "b": initializers.constant((filters,)),
        }

    def forward(self, x: np.ndarray, training: bool = False) -> np.ndarray:
        """Pad, lay flat, multiply."""
        size, stride, padding = self.window
        self.shape = x.shape
        padded = pad(x, size, stride, padding)  # (N, H, W, C) -> (N, padded H, padded W, C)
        self.padded_shape = padded.shape
        self.columns = im2col(padded, size, stride)  # -> (N, out H, out W, size size C)
        w = self.params["w"].reshape(-1, self.params["w"].shape[-1])  # -> (size size C, F)
        out = self.columns.reshape(-1, len(w)) @ w + self.params["b"]  # -> (N out H out W, F)
        return out.reshape(*self.columns.shape[:3], -1)  # -> (N, out H, out W, F)

    def backward(self, grad: np.ndarray) -> np.ndarray:
        """The gradients of the affine layer, then from windows back to pixels."""
        size, stride, padding = self.window
        w = self.params["w"]
        rows = grad.reshape(-1, grad.shape[-1])  # (N, out H, out W, F) -> (N out H out W, F)
        columns = self.columns.reshape(len(rows), -1)  # -> (N out H out W, size size C)
        self.grads = {"w": (columns.T @ rows).reshape(w.shape), "b": rows.sum(axis=0)}  # -> (size, size, C, F), (F,)
        flat = w.reshape(-1, w.shape[-1]) @ rows.T  # -> (size size C, N out H out W)
        flat = flat.reshape(-1, *grad.shape[:3])  # -> (size size C, N, out H, out W)
        padded = col2im(flat, self.padded_shape, size, stride)  # -> (N, padded H, padded W, C)
        return unpad(padded, self.shape, size, stride, padding)  # -> (N, H, W, C)


if __name__ == "__main__":
    drawing = np.zeros((1, 6, 8, 1))
    drawing[0, 1:5, 3:6] = 1
    edge = np.array([[-1.0, 1.0], [-1.0, 1.0]])
    rows = im2col(drawing, 2, 1)
    found = (rows @ edge.ravel())[0]
    print("an image, a kernel [[-1 1] [-1 1]] and the map that it makes: left edges are +, right edges -")
    for number, line in enumerate(drawing[0, ..., 0]):
        marks = "".join(".+-"[int(np.sign(value))] for value in found[number]) if number < len(found) else ""
        print("   ", "".join(".#"[int(value)] for value in line), "  ", marks)
    print(f"as a matrix product: {rows.shape[1] * rows.shape[2]} windows of 4 pixels each, times 4 weights")
    padded = Conv(1, 1, 2, np.random.default_rng(0)).forward(
        np.pad(np.zeros((1, 6, 6, 1)), ((0, 0), (1, 1), (1, 1), (0, 0)))
    )
    print(f"6 x 6, padding 1, kernel 2 x 2, stride 1 -> {padded.shape[1]} x {padded.shape[2]}")

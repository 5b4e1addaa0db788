"""Windows that slide over an image: what convolution and pooling share.

    valid:  out = floor((in - size) / stride) + 1             only windows that lie inside
    same:   out = ceil(in / stride)                           padded by max((out - 1) stride + size - in, 0) in all,
                                                              half before, half after, an odd one after

Source: Dumoulin, Visin, A guide to convolution arithmetic, https://arxiv.org/abs/1603.07285; the odd one after is
TensorFlow's rule.
"""

from collections.abc import Iterator

import numpy as np


def pad_widths(length: int, size: int, stride: int, padding: str) -> tuple[int, int]:
    """Return how many cells to add before and after one axis."""
    if padding == "valid":
        return 0, 0
    out = -(-length // stride)  # rounded up
    total = max((out - 1) * stride + size - length, 0)
    return total // 2, total - total // 2


def pad(x: np.ndarray, size: int, stride: int, padding: str, value: float = 0.0) -> np.ndarray:
    """(N, H, W, C) -> (N, H + rows added, W + columns added, C), filled up with `value`; raise if no window fits."""
    rows, columns = (pad_widths(length, size, stride, padding) for length in x.shape[1:3])
    if min(x.shape[1] + sum(rows), x.shape[2] + sum(columns)) < size:
        raise ValueError(f"a window of {size} × {size} does not fit into {x.shape[1]} × {x.shape[2]}: pad with 'same'")
    if not any(rows + columns):
        return x
    return np.pad(x, ((0, 0), rows, columns, (0, 0)), constant_values=value)


def unpad(x: np.ndarray, shape: tuple[int, ...], size: int, stride: int, padding: str) -> np.ndarray:
    """Undo `pad` of an image that had this shape."""
    (top, _), (left, _) = (pad_widths(length, size, stride, padding) for length in shape[1:3])
    return x[:, top : top + shape[1], left : left + shape[2]]


def cells(x: np.ndarray, size: int, stride: int) -> Iterator[np.ndarray]:
    """For each cell of the window, row by row, a view on what all windows have there: (N, out H, out W, C)."""
    height, width = ((length - size) // stride + 1 for length in x.shape[1:3])
    for row in range(size):
        for column in range(size):
            yield x[:, row : row + height * stride : stride, column : column + width * stride : stride]


if __name__ == "__main__":
    for length, size, stride in ((6, 2, 1), (6, 3, 1), (6, 3, 2), (7, 3, 2)):
        print(f"{length} × {length}, a window of {size} × {size}, stride {stride}:")
        for padding in ("valid", "same"):
            added = pad_widths(length, size, stride, padding)
            out = next(cells(pad(np.ones((1, length, length, 1)), size, stride, padding), size, stride)).shape[1]
            print(f"    {padding:5} adds {added[0]} before and {added[1]} after: {out} × {out} windows")
    small = np.arange(1.0, 10).reshape(1, 3, 3, 1)
    print("an image:\n", small[0, :, :, 0])
    print("what each cell of a 2 × 2 window sees at the four places of the window:")
    for view in cells(small, 2, 1):
        print(view[0, :, :, 0].tolist())

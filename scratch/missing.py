"""Missing values: fill each with a number that says little, and tell in an extra channel where it was filled.

    filled      x' = x where it is known, else the mean of what is known
    mask        m = 1 where x is known, else 0;  the network reads (x', m)

A hole filled with 0 looks like black. With the mask as a further channel, the network can learn to tell a hole from a
measured value, and what a hole itself says of the class; whether that helps must be measured. The mean is worked out on
training images only and kept: one of test images would leak.

Source: Little, Rubin, Statistical analysis with missing data (Wiley 2019); Lipton, Kale, Wetzel, Directly modeling
missing data in sequences with RNNs (2016), https://arxiv.org/abs/1606.04130
"""

import numpy as np


def known_mean(x: np.ndarray) -> np.ndarray:
    """Return the mean of each channel over what is known, (C,); x is (N, H, W, C), NaN where a value is missing."""
    return np.nanmean(x, axis=(0, 1, 2))


def with_mask(x: np.ndarray, fill: np.ndarray) -> np.ndarray:
    """(N, H, W, C) with NaN, fill (C,) -> (N, H, W, C + 1): filled, and a channel that is 1 where all C are known."""
    known = ~np.isnan(x)
    mask = known.all(axis=-1, keepdims=True).astype(x.dtype)  # (N, H, W, 1)
    return np.concatenate([np.where(known, x, fill.astype(x.dtype)), mask], axis=-1)


def holes(x: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return images with a square of NaN in each, as a broken sensor or a cloud leaves it."""
    broken = x.astype(np.float32)
    for image in broken:
        top, left = rng.integers(0, x.shape[1] - side + 1), rng.integers(0, x.shape[2] - side + 1)
        image[top : top + side, left : left + side] = np.nan
    return broken


def dark_and_bright(number: int, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return grey images, dark or brighter, and which they are, one-hot; of each up to nine tenths are lost."""
    bright = rng.integers(0, 2, number)
    x = 0.4 + 0.2 * bright[:, None, None, None] + 0.3 * rng.normal(size=(number, side, side, 1))
    x[rng.random(x.shape) < rng.uniform(0, 0.9, (number, 1, 1, 1))] = np.nan
    return x, np.eye(2)[bright]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    image = rng.uniform(0, 9, (1, 4, 4, 1)).round()
    broken = holes(image, 2, rng)
    both = with_mask(broken, known_mean(broken))
    print("as measured:\n", broken[0, :, :, 0], "\nfilled with the mean:\n", both[0, :, :, 0].round(1))
    print("channel that says what is known:\n", both[0, :, :, 1], "\nshape", broken.shape, "->", both.shape)

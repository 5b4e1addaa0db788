"""Augmentation: change training images so that the answer stays the same, or is known; every epoch sees other images.

    flip      mirror left and right with probability p
    crop      pad, then cut the old size out at a random place               He et al., https://arxiv.org/abs/1512.03385
    mixup     x = l x1 + (1 - l) x2, t alike, l ~ Beta(a, a)                 Zhang et al., https://arxiv.org/abs/1710.09412
    cutmix    a box of x2 in x1, t by area                                   Yun et al., https://arxiv.org/abs/1905.04899
    erase     noise in a random box                                          Zhong et al., https://arxiv.org/abs/1708.04896
    noise     x + normal numbers, as a sensor adds them                          Bishop, Neural Computation 7 (1995)
    flip with swapped labels: where the mirrored image is of another class, t changes places with it

Images are float (N, H, W, C), targets t float (N, K); all return new arrays of the same shapes.
"""

import numpy as np


def flip(x: np.ndarray, rng: np.random.Generator, p: float = 0.5) -> np.ndarray:
    """Each image on its own."""
    chosen = rng.random(len(x)) < p
    return np.where(chosen[:, None, None, None], x[:, :, ::-1], x)


def flip_and_swap(
    x: np.ndarray, t: np.ndarray, partner: np.ndarray, rng: np.random.Generator, p: float = 0.5
) -> tuple[np.ndarray, np.ndarray]:
    """Mirror some images, and give these the target of the mirrored class; partner is int (K,), class -> class."""
    chosen = rng.random(len(x)) < p
    swapped = t[:, partner]  # right where partner goes both ways: left <-> right
    return np.where(chosen[:, None, None, None], x[:, :, ::-1], x), np.where(chosen[:, None], swapped, t)


def crop(x: np.ndarray, rng: np.random.Generator, margin: int = 2) -> np.ndarray:
    """Shift each image by up to `margin` pixels; what moves in repeats the edge."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (margin, margin), (margin, margin), (0, 0)), "edge")  # (N, H + 2 m, W + 2 m, C)
    starts = rng.integers(0, 2 * margin + 1, (len(x), 2))
    return np.stack([one[y : y + height, x : x + width] for one, (y, x) in zip(padded, starts, strict=True)])


def box(height: int, width: int, share: float, rng: np.random.Generator) -> tuple[slice, slice]:
    """Place a box of that share of the area, of the image's own shape, at random; its edges are whole pixels."""
    tall, wide = round(height * share**0.5), round(width * share**0.5)
    top, left = rng.integers(0, height - tall + 1), rng.integers(0, width - wide + 1)
    return slice(top, top + tall), slice(left, left + wide)


def mixup(x: np.ndarray, t: np.ndarray, rng: np.random.Generator, a: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Lay a shuffled batch over the batch, one share for all."""
    share, other = float(rng.beta(a, a)), rng.permutation(len(x))
    return share * x + (1 - share) * x[other], share * t + (1 - share) * t[other]


def cutmix(x: np.ndarray, t: np.ndarray, rng: np.random.Generator, a: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Put a box of a shuffled batch into the batch, one box for all; its true area decides about the targets."""
    rows, columns = box(*x.shape[1:3], rng.beta(a, a), rng)
    other, mixed = rng.permutation(len(x)), x.copy()
    mixed[:, rows, columns] = x[other][:, rows, columns]
    share = t.dtype.type((rows.stop - rows.start) * (columns.stop - columns.start) / (x.shape[1] * x.shape[2]))
    return mixed, (1 - share) * t + share * t[other]


def erase(x: np.ndarray, rng: np.random.Generator, largest: float = 0.3) -> np.ndarray:
    """In each image, noise of its own mean and spread in a box of up to this share of the area."""
    erased = x.copy()
    for image in erased:
        hole = image[box(*x.shape[1:3], rng.uniform(0.02, largest), rng)]
        hole[...] = rng.normal(image.mean(), image.std(), hole.shape)
    return erased


def noise(x: np.ndarray, rng: np.random.Generator, spread: float = 0.1) -> np.ndarray:
    """Add to each value a normal number of this standard deviation."""
    return x + rng.normal(0, spread, x.shape).astype(x.dtype)


if __name__ == "__main__":
    rng = np.random.default_rng(1)
    x, t = np.arange(1.0, 33).reshape(2, 4, 4, 1), np.eye(2)
    print("an image:\n", x[0, ..., 0], "\nflipped:\n", flip(x, rng, 1)[0, ..., 0])
    print("shifted, the edge repeated:\n", crop(x, rng, 1)[0, ..., 0])
    for function in (mixup, cutmix):
        mixed, targets = function(x, t, np.random.default_rng(3), a=1)
        print(f"{function.__name__}, target {targets[0].round(2)}:\n", mixed[0, ..., 0].round(1))
    print("facing left, flipped: left", t[0], "becomes right", flip_and_swap(x, t, np.array([1, 0]), rng, 1)[1][0])

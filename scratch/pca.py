"""Principal component analysis (PCA): the directions in which points differ most, the first one most of all.

    X  (n, d), each column minus its mean        X = U S Vᵀ  (singular values falling)
    places on the directions: U S = X V          their variances: S² / (n - 1)

The first two give a flat map of points in many dimensions: of all flat maps the one that keeps most of their variance.
A direction may as well be turned round; here the largest part of each points up.

Source: Goodfellow, Bengio, Courville, Deep Learning (MIT Press 2016), section 2.12
"""

import numpy as np


def project(x: np.ndarray, directions: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """(n, d) -> places on the first directions, (n, directions), and the share of the variance that each keeps."""
    x = x.astype(np.float64)  # first: a mean of many float32 numbers loses digits
    x = x - x.mean(axis=0)
    u, s, vt = np.linalg.svd(x, full_matrices=False)  # (n, k), (k,), (k, d)
    largest = np.take_along_axis(vt, np.abs(vt).argmax(axis=1)[:, None], axis=1)[:, 0]  # (k,)
    return (u * s * np.sign(largest))[:, :directions], (s**2 / (s**2).sum())[:directions]


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(200, 2)) * (3, 1)  # two things differ between the points
    x = hidden @ rng.normal(size=(2, 50)) + 0.1 * rng.normal(size=(200, 50))  # 50 numbers each tell of them
    places, shares = project(x, 4)
    print("200 points of 50 numbers; shares of the variance on the first four directions:", shares.round(4))
    print("the map of the first five points:", *places[:5, :2].round(1).tolist())

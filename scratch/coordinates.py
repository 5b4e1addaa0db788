"""CoordConv: two more channels tell each pixel where it is, -1 to 1 from left to right and from top to bottom.

    (colour, x, y)    x = (2 column + 1) / width - 1,  y = (2 row + 1) / height - 1;  columns and rows from 0

A convolution does the same everywhere, and the mean over a map forgets the place: what such a network says cannot
depend on where a thing is, but for what padding tells at the border. With the channels it can, where the label asks
for it. Where the place says nothing of the label, they are one more thing to learn by heart.

Source: Liu et al., An intriguing failing of convolutional neural networks and the CoordConv solution,
https://arxiv.org/abs/1807.03247
"""

import numpy as np


def with_coordinates(x: np.ndarray) -> np.ndarray:
    """(N, H, W, C) -> (N, H, W, C + 2): x and y of each pixel come last."""
    count, height, width, _ = x.shape
    along_x, along_y = ((2 * np.arange(side) + 1) / side - 1 for side in (width, height))  # centres of pixels
    places = np.stack(np.meshgrid(along_x, along_y), axis=-1).astype(x.dtype)  # (H, W, 2)
    return np.concatenate([x, np.broadcast_to(places, (count, height, width, 2))], axis=-1)


def dots(number: int, side: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return images with a dot of 2 x 2 somewhere, not at the border, and whether it is to the right, one-hot."""
    images, right = np.zeros((number, side, side, 1)), rng.integers(0, 2, number)
    half = side // 2
    for image, is_right in zip(images, right, strict=True):
        left, top = rng.integers(2, half - 2) + is_right * (half - 1), rng.integers(2, side - 3)
        image[top : top + 2, left : left + 2] = 1
    return images, np.eye(2)[right]


if __name__ == "__main__":
    from scratch.activations import Activation
    from scratch.affine import Affine
    from scratch.conv import Conv
    from scratch.optimizers import Adam
    from scratch.pooling import GlobalAveragePool
    from scratch.train import accuracy, fit

    images, right = dots(300, 12, np.random.default_rng(0))
    print("corner of the two channels:\n", with_coordinates(images)[0, :2, :3, 1:].round(2))
    for name, x in (("without", images), ("with", with_coordinates(images))):
        rng = np.random.default_rng(1)
        layers = [Conv(x.shape[-1], 6, 3, rng), Activation("relu"), GlobalAveragePool(), Affine(6, 2, rng)]
        fit(layers, (x[:200], right[:200]), (x[200:], right[200:]), Adam(0.02), 30, rng)
        print(f"is the dot left or right? {name} coordinates: {accuracy(layers, x[200:], right[200:]):.2f} right")

"""`--first-layer pca`: the first convolution begins with what the images are made of, not with noise.

Some thousand iterations leave most of the random numbers that large first filters began with. After seven epochs of
`original` on photos validation accuracy is 73.7 % with the principal components of their patches, 68.7 % with random
filters (`benchmarks/from_scratch_photos.py --seeds 0 --share 0.1 --without first-layer`).
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np

from errors import UserError
from models.parts.graph import build_layer_graph

NUM_IMAGES = 256


def init_first_layer(network: keras.Model, indices: np.ndarray, take: Callable[[np.ndarray], np.ndarray]) -> None:
    """Overwrite the kernel of the first convolution: pairs of filters, each principal component and its negative.

    Filters beyond twice the components stay random. All have the length that the random ones have on average: behind
    normalisation that is whitening (Krähenbühl et al., https://arxiv.org/abs/1511.06856; two signs, as ReLU lets one
    pass: Jordan, https://arxiv.org/abs/2404.00498), and components that vary little are not drowned by the optimiser's
    first steps, as they would be with filters as short as whitening itself asks for.

    Args:
        network: from images, float32 0..255 (batch, side, side, 3).
        indices: of the training split.
        take: rows -> images, uint8 (n, side, side, 3).

    Raises:
        UserError: the network does not begin with a convolution.
    """
    graph = build_layer_graph(network)
    first = next((step for step in graph.steps if step.kernels), None)
    if first is None or not isinstance(first.layer, keras.layers.Conv2D):
        raise UserError(
            "--first-layer pca needs a network whose first weights are those of a convolution: leave it out."
        )
    before = keras.Model(graph.image, first.inputs[0])
    kernel = keras.ops.convert_to_numpy(first.layer.kernel)
    filters = kernel.reshape(-1, kernel.shape[-1]).copy()
    pairs = min(filters.shape[1] // 2, len(filters))
    components = _components(before, first.layer, indices, take)[:, :pairs]
    length = np.linalg.norm(filters, axis=0).mean()
    if not length:
        raise UserError(
            "--first-layer pca gives filters the length of random ones, and --init zeros has none: leave one out."
        )
    filters[:, : 2 * pairs] = length * np.concatenate([components, -components], axis=1)
    first.layer.kernel.assign(filters.reshape(kernel.shape))


def _components(
    before: keras.Model, layer: keras.layers.Conv2D, indices: np.ndarray, take: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Return the principal components of the patches that a layer looks at, as columns, (d, d), the largest first.

    No mean is taken away before, as the layer takes none away either: the first is about the mean patch.
    """
    chosen = indices[np.linspace(0, len(indices) - 1, min(NUM_IMAGES, len(indices))).astype(int)]  # from all classes
    moments = 0.0
    for i in range(len(chosen)):  # one by one: the patches of a large image fill hundreds of megabytes
        inputs = before(take(chosen[i : i + 1]).astype(np.float32), training=False)
        patches = _patches(keras.ops.convert_to_numpy(inputs), layer).astype(np.float64)
        moments = moments + patches.T @ patches
    return np.linalg.eigh(moments)[1][:, ::-1]  # eigh sorts upwards


def _patches(inputs: np.ndarray, layer: keras.layers.Conv2D) -> np.ndarray:
    """Cut (batch, height, width, channels) into what each filter sees at once, (patches, values of a filter)."""
    windows = np.lib.stride_tricks.sliding_window_view(inputs, layer.kernel_size, axis=(1, 2))
    down, right = layer.strides
    windows = np.moveaxis(windows[:, ::down, ::right], 3, -1)  # as in a kernel: rows, columns, channels
    return windows.reshape(-1, layer.kernel_size[0] * layer.kernel_size[1] * inputs.shape[-1])

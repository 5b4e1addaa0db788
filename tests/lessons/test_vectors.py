"""Images as vectors: shrunk by means, of mean 0 and deviation 1, their classes one-hot."""

import numpy as np
import pytest

from lessons import vectors
from lessons.training import read


def test_images_become_vectors_of_mean_0_and_deviation_1(toy):
    dataset = read(str(toy), image_size=32)
    pairs = vectors.of(dataset, side=8)
    examples = dataset.examples()
    assert pairs.keys() == examples.indices.keys()
    x, t = pairs["train"]
    assert x.shape == (len(examples.indices["train"]), 8 * 8 * 3)
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=1e-4)
    np.testing.assert_array_equal(t.argmax(1), examples.labels[examples.indices["train"]])
    corner = examples.inputs[examples.indices["train"]][:, :4, :4].mean(axis=(1, 2))  # the first of 8 x 8 squares
    np.testing.assert_allclose(np.corrcoef(corner.ravel(), x[:, :3].ravel())[0, 1], 1, atol=1e-5)


def test_a_side_that_does_not_divide_is_refused(toy):
    with pytest.raises(ValueError, match="received side=5; right is a divisor of the image size, 32"):
        vectors.of(read(str(toy), image_size=32), side=5)

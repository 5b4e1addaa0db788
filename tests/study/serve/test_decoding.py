"""A process that decodes gives the very pixels that `predict` sees, also for networks that take several sizes."""

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the packages of requirements-serve.txt are not installed")

from data import pixels
from study.serve.decoding import Asked, Worker


@pytest.mark.parametrize("size", [48, (48, 32)])
def test_an_image_is_decoded_at_each_size_as_predict_does(toy, size):
    file = toy / "circle" / "1.png"
    worker = Worker(Asked(size, "crop", None, 10**6))
    try:
        decoded = worker.decode(file.read_bytes(), 60)
    finally:
        worker.end()
    np.testing.assert_array_equal(decoded, pixels.read(file, size, "crop")[1])

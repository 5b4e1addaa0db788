"""Images at several sizes in one array: each square is what it is alone."""

import hashlib

import numpy as np
from helpers import toy_image

from data import loading, pixels, squares
from data.folder import ImageRecord
from data.store.store import Store


def test_squares_come_out_as_they_went_in_and_nothing_stands_beside_them():
    both = [np.full((4, side, side, 3), side, np.uint8) for side in (5, 3)]
    packed = squares.pack(both)
    assert packed.shape == (4, *squares.shape_of((5, 3))) == (4, 8, 5, 3)
    for found, given in zip(squares.unpack(packed, (5, 3)), both, strict=True):
        np.testing.assert_array_equal(found, given)
    assert packed.sum() == sum(map(np.sum, both))
    mirrored = squares.by_square(lambda one: one[:, :, ::-1], (5, 3))(packed)
    np.testing.assert_array_equal(mirrored, packed)  # a flip of the whole would move the small square


def test_an_image_at_two_sizes_is_what_it_is_at_each_alone(tmp_path):
    path = tmp_path / "circle" / "0.png"
    path.parent.mkdir()
    toy_image("circle", 0).save(path)
    digest, packed = pixels.read(path, (48, 32), "crop")
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()
    for side, square in zip((48, 32), squares.unpack(packed, (48, 32)), strict=True):
        np.testing.assert_array_equal(square, pixels.read(path, side, "crop")[1])
    loaded, _ = loading.load([ImageRecord(path, "circle/0.png", "circle", None)], 48, "crop", Store(None))
    both = pixels.at_sizes(loaded, (48, 32), Store(None))
    np.testing.assert_array_equal(both[np.array([0])][0], packed)
    np.testing.assert_array_equal(loaded.pixels[np.array([0])][0], packed[:48])  # what is shown stays a square

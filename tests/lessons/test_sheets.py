"""Sheets of images and confusion matrices: every image and every count in its place."""

import numpy as np
from matplotlib.figure import Figure

from lessons import sheets


def test_images_fill_places_in_order_and_the_rest_is_empty():
    axes = Figure().subplots(1, 3)
    sheets.draw_images(axes, [np.zeros((2, 2, 3)), np.full((2, 2, 3), 300.0)], ["first"])
    assert [len(ax.images) for ax in axes] == [1, 1, 0]
    assert axes[0].get_title() == "first"
    assert axes[1].images[0].get_array().max() == 255


def test_counts_stand_in_the_row_of_the_label_and_the_column_of_the_answer():
    ax = Figure().add_subplot()
    sheets.draw_confusion(ax, np.array([[5, 1], [2, 7]]), ("cat", "dog"))
    assert {text.get_position(): text.get_text() for text in ax.texts} == {
        (0, 0): "5", (1, 0): "1", (0, 1): "2", (1, 1): "7"
    }  # fmt: skip

"""Histograms of layers: the first at the top, what lies outside at the edges, the spread beside each."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from lessons import histograms


def test_each_layer_has_its_histogram_and_its_spread():
    ax = Figure().add_subplot()
    histograms.draw(ax, {1: np.array([0.0, 0.0, 1.0, 9.0]), 5: np.zeros(4)}, 0, 2)
    first, second = (patch.get_data() for patch in ax.patches)
    assert first.edges[[0, -1]] == pytest.approx([0, 2])
    assert first.values[0] == pytest.approx(0.8)  # two of four, the highest
    assert first.values[-1] == pytest.approx(0.8 / 2**0.5)  # 9 is drawn at the edge
    assert second.baseline == -1
    assert [text.get_text().strip() for text in ax.texts] == ["3.8", "0"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["1", "5"]

"""The picture of decision regions: coloured by what is answered, marked by what is right."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from lessons import regions
from scratch.perceptron import GATES, INPUTS
from study.pages.palette import CLASSES


def test_each_place_has_the_colour_of_its_answer_and_each_point_the_mark_of_its_class():
    figure = Figure(dpi=50)
    ax = figure.add_axes((0, 0, 1, 1))
    asked = []

    def decide(places):
        asked.append(places)
        return (places[:, 0] > 0.5).astype(int)

    regions.draw(ax, decide, INPUTS, GATES["XOR"].astype(int))
    assert asked[0].min() == -0.5
    assert asked[0].max() == 1.5
    marked = {line.get_marker(): sorted(map(tuple, line.get_xydata())) for line in ax.lines}
    assert marked == {"o": [(0, 0), (1, 1)], "s": [(0, 1), (1, 0)]}
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3] / 255
    for place, number in ((0.1, 0), (0.9, 1)):
        found = pixels[pixels.shape[0] // 2, int(place * pixels.shape[1])]
        mixed = 0.3 * np.array(to_rgb(CLASSES[number])) + 0.7
        np.testing.assert_allclose(found, mixed, atol=0.02)

"""The chain as a picture: values, gradients, and by what they are multiplied."""

from matplotlib.figure import Figure

from lessons import graphs


def test_a_chain_shows_values_gradients_and_slopes():
    ax = Figure().add_subplot()
    graphs.draw_chain(ax, [graphs.Node("t", 3.0, 12.0, "square", 6.0), graphs.Node("z", 9.0, 2.0)])
    texts = [text.get_text() for text in ax.texts]
    assert {"t", "z", "3.000", "9.000", "12.000", "2.000", "square", "× 6"} <= set(texts)

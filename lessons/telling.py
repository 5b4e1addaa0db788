"""How a lesson speaks and draws: a sentence in English and Japanese, a picture that can be read on a phone."""

from __future__ import annotations

import io
from typing import Any

import matplotlib as mpl
import numpy as np
import PIL.Image
from IPython.display import Image, Markdown, display
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from study.pages.palette import LINES

WIDTH = 6.4  # inches; at 100 dots an inch a picture is 640 pixels wide
MOST_BYTES = 100_000  # of a picture
COLOURS = 128  # in a picture: half the bytes of all colours, and no difference to be seen in lines and areas
STYLE = {
    "font.size": 13,  # legible where a phone shows the picture 400 pixels wide
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": mpl.cycler(color=LINES),
    "lines.linewidth": 2,
}


def say(en: str, ja: str) -> None:
    """Say a sentence that was computed, in English and in Japanese; a built notebook keeps the one of its language."""
    for language, text in (("en", en), ("ja", ja)):
        display(Markdown(text), metadata={"lang": language})


def canvas(rows: int = 1, columns: int = 1, height: float = 3.6, **options: Any) -> tuple[Figure, np.ndarray]:  # noqa: ANN401
    """Return a figure in the style of all lessons, and its axes, (rows, columns).

    Args:
        rows: of axes.
        columns: of axes.
        height: of the figure, in inches; its width is always the same.
        options: of `matplotlib.pyplot.subplots`.
    """
    with plt.rc_context(STYLE):
        return plt.subplots(rows, columns, figsize=(WIDTH, height), layout="constrained", squeeze=False, **options)


def show(figure: Figure, alt: str) -> None:
    """Show a figure. Raise ValueError where its file would be larger than 100 kB.

    Args:
        figure: that is drawn; it is let go of.
        alt: what is to be seen, in a sentence, for those who cannot see it.
    """
    file = io.BytesIO()
    figure.savefig(file, dpi=100, format="png")
    plt.close(figure)
    picture, file = PIL.Image.open(file).convert("RGB").quantize(COLOURS), io.BytesIO()
    picture.save(file, format="png", optimize=True)
    if len(file.getvalue()) > MOST_BYTES:
        raise ValueError(f"the picture has {len(file.getvalue()):,} bytes; at most {MOST_BYTES:,} are for a lesson")
    display(Image(file.getvalue(), format="png", alt=alt))

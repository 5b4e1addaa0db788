"""The images of a run: learning curves, confusion matrix, worst mistakes. Colours are safe for the colour-blind."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import BinaryIO

import matplotlib as mpl

mpl.use("Agg")  # draws into files, needs no screen
with mpl.rc_context():
    import matplotlib_fontja  # noqa: F401 - registers IPAexGothic, for class names in Japanese
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.cells import cell_len, set_cell_size

WIDTH = 10.8  # inches of a figure that is as wide as a page
FONTS = ["DejaVu Sans", "IPAexGothic"]  # the first that has a character draws it
STYLE = {
    "text.parse_math": False,
    "font.family": FONTS,
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def whole_numbers(ax: Axes) -> None:
    """Mark whole numbers alone on the axis below, also where there is only one of them."""
    ax.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)


def short(text: str, longest: int = 30) -> str:
    """Keep the end of a path: the file's name."""
    return text if len(text) <= longest else "…" + text[-longest + 1 :]


def cut(name: str, longest: int = 20) -> str:
    """Keep the beginning of a class name; a Japanese letter is as wide as two."""
    return name if cell_len(name) <= longest else set_cell_size(name, longest - 1).rstrip() + "…"


def save(figure: Figure, file: Path | BinaryIO) -> None:
    """Write a figure as PNG and let go of it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # an emoji in a file name: drawn as a box
        figure.savefig(file, dpi=100, format="png")
    plt.close(figure)


def png(figure: Figure) -> bytes:
    """Return the file of a figure."""
    file = io.BytesIO()
    save(figure, file)
    return file.getvalue()

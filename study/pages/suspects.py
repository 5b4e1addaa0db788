"""The part of a page where a person judges suspected labels: one card for each, whose choices become fixes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from study.pages.blocks import Figure
from study.pages.pictures import jpeg, jpeg_figure

MOST = 60  # cards on a page
LARGE_SIDE = 384  # the longer side of an image that a click enlarges
SIDE = 320  # the longer side of the picture that is judged; a narrow one keeps MIN_SIDE where its file has it
MIN_SIDE = 200
SMALL = 88  # that of a neighbour


@dataclass(frozen=True)
class Card:
    """An image whose label is suspected, and what is said of it.

    `given`, `suggested`: its label and the class that it looks like, with the probabilities `own` and `other`.
    `neighbours`: class -> the images of it that are most like this one, as (name, figure).
    """

    path: str
    sha256: str
    given: str
    suggested: str
    own: float
    other: float
    picture: Figure
    neighbours: Mapping[str, Sequence[tuple[str, Figure]]] = field(default_factory=dict)


def section(
    cards: Sequence[Card],
    contents: Iterable[tuple[str, str]],
    classes: Sequence[str],
    columns: Sequence[str],
    earlier: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """Return what `_suspects.html.jinja` shows.

    Args:
        cards: the first `MOST` of them are shown.
        contents: hash and class of all images, as training has them: choices belong to these.
        classes: that an image may be given.
        columns: of the table of fixes.
        earlier: rows of such a table that was obeyed, which are saved again.
    """
    data = {"key": f"fixes {fingerprint(contents)}", "classes": classes, "columns": columns, "earlier": earlier}
    return {"cards": cards[:MOST], "data": data}


def fingerprint(contents: Iterable[tuple[str, str]]) -> str:
    """Return a hash of all contents and their classes."""
    lines = sorted(f"{sha256} {label}" for sha256, label in contents)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def judged(large: Image.Image | None, otherwise: np.ndarray, size: tuple[int, int], name: str) -> Figure:
    """Return an image of so many pixels, width and height, as large as it takes to judge it.

    `otherwise`: pixels of it, in any shape, for a `large` one that has gone since.
    """
    longer, shorter = max(size), min(size)
    scale = min(max(SIDE / longer, MIN_SIDE / shorter), 3 * SIDE / longer)
    width, height = (max(1, round(side * scale)) for side in size)
    if large is None:
        return jpeg_figure(otherwise, width, height, name)
    return Figure(jpeg(large), name, (width, height))


def neighbour(pixels: np.ndarray, size: tuple[int, int], name: str) -> Figure:
    """Return an image of so many pixels so small that three of them stand side by side; `pixels` in any shape."""
    width, height = (max(8, round(side * SMALL / max(size))) for side in size)
    small = Image.fromarray(pixels).resize((width, height))
    return jpeg_figure(np.asarray(small), width, height, name)

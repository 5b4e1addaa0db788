"""What a page is made of, as plain values: whoever has something to show returns these, and a template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Heading:
    """A heading of a section."""

    kind: ClassVar = "heading"
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph; `style` is "", "note" (small and grey) or "big"."""

    kind: ClassVar = "text"
    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the columns of these indices are text, the others numbers."""

    kind: ClassVar = "table"
    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    text: Sequence[int] = (0,)


@dataclass(frozen=True)
class Figure:
    """An image within the page: a PNG or JPEG file, and a text for those who cannot see it.

    `size`: width and height in pixels, where it is not drawn as it is stored. `enlarges`: whether a click shows more.
    """

    kind: ClassVar = "figure"
    image: bytes
    text: str
    size: tuple[int, int] | None = None
    enlarges: bool = True


Block = Heading | Text | Table | Figure

"""What a page is made of, as plain values: whoever has something to show returns these, and a template draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 begins a section, level 3 a part of one."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Text:
    """A paragraph; `style` is "", "note" (small and grey), "big" or "strong"."""

    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the first column is text, the others numbers, unless `text_only`."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    text_only: bool = False


@dataclass(frozen=True)
class Figure:
    """An image within the page: the content of a PNG file, and a text for those who cannot see it."""

    png: bytes
    text: str


Block = Heading | Text | Table | Figure

"""Names of files and classes: one form of Unicode, natural order, printable."""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence

SEPARATOR = "|"  # between the labels of one image
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)}


def composed(text: str) -> str:
    """Give class names in one form of Unicode, NFC: macOS and a keyboard write パ in two ways."""
    return unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    """Give a name in the other form, NFD, in which macOS writes names of files."""
    return unicodedata.normalize("NFD", text)


def natural_key(name: str) -> tuple[list[str | int], str]:
    """Sort by this for 2 before 12 and a beside A: runs of digits count as numbers, then ties go by the raw name."""
    pieces = re.split(r"(\d+)", name.casefold())
    return [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)], name


def printable(name: str) -> str:
    """Give a file name that any output takes: bytes that are no UTF-8 and control characters as \\x.. escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace").translate(_CONTROL)


def listed(names: Sequence[str], most: int) -> str:
    """Return `cat, dog and 8 more`: names, of many the first."""
    return ", ".join(names[:most]) + (f" and {len(names) - most:,} more" if len(names) > most else "")


def similar(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return names that differ only in case, spaces or full and half width, each with the first that is like it."""
    first: dict[str, str] = {}
    return [(name, other) for name in dict.fromkeys(names) if (other := first.setdefault(_alike(name), name)) != name]


def distinct(word: str, names: Iterable[str]) -> str:
    """Return a word of the program as it stands beside class names: in brackets where a class has that name.

    A class is written as its owner named it; it is the program's word that gives way.
    """
    taken = set(map(_alike, names))
    while _alike(word) in taken:
        word = f"({word})"
    return word


def _alike(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def join_labels(labels: Iterable[str]) -> str:
    """Write the labels of one image as one text, in the order of the classes: `cat|spotted`; nothing where it has none.

    A set of labels is one text, whatever order its table gives them in: texts are compared.
    """
    return SEPARATOR.join(sorted(labels, key=natural_key))


def split_labels(text: str) -> tuple[str, ...]:
    """Read what `join_labels` wrote."""
    return tuple(text.split(SEPARATOR)) if text else ()


def labels_of(text: str, several: bool) -> tuple[str, ...]:
    """Return the label of an image, or its labels, where it may have `several`."""
    return split_labels(text) if several else (text,)

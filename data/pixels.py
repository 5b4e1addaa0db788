"""Read every image once: its content's hash and its pixels at the model's size."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import image
from data.folder import Image, Skipped


@dataclass(frozen=True)
class Pictures:
    """The usable images of a folder.

    Args:
        images: where each came from, n of them.
        sha256: hash of each file's content, n of them.
        pixels: uint8 RGB, (n, size, size, 3).
    """

    images: tuple[Image, ...]
    sha256: tuple[str, ...]
    pixels: np.ndarray


def load(
    images: Sequence[Image], size: int, rule: str, advance: Callable[[], None] = lambda: None
) -> tuple[Pictures, list[Skipped]]:
    """Decode all images at `size` by a resize rule; return the usable ones and, with the reason, those that are not.

    `advance` is called after each image. Threads suffice: Pillow lets go of Python's lock while it decodes.
    """
    pixels = np.empty((len(images), size, size, 3), np.uint8)
    usable, hashes, skipped = [], [], []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for entry, outcome in zip(images, pool.map(lambda entry: read(entry.path, size, rule), images), strict=True):
            if isinstance(outcome, str):
                skipped.append(Skipped(entry.name, outcome))
            else:
                hashes.append(outcome[0])
                pixels[len(usable)] = outcome[1]
                usable.append(entry)
            advance()
    return Pictures(tuple(usable), tuple(hashes), pixels[: len(usable)]), skipped


def read(path: Path, size: int, rule: str) -> tuple[str, np.ndarray] | str:
    """Return SHA-256 and pixels, uint8 (size, size, 3), of one file, or the reason why it has none."""
    try:
        content = path.read_bytes()
        return hashlib.sha256(content).hexdigest(), image.load(content, size, rule)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except image.ImageError as error:
        return str(error)

"""What can be said of every photo before training: its size, format, light and sharpness, and a thumbnail.

What was found is kept in the store by the hash of the content, so that a second look is quick.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from data import first_pass, folder, image
from data.header import header
from data.pixel_range import Ranges
from data.store.rows import RowType
from data.store.store import Store

THUMB = 96  # side of the thumbnails
SIDE = 256  # the longer side at which light and sharpness are judged: about what networks get to see
VERSION = f"3, Pillow {PIL.__version__}"  # of what is kept: raise the number whenever a fact or thumbnail changes
THUMBNAILS = RowType(f"thumbnails {THUMB} ({VERSION})", (THUMB, THUMB, 3))
STATISTICS = f"facts ({VERSION})"  # as JSON; rows of that name, from when JSON was padded, go by the store's limit


@dataclasses.dataclass(frozen=True)
class ImageStatistics:
    """What is known of one file that can be decoded.

    Args:
        sha256: hash of the file's content.
        format: Pillow's name, such as JPEG.
        width: of the upright image, in pixels.
        height: likewise.
        orientation: EXIF 1..8; 1 is stored upright.
        frames: images in the file, above 1 where animated.
        mode: Pillow's name for the colours as stored, such as RGB or CMYK.
        bytes: size of the file.
        brightness: mean of grey, 0..255.
        contrast: standard deviation of grey.
        sharpness: variance of the Laplacian of grey, at SIDE pixels or fewer.
    """

    sha256: str
    format: str
    width: int
    height: int
    orientation: int
    frames: int
    mode: str
    bytes: int
    brightness: float
    contrast: float
    sharpness: float


def gather(
    images: Sequence[folder.ImageRecord],
    store: Store,
    advance: Callable[[], None] = lambda: None,
    given: tuple[float, float] | None = None,
    note: Callable[[str], None] = lambda line: None,
) -> tuple[list[ImageStatistics | str], np.ndarray, Ranges]:
    """Look at all images; `advance` is called twice for each: read, and looked at.

    `given` is black and white in files that do not state it; None: as the values of all of them say. `note` is told how
    they were read.

    Returns:
        For each image its ImageStatistics, or the reason why there are none: one line that begins with the kind, one of
        `image.ImageError`'s or "cannot be read".
        Thumbnails, uint8 RGB (n, THUMB, THUMB, 3), zeros where undecodable. Squashed, not padded: equal bars would
        make all wide images alike, and width and height are in the facts for whoever wants to undo it.
        What is black and white in files that do not state it.
    """
    paths = [entry.path for entry in images]
    surveyed = first_pass.survey(paths, first_pass.hashes_of(paths, advance), store, given)
    keys = list(surveyed.keys)
    thumbnails = np.zeros((len(images), *THUMBNAILS.shape), np.uint8)
    stored = store.blobs(STATISTICS, keys)
    has_thumbnail = store.rows(THUMBNAILS, keys).read_into(thumbnails)
    outcomes: list[ImageStatistics | str] = []
    with (
        store.writer(THUMBNAILS) as keep_thumbnail,
        store.blob_writer(STATISTICS) as keep_statistics,
        ThreadPoolExecutor(image.WORKERS) as pool,
    ):

        def measure_one(i: int) -> ImageStatistics | str:
            if has_thumbnail[i] and keys[i] in stored:
                return ImageStatistics(**json.loads(stored[keys[i]]))
            outcome = _measure_file(images[i].path, surveyed.ranges)
            if isinstance(outcome, str):  # not kept: such files are few, and memory may suffice the next time
                thumbnails[i] = 0
                return outcome
            stats, thumbnails[i] = outcome
            key = first_pass.key_of(stats.sha256, surveyed.peeks[i], surveyed.ranges)
            keep_thumbnail.add(key, thumbnails[i])
            keep_statistics(key, json.dumps(dataclasses.asdict(stats)).encode())
            return stats

        for outcome in pool.map(measure_one, range(len(images))):
            outcomes.append(outcome)
            advance()
    read = [i for i, outcome in enumerate(outcomes) if isinstance(outcome, ImageStatistics)]
    for line in surveyed.of(read).notes([images[i].name for i in read], given is not None):
        note(line)
    return outcomes, thumbnails, surveyed.ranges


def measure(content: bytes, ranges: Ranges | None = None) -> tuple[ImageStatistics, np.ndarray]:
    """Return the facts of a file's content and its thumbnail. Raise ImageError where `image.decode` does."""
    with image.decoded(content, SIDE, ranges) as rgb:
        small, thumb = rgb.convert("L"), image.resize(rgb, THUMB, "squash")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)  # keeps the shape and never enlarges: that would add blur
    grey = np.asarray(small, np.float32)
    stats = ImageStatistics(
        sha256=hashlib.sha256(content).hexdigest(),
        **header(io.BytesIO(content))._asdict(),
        bytes=len(content),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        sharpness=sharpness(grey),
    )
    return stats, thumb


def sharpness(grey: np.ndarray) -> float:
    """Return the variance of the Laplacian of an image, float32 (height, width), in squared levels; 0 below 3 × 3.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000): blur takes away the fine edges that a
    second derivative answers to.
    """
    if min(grey.shape) < 3:
        return 0.0
    bend = 4 * grey[1:-1, 1:-1]
    for neighbour in (grey[:-2, 1:-1], grey[2:, 1:-1], grey[1:-1, :-2], grey[1:-1, 2:]):
        bend -= neighbour
    return float(np.square(bend).mean() - bend.mean() ** 2)  # four times as fast as bend.var()


def _measure_file(path: Path, ranges: Ranges) -> tuple[ImageStatistics, np.ndarray] | str:
    try:
        with image.content_of(path) as content:
            return measure(content, ranges)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except image.ImageError as error:
        return error.reason if error.reason.startswith(error.kind) else f"{error.kind}: {error.reason}"

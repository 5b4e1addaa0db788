"""What can be said of every photo before training: its size, format, light and sharpness, and a thumbnail.

Each file is read once. What was found is kept on disk by the hash of the content, so that a second look is quick.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

from data import folder, image
from data.cache import cache_folder

THUMB = 96  # side of the thumbnails
SIDE = 256  # the longer side at which light and sharpness are judged: about what networks get to see
VERSION = f"1, Pillow {PIL.__version__}"  # of the facts on disk: raise the number whenever a fact or thumbnail changes
ROWS = 256  # new facts written at once: a killed run loses no more
PATIENCE = 30  # seconds to wait for another process that is writing


@dataclasses.dataclass(frozen=True)
class Facts:
    """What is known of one file that can be decoded.

    Args:
        sha256: hash of the file's content.
        format: Pillow's name, such as JPEG.
        width: of the upright picture, in pixels.
        height: likewise.
        orientation: EXIF 1..8; 1 is stored upright.
        frames: pictures in the file, above 1 where animated.
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
    images: Sequence[folder.Image], advance: Callable[[], None] = lambda: None
) -> tuple[list[Facts | str], np.ndarray]:
    """Look at all images; `advance` is called after each.

    Returns:
        For each image its Facts, or the reason why there are none: one line that begins with the kind, one of
        `image.ImageError`'s or "cannot be read".
        Thumbnails, uint8 RGB (n, THUMB, THUMB, 3), zeros where undecodable. Squashed, not padded: equal bars would
        make all wide pictures alike, and width and height are in the facts for whoever wants to undo it.
    """
    thumbs = np.zeros((len(images), THUMB, THUMB, 3), np.uint8)
    outcomes: list[Facts | str] = []
    cache = Cache(cache_folder())

    def look(at: int) -> Facts | str:
        outcome = _look(images[at].path, cache)
        if isinstance(outcome, str):
            return outcome
        facts, thumbs[at] = outcome
        return facts

    try:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for outcome in pool.map(look, range(len(images))):
                outcomes.append(outcome)
                advance()
    finally:
        cache.close()
    return outcomes, thumbs


def measure(content: bytes) -> tuple[Facts, np.ndarray]:
    """Return the facts of a file's content and its thumbnail. Raise ImageError where `image.decode` does."""
    rgb = image.decode(content, least=SIDE)
    small = rgb.convert("L")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)  # keeps the shape and never enlarges: that would add blur
    grey = np.asarray(small, np.float32)
    facts = Facts(
        sha256=hashlib.sha256(content).hexdigest(),
        **image.header(content)._asdict(),
        bytes=len(content),
        brightness=float(grey.mean()),
        contrast=float(grey.std()),
        sharpness=sharpness(grey),
    )
    return facts, image.resize(rgb, THUMB, "squash")


def sharpness(grey: np.ndarray) -> float:
    """Return the variance of the Laplacian of a picture, float32 (height, width), in squared levels; 0 below 3 × 3.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy" (2000): blur takes away the fine edges that a
    second derivative answers to.
    """
    if min(grey.shape) < 3:
        return 0.0
    bend = 4 * grey[1:-1, 1:-1]
    for neighbour in (grey[:-2, 1:-1], grey[2:, 1:-1], grey[1:-1, :-2], grey[1:-1, 2:]):
        bend -= neighbour
    return float(np.square(bend).mean() - bend.mean() ** 2)  # four times as fast as bend.var()


class Cache:
    """Facts and thumbnails by content hash, in one SQLite file; safe from threads, other processes and a kill.

    It can only save work: where the file can't be opened, read or written, nothing is found and nothing kept.
    A photo takes 28 KB, as thumbnails are kept as they are: packed as JPEG they'd take 5, and a second look three times
    as long.
    """

    def __init__(self, root: Path) -> None:
        self._lock, self._fresh = threading.Lock(), []
        self._database: sqlite3.Connection | None = None
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(root / "facts.sqlite3", timeout=PATIENCE, check_same_thread=False)
            # The default journal, not WAL: a cache folder may lie on a network drive, where WAL does not work.
            self._database.execute("CREATE TABLE IF NOT EXISTS facts (sha256 PRIMARY KEY, version, facts, thumb)")
        except (OSError, sqlite3.Error):
            self._give_up()

    def get(self, sha256: str) -> tuple[Facts, np.ndarray] | None:
        """Return what was kept for a content, else None."""
        query = "SELECT facts, thumb FROM facts WHERE sha256 = ? AND version = ?"
        with self._lock:
            if self._database is None:
                return None
            try:
                found = self._database.execute(query, (sha256, VERSION)).fetchall()
            except sqlite3.Error:
                return self._give_up()
        if not found:
            return None
        facts, thumb = found[0]
        return Facts(**json.loads(facts)), np.frombuffer(thumb, np.uint8).reshape(THUMB, THUMB, 3)

    def put(self, facts: Facts, thumb: np.ndarray) -> None:
        """Keep the facts of a content, at the latest on closing."""
        with self._lock:
            self._fresh.append((facts.sha256, VERSION, json.dumps(dataclasses.asdict(facts)), thumb.tobytes()))
            if len(self._fresh) >= ROWS:
                self._write()

    def close(self) -> None:
        """Write what is left."""
        with self._lock:
            self._write()
            self._give_up()

    def _write(self) -> None:
        # One short transaction: killed within it, SQLite undoes it on the next opening.
        rows, self._fresh = self._fresh, []
        if self._database is not None and rows:
            try:
                with self._database:
                    self._database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?)", rows)
            except sqlite3.Error:
                self._give_up()

    def _give_up(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()


def _look(path: Path, cache: Cache) -> tuple[Facts, np.ndarray] | str:
    try:
        content = path.read_bytes()
        known = cache.get(hashlib.sha256(content).hexdigest())
        if known is None:
            known = measure(content)
            cache.put(*known)
        return known
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    except image.ImageError as error:  # not kept: such files are few, and memory may suffice the next time
        return error.reason if error.reason.startswith(error.kind) else f"{error.kind}: {error.reason}"

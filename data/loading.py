"""A first look at all images of a folder: what the store does not know is decoded, once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from data import few_levels, first_pass, pixels
from data.duplicates import fingerprints
from data.folder import ImageRecord, Skipped
from data.image import WORKERS
from data.pixels import LoadedImages, Pixels
from data.store.rounds import rounds
from data.store.store import Store, Writer
from data.thumbnails import PRINT

LOOKED_UP = 4096  # images whose fingerprints are looked up at a time, and held twice


def load(
    images: Sequence[ImageRecord],
    size: int,
    rule: str,
    store: Store,
    advance: Callable[[], None] = lambda: None,
    given: tuple[float, float] | None = None,
) -> tuple[LoadedImages, list[Skipped]]:
    """Look at all images at `size` by a resize rule; return the usable ones and, with the reason, those that are not.

    Only what the store does not know is decoded, round by round, so that processes share the work that share the store.
    `advance` is called twice for each image: read, and looked at. `given` is black and white in files that do not state
    it; None: as the values of all of them say.

    Raises:
        UserError: a range is given, and no file is shown by it.
    """
    paths = [entry.path for entry in images]
    hashes = first_pass.hashes_of(paths, advance)
    look = _Look(images, size, rule, store, first_pass.survey(paths, hashes, store, given), hashes)
    rows = np.arange(len(images))
    parts = [rows[first : first + LOOKED_UP] for first in range(0, len(rows), LOOKED_UP)]
    unknown = np.concatenate([rows[:0], *(part[~look.known(part)] for part in parts)])
    for _ in range(len(images) - len(unknown)):
        advance()
    with threadpool_limits(1, "blas"):  # its threads and ours would wait for one another: 8 s would become 42
        for some in rounds(unknown, look.pixel_rows):
            look.decode(some, advance)
    return look.outcome(given is not None)


class _Look:
    """What is known of each image while all are looked at.

    Args:
        images: the images, n of them.
        size: side of the pixels.
        rule: how an image becomes square.
        store: where pixels and fingerprints are kept.
        surveyed: what their first bytes tell.
        hashes: of their contents.
    """

    def __init__(
        self,
        images: Sequence[ImageRecord],
        size: int,
        rule: str,
        store: Store,
        surveyed: first_pass.Survey,
        hashes: list[str],
    ) -> None:
        self.images, self.size, self.rule, self.store = images, size, rule, store
        self.surveyed, self.hashes, self.keys = surveyed, hashes, list(surveyed.keys)
        self.prints, self.reasons = np.zeros((len(images), PRINT), np.uint8), {}
        self.pixel_rows, self.fingerprint_rows = pixels.row_type(size, rule), pixels.fingerprint_row_type(size, rule)
        self.has_room = store.has_room_for(self.pixel_rows, len(images))

    def known(self, some: np.ndarray) -> np.ndarray:
        """Look some images up in the store; return of which it has all that it has room for, bool (m,)."""
        keys, found = [self.surveyed.keys[i] for i in some], np.empty((len(some), PRINT), np.uint8)
        there = self.store.rows(self.fingerprint_rows, keys).read_into(found)
        if self.has_room:
            there &= self.store.rows(self.pixel_rows, keys).available()
        self.prints[some[there]] = found[there]
        return there

    def decode(self, some: np.ndarray, advance: Callable[[], None]) -> None:
        """Decode some images, but for those that another process has decoded by now."""
        there = self.known(some)
        with (
            self.store.writer(self.pixel_rows) as keep_pixels,
            self.store.writer(self.fingerprint_rows) as keep_prints,
            ThreadPoolExecutor(WORKERS) as pool,
        ):
            decode_one = functools.partial(self._decode_one, keep_pixels=keep_pixels, keep_prints=keep_prints)
            for _ in itertools.chain(some[there], pool.map(decode_one, some[~there].tolist())):
                advance()

    def _decode_one(self, i: int, keep_pixels: Writer, keep_prints: Writer) -> None:
        outcome = pixels.read(self.images[i].path, self.size, self.rule, self.surveyed.ranges)
        if isinstance(outcome, str):
            self.reasons[i] = outcome
            return
        self.hashes[i], decoded = outcome
        self.keys[i] = first_pass.key_of(self.hashes[i], self.surveyed.peeks[i], self.surveyed.ranges)
        self.prints[i] = fingerprints(decoded[None])[0]
        if self.has_room:
            keep_pixels.add(self.keys[i], decoded)
        keep_prints.add(self.keys[i], self.prints[i])

    def outcome(self, given: bool) -> tuple[LoadedImages, list[Skipped]]:
        """Return the usable images, and those that are not; `given`: whether the user asked for a range."""
        usable = [i for i in range(len(self.images)) if i not in self.reasons]
        kept, sha256, keys = (tuple(values[i] for i in usable) for values in (self.images, self.hashes, self.keys))
        files, surveyed = [entry.path for entry in kept], self.surveyed.of(usable)
        array = Pixels(files, sha256, self.size, self.rule, self.store.rows(self.pixel_rows, keys), surveyed.ranges)
        skipped = [Skipped(self.images[i].name, self.reasons[i]) for i in sorted(self.reasons)]
        prints = self.prints[usable] if skipped else self.prints
        names = [entry.name for entry in kept]
        notes = (*surveyed.notes(names, given), *few_levels.lines(names, array, prints, surveyed))
        return LoadedImages(kept, sha256, array, prints, keys, surveyed.ranges, notes), skipped

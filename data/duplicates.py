"""Find images that are nearly the same: re-compressed, resized, cut, turned a little, marked, mirrored, in other light.

Such copies make a score too good when one lies in training and the other in the test split. Three steps find them:

1. `fingerprints`: every image becomes a smooth thumbnail of 24 × 24 pixels, in colour.
2. Candidates (`data/duplicate_candidates.py`): the low frequencies of the thumbnail's cosine transform (as in the
   perceptual hash "pHash", Zauner 2010, but kept as numbers) place an image in 28 dimensions; a k-d tree gives its
   nearest neighbours within a radius. The middle of an image is sought as well as the whole, since a copy may be cut.
   An image's nearest one is compared first, and the others only if it has a copy: where many images look alike, most
   of the work would go into strangers.
3. Each candidate pair is laid over each other and compared (`data/registration.py`).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cache

import numpy as np

from data import registration
from data.connected import components
from data.duplicate_candidates import ASKED, candidates
from data.store.store import Store
from data.thumbnails import CHUNK, PRINT, SIDE, View

# Six pairs among 8,093 photos reach it, each of them a copy (looked at, one by one, from 0.82 on). Then come
# two pairs of photos of one animal (0.712, 0.709) and strangers (0.69). Images of one plain shape in many
# places are counted as copies too.
MIN_SIMILARITY = 0.72
KEPT = "near duplicates (3)"  # in the store: raise the number whenever other pairs are found


@dataclass(frozen=True)
class Pair:
    """Two images that are nearly the same, by index, `first` < `second`; `similarity` is within 0 … 1."""

    first: int
    second: int
    similarity: float


def fingerprints(pixels: np.ndarray) -> np.ndarray:
    """Shrink images, uint8 (n, size, size, 3) with size >= 16, to thumbnails, uint8 (n, 1728).

    `pixels` may be a memory map: a few images at a time are read. Raises ValueError for another shape or dtype.
    """
    if pixels.ndim != 4 or pixels.shape[1] != pixels.shape[2] or pixels.shape[1] < 16 or pixels.shape[3] != 3:
        raise ValueError(f"pixels must have the shape (n, size, size, 3), size >= 16. Received: {pixels.shape}")
    if pixels.dtype != np.uint8:
        raise ValueError(f"pixels must be uint8. Received: {pixels.dtype}")
    size = pixels.shape[1]
    shrink = _shrink_matrix(size)
    prints = np.empty((len(pixels), PRINT), dtype=np.uint8)
    for start in range(0, len(pixels), CHUNK):
        chunk = pixels[start : start + CHUNK].astype(np.float32)
        rows = shrink @ chunk.reshape(-1, size, size * 3)
        thumbnails = shrink @ rows.reshape(-1, size, 3)
        prints[start : start + CHUNK] = np.rint(thumbnails).reshape(len(chunk), -1)
    return prints


def fingerprint_of(pixels: np.ndarray) -> np.ndarray:
    """Return the fingerprint of one image, uint8 (1728,).

    `pixels`: uint8 (height, size, 3), of several squares one below the other, of which the first counts.
    """
    return fingerprints(pixels[None, : pixels.shape[1]])[0]


def near_pairs(prints: np.ndarray, mirrored: bool = True) -> list[Pair]:
    """List the pairs of near-duplicates among fingerprints, uint8 (n, 1728), sorted by index.

    Args:
        prints: from `fingerprints`.
        mirrored: whether an image and its mirror image are a pair.

    Returns:
        The pairs. Equal fingerprints are not all paired, but each with the first of them, which alone stands for them
        all in pairs with others: of ten thousand blank images there are ten thousand pairs, not fifty million.
    """
    first_of: dict[bytes, int] = {}
    contents = (hashlib.blake2b(row, digest_size=16).digest() for row in prints)  # themselves they would all be copied
    first_equal = np.array([first_of.setdefault(content, index) for index, content in enumerate(contents)], dtype=int)
    pairs_found = {(first, index): 1.0 for index, first in enumerate(first_equal.tolist()) if first != index}
    distinct = np.flatnonzero(first_equal == np.arange(len(prints)))
    copied = np.zeros(len(prints), bool)  # whether a copy of an image was found
    copied[first_equal[first_equal != np.arange(len(prints))]] = True
    for pairs, nearest, view in candidates(prints, distinct, mirrored):
        _compare(prints, pairs[nearest], view, pairs_found, copied)
        others = pairs[~nearest]
        _compare(prints, others[copied[others].any(axis=1)], view, pairs_found, copied)
    return [Pair(first, second, score) for (first, second), score in sorted(pairs_found.items())]


def _compare(
    prints: np.ndarray,
    pairs: np.ndarray,
    view: View,
    found: dict[tuple[int, int], float],
    copied: np.ndarray,
) -> None:
    """Add those pairs that are near duplicates in a view to `found`, with their similarity, and mark their images."""
    for start in range(0, len(pairs), ASKED):
        batch = pairs[start : start + ASKED]
        scores = registration.similarity(prints[batch[:, 0]], prints[batch[:, 1]], view, MIN_SIMILARITY)
        alike = scores >= MIN_SIMILARITY
        copied[batch[alike]] = True
        for ends, score in zip(np.sort(batch[alike], axis=1).tolist(), scores[alike].tolist(), strict=True):
            found[tuple(ends)] = max(score, found.get(tuple(ends), 0.0))


def stored_near_pairs(prints: np.ndarray, store: Store, mirrored: bool = True) -> list[Pair]:
    """Return what `near_pairs` finds; of the same fingerprints in the same order, from the store."""
    key = f"{hashlib.blake2b(prints, digest_size=16).hexdigest()} {mirrored}"
    if (kept := store.blob(KEPT, key)) is not None:
        return [Pair(*pair) for pair in json.loads(kept)]
    pairs = near_pairs(prints, mirrored=mirrored)
    store.keep_blob(KEPT, key, json.dumps([astuple(pair) for pair in pairs]).encode())
    return pairs


def similarity(prints: np.ndarray, others: np.ndarray, least: float) -> np.ndarray:
    """Return how alike the images of m pairs of fingerprints are, mirrored or not: uint8 (m, 1728) twice -> (m,).

    Pairs below `least` before they are laid over each other are not compared in full.
    """
    views = View(), View(mirrored=True)
    return np.maximum(*(registration.similarity(prints, others, view, least) for view in views))


def groups(pairs: Iterable[Pair], count: int) -> np.ndarray:
    """Join pairs to groups: for each of `count` images the smallest index in its group, int (count,)."""
    return components(((pair.first, pair.second) for pair in pairs), count)


@cache
def _shrink_matrix(size: int) -> np.ndarray:
    """Weights (24, size) from a row of pixels to a row of the thumbnail: means of areas, then smoothed by 1 2 1.

    Without the smoothing, fine edges of shifted images cannot be aligned, and of cuts at four sides 86 % are found
    instead of 99 %.
    """
    edges = np.linspace(0, size, SIDE + 1)
    pixel = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    areas = np.pad(np.clip(overlap, 0, None), ((1, 1), (0, 0)), mode="edge")
    smooth = areas[:-2] + 2 * areas[1:-1] + areas[2:]
    return (smooth / smooth.sum(axis=1, keepdims=True)).astype(np.float32)

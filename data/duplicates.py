"""Find pictures that are nearly the same: resized, re-compressed, slightly cropped, brightened, marked or mirrored.

Such copies make a score too good when one lies in training and the other in the test part. Three steps find them:

1. `fingerprints`: every picture becomes a smooth thumbnail of 24 × 24 pixels, in colour.
2. Candidates: the low frequencies of the thumbnail's cosine transform (as in the perceptual hash "pHash", Zauner 2010,
   but kept as numbers) place a picture in 28 dimensions; a k-d tree gives its nearest neighbours within a radius.
   A neighbourhood is limited, so the work does not grow with the square of the number of pictures.
3. Each candidate pair is aligned and compared on the thumbnails by a tangent distance (Simard, LeCun and Denker,
   "Efficient pattern recognition using a new transformation distance", NIPS 1993): what a small shift, stretch or
   change of contrast explains does not count as a difference.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

SIDE = 24
PRINT = SIDE * SIDE * 3  # numbers of a fingerprint
CHUNK = 32  # pictures, or pairs, held at a time as float32: few enough for the processor's cache
ASKED = 4096  # pictures whose neighbours are looked for at a time: of 64,000 at once it took 0.4 GB
CONTRAST_FLOOR = 6.0  # grey levels: below, a picture is plain, and its noise must not be blown up to a likeness
DETAIL = 5  # thumbnail pixels: a detail is what differs from the mean of so large a neighbourhood
DETAIL_FLOOR = 3.0  # grey levels, as CONTRAST_FLOOR

# Candidates. Of 300 photos and 300 drawings, each among 8,093 and 1,500 others, RADIUS and NEIGHBOURS lose 0 % of the
# copies that were re-compressed, resized, brightened by 15 %, cut by 4 % at one side or marked with a text, 1.7 % of
# the photos cut by 4 % at all four sides and 3.3 % of the drawings with a logo over 14 % of their width.
FREQUENCIES = 5  # of the grey picture, across plus down; of the two colour differences 1
TREE_DIMENSIONS = 13
RADIUS = 0.35
NEIGHBOURS = 9
LIGHT_WEIGHT = 0.5
NEARLY_BLACK = 8.0  # grey levels added before brightness is compared: black pictures are alike
LIGHT_LIMITS = LIGHT_WEIGHT * np.log([1.35, 1.6])  # ratios of brightness and contrast; copies reach 1.23 and 1.5

# The most alike of the 128 million pairs of 16,000 different drawings reach 0.728. Among 8,093 photos two pairs exceed
# 0.74, both copies (0.80 and 0.75); then come two moments of one animal (0.71) and, from 0.67 on, strangers. Of the
# copies above, all that were re-compressed, resized, brightened, mirrored or cut at one side reach it, 99.7 % of those
# with a text, 97 % of those cut at all four sides (photos; drawings 100 %) or with a logo (drawings; photos 100 %).
LEAST_SIMILARITY = 0.74


@dataclass(frozen=True)
class Pair:
    """Two images that are nearly the same, by index, `first` < `second`; `similarity` is within 0 … 1."""

    first: int
    second: int
    similarity: float


def fingerprints(pixels: np.ndarray) -> np.ndarray:
    """Shrink pictures, uint8 (n, size, size, 3) with size >= 16, to thumbnails, uint8 (n, 1728).

    `pixels` may be a memory map: a few pictures at a time are read. Raises ValueError for another shape or dtype.
    """
    if pixels.ndim != 4 or pixels.shape[1] != pixels.shape[2] or pixels.shape[1] < 16 or pixels.shape[3] != 3:
        raise ValueError(f"pixels must have the shape (n, size, size, 3), size >= 16. Received: {pixels.shape}")
    if pixels.dtype != np.uint8:
        raise ValueError(f"pixels must be uint8. Received: {pixels.dtype}")
    size = pixels.shape[1]
    shrink = _shrinking(size)
    prints = np.empty((len(pixels), PRINT), dtype=np.uint8)
    for start in range(0, len(pixels), CHUNK):
        chunk = pixels[start : start + CHUNK].astype(np.float32)
        rows = shrink @ chunk.reshape(-1, size, size * 3)
        thumbnails = shrink @ rows.reshape(-1, size, 3)
        prints[start : start + CHUNK] = np.rint(thumbnails).reshape(len(chunk), -1)
    return prints


def near_pairs(prints: np.ndarray, least: float = LEAST_SIMILARITY, mirrored: bool = True) -> list[Pair]:
    """List the pairs of near-duplicates among fingerprints, uint8 (n, 1728), sorted by index.

    Args:
        prints: from `fingerprints`.
        least: the smallest similarity of a pair, 0 … 1.
        mirrored: whether a picture and its mirror image are a pair.

    Returns:
        The pairs. Equal fingerprints are not all paired, but each with the first of them, which alone stands for them
        all in pairs with others: of ten thousand blank pictures there are ten thousand pairs, not fifty million.
    """
    first_of: dict[bytes, int] = {}
    contents = (hashlib.blake2b(row, digest_size=16).digest() for row in prints)  # themselves they would all be copied
    standing = np.array([first_of.setdefault(content, index) for index, content in enumerate(contents)], dtype=int)
    found = {(first, index): 1.0 for index, first in enumerate(standing.tolist()) if first != index}
    distinct = np.flatnonzero(standing == np.arange(len(prints)))
    for pairs, flip in _candidates(prints, distinct, mirrored):
        for start in range(0, len(pairs), CHUNK):
            batch = pairs[start : start + CHUNK]
            scores = _similarity(prints[batch[:, 0]], prints[batch[:, 1]], flip, least)
            for (first, second), score in zip(batch.tolist(), scores.tolist(), strict=True):
                if score >= max(least, found.get((first, second), 0.0)):
                    found[first, second] = score
    return [Pair(first, second, score) for (first, second), score in sorted(found.items())]


def similarity(prints: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return how alike the images of m pairs of fingerprints are, mirrored or not: uint8 (m, 1728) twice -> (m,)."""
    both = [np.empty(0)]
    for start in range(0, len(prints), CHUNK):
        pair = prints[start : start + CHUNK], others[start : start + CHUNK]
        both.append(np.maximum(_similarity(*pair, flip=False, least=0.0), _similarity(*pair, flip=True, least=0.0)))
    return np.concatenate(both)


def groups(pairs: Iterable[Pair], count: int) -> np.ndarray:
    """Join pairs to groups: for each of `count` images the smallest index in its group, int (count,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = np.array([(pair.first, pair.second) for pair in pairs], dtype=int).reshape(-1, 2)
    graph = coo_array((np.ones(len(edges), dtype=bool), edges.T), shape=(count, count))
    _, component = connected_components(graph, directed=False)
    _, smallest, group = np.unique(component, return_index=True, return_inverse=True)
    return smallest[group]


def _shrinking(size: int) -> np.ndarray:
    """Weights (24, size) from a row of pixels to a row of the thumbnail: means of areas, then smoothed by 1 2 1.

    Without the smoothing, fine edges of shifted pictures cannot be aligned, and of cuts at four sides 86 % are found
    instead of 99 %.
    """
    edges = np.linspace(0, size, SIDE + 1)
    pixel = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel)
    areas = np.pad(np.clip(overlap, 0, None), ((1, 1), (0, 0)), mode="edge")
    smooth = areas[:-2] + 2 * areas[1:-1] + areas[2:]
    return (smooth / smooth.sum(axis=1, keepdims=True)).astype(np.float32)


def _normalised(prints: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Thumbnails, float32 (n, 24, 24, 3), of mean 0 and contrast 1; before that, their mean and contrast, (n,).

    One mean for all three channels, so that pictures of another tint stay apart.
    """
    thumbnails = prints.reshape(-1, SIDE * SIDE, 3).astype(np.float32)
    means = np.einsum("npc->nc", thumbnails) / SIDE**2  # einsum takes half the time of mean and var
    power = np.einsum("npc,npc->n", thumbnails, thumbnails) / SIDE**2
    contrast = np.sqrt(np.maximum((power - (means * means).sum(axis=1)) / 3, CONTRAST_FLOOR**2))
    mean = means.mean(axis=1)
    thumbnails -= mean[:, None, None]
    thumbnails /= contrast[:, None, None]
    return thumbnails.reshape(-1, SIDE, SIDE, 3), mean, contrast


def _waves() -> tuple[np.ndarray, np.ndarray]:
    """Waves (1728, 26) of the cosine transform, long ones first; the sign (26,) that each has in a mirrored image."""
    place = (np.arange(SIDE) + 0.5) / SIDE
    wave = [np.cos(np.pi * k * place) * (np.sqrt(2) if k else 1) / SIDE for k in range(FREQUENCIES + 1)]
    grey, red_blue, green = (1 / 3, 1 / 3, 1 / 3), (1 / 2, 0, -1 / 2), (1 / 4, -1 / 2, 1 / 4)
    found = []
    for colour, least, most in ((grey, 1, FREQUENCIES), (red_blue, 0, 1), (green, 0, 1)):
        for down in range(most + 1):
            for across in range(max(0, least - down), most + 1 - down):
                sheet = np.einsum("i,j,k->ijk", wave[down], wave[across], colour)
                found.append((down + across, sheet.ravel(), (-1.0) ** across))
    _, sheets, signs = zip(*sorted(found, key=lambda entry: entry[0]), strict=True)
    return np.stack(sheets, axis=1).astype(np.float32), np.array(signs)


def _places(prints: np.ndarray, which: np.ndarray, waves: np.ndarray) -> np.ndarray:
    """Place images `which`, (m,), in 28 dimensions: log brightness, log contrast, then the waves; (m, 28)."""
    parts = [np.empty((0, 2 + waves.shape[1]))]
    for start in range(0, len(which), CHUNK):
        thumbnails, mean, contrast = _normalised(prints[which[start : start + CHUNK]])
        light = LIGHT_WEIGHT * np.log([mean + NEARLY_BLACK, contrast]).T
        parts.append(np.hstack([light, thumbnails.reshape(len(thumbnails), -1) @ waves]))
    return np.concatenate(parts)


def _candidates(prints: np.ndarray, distinct: np.ndarray, mirrored: bool) -> list[tuple[np.ndarray, bool]]:
    """Pairs (m, 2) of indices that lie close in the 28 dimensions; the second list holds those of mirror images.

    The tree knows the first 13 dimensions only, where its search is four times as fast; the rest sieves what it finds.
    """
    from scipy.spatial import cKDTree

    waves, signs = _waves()
    places = _places(prints, distinct, waves)
    tree = cKDTree(places[:, :TREE_DIMENSIONS])
    lists = []
    for flip in [False, True][: 1 + mirrored]:
        turned = np.append([1, 1], signs) if flip else 1
        pairs = [np.empty((0, 2), int)]
        for start in range(0, len(places), ASKED):
            asked = places[start : start + ASKED] * turned
            _, near = tree.query(asked[:, :TREE_DIMENSIONS], NEIGHBOURS + 1, distance_upper_bound=RADIUS)
            rows, columns = np.repeat(np.arange(len(asked)), NEIGHBOURS + 1), near.ravel()
            real = (columns < len(places)) & (columns != rows + start)  # where neighbours are few, the tree fills up
            rows, columns = rows[real], columns[real]
            apart = np.abs(asked[rows] - places[columns])
            close = (np.square(apart).sum(axis=1) <= RADIUS**2) & (apart[:, :2] <= LIGHT_LIMITS).all(axis=1)
            pairs.append(np.sort(np.stack([rows[close] + start, columns[close]], axis=1), axis=1))
        lists.append((distinct[np.unique(np.concatenate(pairs), axis=0)], flip))
    return lists


def _similarity(prints: np.ndarray, others: np.ndarray, flip: bool, least: float) -> np.ndarray:
    """One minus the distance of each of m pairs, (m,).

    Details are compared only where the whole is close: few pairs get there.
    """
    (one, _, contrast), (two, _, other_contrast) = _normalised(prints), _normalised(others)
    if flip:
        two = two[:, :, ::-1]
    distance = _tangent_distance(one, two, cap=1)
    close = np.flatnonzero(distance <= 1 - least)
    details = _details(one[close], contrast[close]), _details(two[close], other_contrast[close])
    distance[close] = np.maximum(distance[close], _tangent_distance(*details, cap=2) / 2)
    return 1 - distance


def _details(thumbnails: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """What differs from the surroundings, again of contrast 1: of sky over grass only the animal is left."""
    from scipy.ndimage import uniform_filter

    details = thumbnails - uniform_filter(thumbnails, (0, DETAIL, DETAIL, 0), mode="nearest")
    strength = np.sqrt(np.einsum("nijk,nijk->n", details, details) / details[0].size) if len(details) else contrast
    return details / np.maximum(strength, DETAIL_FLOOR / contrast)[:, None, None, None]


def _tangent_distance(one: np.ndarray, two: np.ndarray, cap: float) -> np.ndarray:
    """Root mean square difference of m pairs of thumbnails, (m,), once shift, stretch and contrast are fitted.

    Swapping the two changes nothing: tangents are taken at their mean. A pixel's squared difference counts for at most
    `cap`, so that a logo, which is a large difference in few pixels, costs little.
    """
    middle, difference = (one + two) / 2, (one - two).reshape(len(one), PRINT, 1)
    ramp = np.linspace(-1, 1, SIDE, dtype=np.float32)
    down, across = np.gradient(middle, axis=(1, 2))
    steps = (across, across * ramp[:, None], down, down * ramp[:, None, None], middle)
    tangents = np.stack([step.reshape(len(one), PRINT) for step in steps], axis=1)
    gram = tangents @ tangents.mT + np.eye(len(steps), dtype=np.float32)  # the unit keeps plain pictures solvable
    rest = difference - tangents.mT @ np.linalg.solve(gram, tangents @ difference)
    return np.sqrt(np.minimum(rest * rest, cap).mean(axis=(1, 2)))

"""Which images may be near duplicates: neighbours by the low frequencies of their thumbnails.

A k-d tree gives each image's nearest neighbours, which are few, so the work does not grow with the square of the number
of images. Its search is an approximate one (Arya and Mount, "Approximate nearest neighbor queries in fixed dimensions",
SODA 1993): where no image can lie closer than the radius over 1 + SLACK, it does not look. Copies lie far within.

The tree is SciPy's. Without SciPy, as a small install has it, it is that of `data/box_tree.py`, which is slower.
"""

import importlib.util
from collections.abc import Callable, Iterator

import numpy as np

from data import box_tree
from data.thumbnails import CHUNK, PRINT, SIDE, View, normalised, thumbnails, without_colour

Search = Callable[[np.ndarray], np.ndarray]  # places (m, 13) -> nearest known rows (m, NEIGHBOURS + 1)
ASKED = 4096  # images whose neighbours are looked for at a time: of 64,000 at once it took 0.4 GB
FREQUENCIES = 5  # of the grey image, across plus down; of the two colour differences 1
TREE_DIMENSIONS = 13
RADIUS = 0.4
SLACK = 1.5  # of SciPy's tree
SLACK_OF_BOXES = 0.75  # they are tighter than SciPy's; of 463 pairs among 8,633 photos and copies 1.5 would miss 7
NEIGHBOURS = 9
FIRST = 1  # of them, by all 28 dimensions: of 3,068 copies found among 64,000 drawings, two lay farther
# A larger radius finds more of the copies cut by 15 % at one side, and of drawings twice as many pairs to compare.
SCALES = (1.0, 0.88, 0.78)  # of the sides of what is sought of an image: a copy may have been cut, or have got a border
LIGHT_WEIGHT = 0.5
NEARLY_BLACK = 8.0  # grey levels added before brightness is compared: black images are alike
LIGHT_LIMITS = LIGHT_WEIGHT * np.log([1.8, 2.0])  # ratios of brightness and contrast


def candidates(
    prints: np.ndarray, distinct: np.ndarray, mirrored: bool
) -> Iterator[tuple[np.ndarray, np.ndarray, View]]:
    """Yield pairs (m, 2) of indices that may be near duplicates, with the view of the first that is like the second.

    Args:
        prints: fingerprints, uint8 (n, 1728).
        distinct: indices of those to look at.
        mirrored: whether an image and its mirror image may be a pair.

    Yields:
        Pairs; for each of them whether the one is among the `FIRST` neighbours of the other, bool (m,); the view.
    """
    waves, signs = _waves()
    grey = without_colour(prints[distinct])
    searches = [(distinct, distinct, False)]
    if grey.any() and not grey.all():
        searches.append((distinct[grey], distinct[~grey], True))
    for asked, known, colourless in searches:
        places = _places(prints, known, waves, View(grey=colourless))
        order = _near_each_other(places[:, :TREE_DIMENSIONS])
        known, places = known[order], places[order]
        asked = asked if colourless else known
        search = _search_in(places[:, :TREE_DIMENSIONS])
        for scale in SCALES:
            view = View(scale, grey=colourless)
            same = scale == 1 and not colourless
            seen = places if same else _places(prints, asked, waves, view)
            for turned in (False, True)[: 1 + mirrored]:
                turned_seen = seen * np.append([1, 1], signs) if turned else seen
                rows, columns, nearest = _neighbours(search, places, turned_seen, not colourless)
                pairs = np.stack([asked[rows], known[columns]], axis=1)
                if same:  # found from both sides
                    pairs, number = np.unique(np.sort(pairs, axis=1), axis=0, return_inverse=True)
                    nearest = np.bincount(number.ravel(), nearest, len(pairs)) > 0
                yield pairs, nearest, View(scale, turned, colourless)


def _search_in(known: np.ndarray) -> Search:
    """Return what finds the nearest of the `known` places within the radius: by a k-d tree where SciPy is installed."""
    if importlib.util.find_spec("scipy") is None:
        boxes = box_tree.BoxTree.of(known)
        return lambda asked: boxes.nearest(asked, NEIGHBOURS + 1, RADIUS, SLACK_OF_BOXES)
    from scipy.spatial import cKDTree

    tree = cKDTree(known, leafsize=32)  # in so many dimensions fewer and fuller leaves are searched faster
    return lambda asked: tree.query(asked, NEIGHBOURS + 1, eps=SLACK, distance_upper_bound=RADIUS)[1]


def _near_each_other(places: np.ndarray) -> np.ndarray:
    """Return the order of the rows in a tree: one after the other they ask for what the processor's cache still holds.

    Among 64,000 drawings the search takes half as long so.
    """
    if importlib.util.find_spec("scipy") is None:
        return box_tree.order_of(places)
    from scipy.spatial import cKDTree

    return cKDTree(places).indices


def _neighbours(
    search: Search, places: np.ndarray, seen: np.ndarray, themselves: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return pairs of rows of `seen` and `places` that lie close in all 28 dimensions, and which are the nearest ones.

    The search knows the first 13 dimensions only, where a tree is four times as fast; the rest sieves what it finds.
    With `themselves`, a row of the one and the same row of the other are one image, which is no neighbour of itself.
    """
    found = [np.empty((3, 0), int)]
    for start in range(0, len(seen), ASKED):
        asked = seen[start : start + ASKED]
        near = search(asked[:, :TREE_DIMENSIONS])
        rows, columns = np.repeat(np.arange(len(asked)), NEIGHBOURS + 1), near.ravel()
        real = columns < len(places)  # where neighbours are few, the search fills up
        if themselves:
            real &= columns != rows + start
        rows, columns = rows[real], columns[real]
        apart = np.abs(asked[rows] - places[columns])
        squares = np.square(apart).sum(axis=1)
        close = np.flatnonzero((squares <= RADIUS**2) & (apart[:, :2] <= LIGHT_LIMITS).all(axis=1))
        close = close[np.lexsort((squares[close], rows[close]))]
        rows, columns = rows[close], columns[close]
        nearest = np.arange(len(rows)) - np.searchsorted(rows, rows) < FIRST
        found.append(np.stack([rows + start, columns, nearest]))
    rows, columns, nearest = np.concatenate(found, axis=1)
    return rows, columns, nearest.astype(bool)


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


def _places(prints: np.ndarray, which: np.ndarray, waves: np.ndarray, view: View) -> np.ndarray:
    """Place images `which`, (m,), in 28 dimensions: log brightness, log contrast, then the waves; (m, 28)."""
    parts = [np.empty((0, 2 + waves.shape[1]))]
    for start in range(0, len(which), CHUNK):
        images, mean, contrast = normalised(thumbnails(prints[which[start : start + CHUNK]], view))
        light = LIGHT_WEIGHT * np.log([mean + NEARLY_BLACK, contrast]).T
        parts.append(np.hstack([light, images.reshape(-1, PRINT) @ waves]))
    return np.concatenate(parts)

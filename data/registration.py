"""How alike are two images once one is laid over the other (image registration)?

A tangent distance (Simard, LeCun and Denker, "Efficient pattern recognition using a new transformation distance",
NIPS 1993): what a small shift, stretch, turn, blur or change of contrast explains does not count as a difference. The
tangents hold for about one pixel of a thumbnail; pairs that are close by them are moved over each other accordingly
and compared once more.
"""

from functools import cache

import numpy as np

from data.thumbnails import CHUNK, SIDE, View, normalised, thumbnails

HALF = SIDE // 2
UNMOVED, HALF_SIZE = 0.6, 0.7  # similarities at half the size, before and after moving, that a copy reaches
COARSER = 0.07  # by so much less than wholes may details be alike at half the size: 15,505 pairs of copies reach 0.64
FARTHEST = 1 / 8  # of the side: so far a border may be moved
HUBER = 0.5  # of the contrast: what differs by more counts by its size, not its square
DETAIL = 5  # thumbnail pixels: a detail is what differs from the mean of so large a neighbourhood
DETAIL_FLOOR = 3.0  # grey levels, as CONTRAST_FLOOR
CAP = 1.0  # of a squared difference: a logo, a large difference in few pixels, costs little
PLAIN_CONTRAST = 0.5  # of 1: what is left to compare of two images that hardly overlap must not be blown up


def similarity(prints: np.ndarray, others: np.ndarray, view: View, least: float) -> np.ndarray:
    """Return one minus the distance of a view of each fingerprint to another fingerprint: uint8 (m, 1728) -> (m,).

    Pairs that cannot reach `least` are not compared in full: at half the size most of them are told apart, at a tenth
    of the work.
    """
    distance = np.empty(len(prints), np.float32)
    which = np.arange(len(prints))
    for compare, limit in ((_unmoved, UNMOVED), (_at_half_size, HALF_SIZE), (_in_full, 0.0)):
        for start in range(0, len(which), CHUNK):
            chunk = which[start : start + CHUNK]
            distance[chunk] = compare(prints[chunk], others[chunk], view)
        which = which[distance[which] <= 1 - min(limit, least)]
    return 1 - distance


def _unmoved(prints: np.ndarray, others: np.ndarray, view: View) -> np.ndarray:
    return _distance(*_pair(prints, others, view, HALF)[:2])


def _at_half_size(prints: np.ndarray, others: np.ndarray, view: View) -> np.ndarray:
    """Return the larger of the distances of the wholes and, where these are alike, of the details less `COARSER`."""
    one, two, contrast, other_contrast = _pair(prints, others, view, HALF)
    one, two, inside = _laid_over(one, two)
    distance = _distance(one, two, inside)
    if (alike := distance <= 1 - HALF_SIZE).any():
        rest = one[alike], two[alike], contrast[alike], other_contrast[alike], inside[alike]
        distance[alike] = np.maximum(distance[alike], _distance_of_details(*rest) - COARSER)
    return distance


def _in_full(prints: np.ndarray, others: np.ndarray, view: View) -> np.ndarray:
    """Return the larger of the distances of the wholes and of the details."""
    one, two, contrast, other_contrast = _pair(prints, others, view, SIDE)
    one, two, inside = _laid_over(one, two, np.ones((len(one), SIDE, SIDE, 1), np.float32))
    details = _distance_of_details(one, two, contrast, other_contrast, inside)
    return np.maximum(_distance(one, two, inside), details)


def _pair(prints: np.ndarray, others: np.ndarray, view: View, side: int) -> tuple[np.ndarray, ...]:
    """Return both thumbnails normalised, (m, side, side, 3), and their contrasts, (m,)."""
    one, _, contrast = normalised(thumbnails(prints, view, side))
    two, _, other_contrast = normalised(thumbnails(others, View(grey=view.grey), side))
    return one, two, contrast, other_contrast


def _distance_of_details(
    one: np.ndarray, two: np.ndarray, contrast: np.ndarray, other_contrast: np.ndarray, inside: np.ndarray
) -> np.ndarray:
    return _distance(_details(one, contrast), _details(two, other_contrast), inside) / np.sqrt(2)


def _details(images: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """What differs from the surroundings, again of contrast 1: of sky over grass only the animal is left."""
    details = images - _mean_around(_mean_around(images, 1), 2)
    strength = np.sqrt(np.einsum("nijk,nijk->n", details, details) / images[0].size)
    return details / np.maximum(strength, DETAIL_FLOOR / contrast)[:, None, None, None]


def _mean_around(images: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of DETAIL neighbours along an axis; the outermost ones stand for what lies beyond the edge."""
    beyond = [(DETAIL // 2, DETAIL // 2) if i == axis else (0, 0) for i in range(images.ndim)]
    padded, before, side = np.pad(images, beyond, mode="edge"), (slice(None),) * axis, images.shape[axis]
    total = padded[(*before, slice(0, side))].copy()
    for first in range(1, DETAIL):
        total += padded[(*before, slice(first, first + side))]
    total /= DETAIL
    return total


def _tangents(middle: np.ndarray) -> np.ndarray:
    """How thumbnails (m, side, side, 3) change as they are shifted and stretched across, shifted and stretched down,
    turned, blurred or given contrast, (m, 7, 3 side²)."""
    side = middle.shape[1]
    found = np.empty((len(middle), 7, *middle.shape[1:]), np.float32)
    down, across = np.gradient(middle, axis=(1, 2))
    x = _ramp(side)[:, None]
    y = x[:, None]
    found[:, 0], found[:, 2], found[:, 6] = across, down, middle
    np.multiply(across, x, out=found[:, 1])
    np.multiply(down, y, out=found[:, 3])
    np.subtract(across * y, down * x, out=found[:, 4])
    ends = np.pad(middle, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    found[:, 5] = ends[:, 2:, 1:-1] + ends[:, :-2, 1:-1] + ends[:, 1:-1, 2:] + ends[:, 1:-1, :-2] - 4 * middle
    return found.reshape(len(middle), 7, -1)


def _fit(one: np.ndarray, two: np.ndarray, inside: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each tangent explains the difference, (m, 7), and the rest of it, (m, side, side, 3).

    Swapping the two changes no more than the signs: tangents are taken at their mean. Over the pixels `inside`, large
    differences count less in a second fit (Huber's M-estimator): else a text or a border pulls the images askew.
    """
    difference = (one - two).reshape(len(one), -1, 1)
    tangents = _tangents((one + two) / 2)
    explained, rest = _solved(tangents, difference, tangents)
    if inside is not None:
        weights = np.repeat(inside.reshape(len(one), -1), 3, axis=1)
        weights *= np.minimum(1, HUBER / np.maximum(np.abs(rest), HUBER))
        explained, rest = _solved(tangents, difference, tangents * weights[:, None])
    return explained, rest.reshape(one.shape)


def _solved(tangents: np.ndarray, difference: np.ndarray, weighed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gram = weighed @ tangents.mT + np.eye(tangents.shape[1], dtype=np.float32)  # the unit keeps plain images solvable
    explained = np.linalg.solve(gram, weighed @ difference)
    return explained[..., 0], (difference - tangents.mT @ explained)[..., 0]


def _distance(one: np.ndarray, two: np.ndarray, inside: np.ndarray | None = None) -> np.ndarray:
    """Root mean square of what no tangent explains, over the pixels `inside`, (m, side, side, 1) of 0 or 1; (m,)."""
    _, rest = _fit(one, two, inside)
    squares = np.minimum(rest * rest, CAP)
    if inside is None:
        return np.sqrt(squares.mean(axis=(1, 2, 3)))
    pixels = np.maximum(inside.sum(axis=(1, 2, 3)), 1)
    return np.sqrt((squares * inside).sum(axis=(1, 2, 3)) / (3 * pixels))


def _laid_over(
    one: np.ndarray, two: np.ndarray, inside: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Move both of each pair by half of what lies between them; return them normalised, and where both have pixels."""
    side = one.shape[1]
    explained, _ = _fit(one, two, inside)
    most = FARTHEST * side / 2
    right, wider, lower, taller, turn = np.clip(explained[:, :5] / 2, -most, most).T[..., None, None]
    x = _ramp(side)
    y = x[:, None]
    half = np.stack([right + wider * x + turn * y, lower + taller * y - turn * x])
    (one, here), (two, there) = _moved(one, -half), _moved(two, half)
    inside = (here & there)[..., None].astype(np.float32)
    return _normalised_inside(one, inside), _normalised_inside(two, inside), inside


def _moved(images: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take each pixel from elsewhere, `way` (2, m, side, side) off, across and down; and whether there is one."""
    side = images.shape[1]
    last = side - 1
    pixel = np.arange(side, dtype=np.float32)
    x, y = pixel + way[0], pixel[:, None] + way[1]
    real = (np.abs(x - last / 2) <= last / 2 + 0.3) & (np.abs(y - last / 2) <= last / 2 + 0.3)
    x, y = np.clip(x, 0, last), np.clip(y, 0, last)
    left, top = np.minimum(x.astype(int), last - 1), np.minimum(y.astype(int), last - 1)
    x, y = (x - left).astype(np.float32)[..., None], (y - top).astype(np.float32)[..., None]
    corner = (np.arange(len(images))[:, None, None] * side + top) * side + left
    flat = images.reshape(-1, 3)
    upper = flat.take(corner, axis=0) * (1 - x) + flat.take(corner + 1, axis=0) * x
    lower = flat.take(corner + side, axis=0) * (1 - x) + flat.take(corner + side + 1, axis=0) * x
    return upper * (1 - y) + lower * y, real


@cache
def _ramp(side: int) -> np.ndarray:
    return np.linspace(-1, 1, side, dtype=np.float32)


def _normalised_inside(images: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Thumbnails of mean 0 and contrast 1 over the pixels `inside`, each channel's spread about its own mean."""
    pixels = np.maximum(inside.sum(axis=(1, 2, 3), keepdims=True), 1)
    means = (images * inside).sum(axis=(1, 2), keepdims=True) / pixels
    spread = np.square((images - means) * inside).sum(axis=(1, 2, 3), keepdims=True) / (3 * pixels)
    return (images - means.mean(axis=3, keepdims=True)) / np.maximum(np.sqrt(spread), PLAIN_CONTRAST)

"""How alike are two images once one is laid over the other (image registration)?

A tangent distance (Simard, LeCun and Denker, "Efficient pattern recognition using a new transformation distance",
NIPS 1993): what a small shift, stretch, turn, blur or change of contrast explains does not count as a difference. The
tangents hold for about one pixel of a thumbnail; pairs that are close by them are moved over each other accordingly
and compared once more.
"""

import numpy as np
from scipy.ndimage import uniform_filter

from data.thumbnails import CHUNK, PRINT, SIDE, View, normalised, thumbnails

FARTHEST = 3.0  # thumbnail pixels that the border may be moved
DETAIL = 5  # thumbnail pixels: a detail is what differs from the mean of so large a neighbourhood
DETAIL_FLOOR = 3.0  # grey levels, as CONTRAST_FLOOR
CAP = 1.0  # of a squared difference: a logo, a large difference in few pixels, costs little
PLAIN_CONTRAST = 0.15  # of 1: what is left to compare of two images that hardly overlap must not be blown up


def _fields() -> np.ndarray:
    """Ways to move a thumbnail, across and down at every pixel, (5, 2, 24, 24): shift, stretch, shift, stretch, turn."""
    ramp = np.linspace(-1, 1, SIDE, dtype=np.float32)
    across, down = np.meshgrid(ramp, ramp)
    one, none = np.ones_like(across), np.zeros_like(across)
    return np.array([(one, none), (across, none), (none, one), (none, down), (down, -across)])


FIELDS = _fields()


def similarity(prints: np.ndarray, others: np.ndarray, view: View, rough: float) -> np.ndarray:
    """Return one minus the distance of a view of each fingerprint to another fingerprint: uint8 (m, 1728) -> (m,).

    Pairs less alike than `rough` before they are laid over each other stay as they are: few pairs get further.
    """
    found = [np.empty(0)]
    for start in range(0, len(prints), CHUNK):
        one, _, contrast = normalised(thumbnails(prints[start : start + CHUNK], view))
        two, _, other_contrast = normalised(thumbnails(others[start : start + CHUNK], View(grey=view.grey)))
        everywhere = np.ones((len(one), SIDE, SIDE, 1), np.float32)
        distance = _distance(one, two, everywhere)
        close = np.flatnonzero(distance <= 1 - rough)
        if len(close):
            moved = _laid_over(one[close], two[close])
            distance[close] = _closer(*moved, contrast[close], other_contrast[close])
        found.append(1 - distance)
    return np.concatenate(found)


def _closer(
    one: np.ndarray, two: np.ndarray, inside: np.ndarray, contrast: np.ndarray, other_contrast: np.ndarray
) -> np.ndarray:
    """Return the larger of the distances of the wholes and of the details."""
    details = _distance(_details(one, contrast), _details(two, other_contrast), inside)
    return np.maximum(_distance(one, two, inside), details / np.sqrt(2))


def _details(images: np.ndarray, contrast: np.ndarray) -> np.ndarray:
    """What differs from the surroundings, again of contrast 1: of sky over grass only the animal is left."""
    details = images - uniform_filter(images, (0, DETAIL, DETAIL, 0), mode="nearest")
    strength = np.sqrt(np.einsum("nijk,nijk->n", details, details) / PRINT)
    return details / np.maximum(strength, DETAIL_FLOOR / contrast)[:, None, None, None]


def _tangents(middle: np.ndarray) -> np.ndarray:
    """How thumbnails (m, 24, 24, 3) change as they are moved (5 ways), blurred or given contrast, (m, 7, 1728)."""
    down, across = np.gradient(middle, axis=(1, 2))
    ends = np.pad(middle, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    blur = ends[:, 2:, 1:-1] + ends[:, :-2, 1:-1] + ends[:, 1:-1, 2:] + ends[:, 1:-1, :-2] - 4 * middle
    moves = [across * field[0, ..., None] + down * field[1, ..., None] for field in FIELDS]
    return np.stack([step.reshape(len(middle), PRINT) for step in (*moves, blur, middle)], axis=1)


def _fit(one: np.ndarray, two: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each tangent explains the difference, (m, 7), and the rest of it, (m, 1728).

    Swapping the two changes no more than the signs: tangents are taken at their mean.
    """
    difference = (one - two).reshape(len(one), PRINT, 1)
    tangents = _tangents((one + two) / 2)
    weighed = tangents * np.repeat(inside.reshape(len(one), 1, -1), 3, axis=2)
    gram = weighed @ tangents.mT + np.eye(tangents.shape[1], dtype=np.float32)  # the unit keeps plain images solvable
    explained = np.linalg.solve(gram, weighed @ difference)
    return explained[..., 0], (difference - tangents.mT @ explained)[..., 0]


def _distance(one: np.ndarray, two: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Root mean square of what no tangent explains, over the pixels `inside`, (m, 24, 24, 1) of 0 or 1; (m,)."""
    rest = _fit(one, two, inside)[1].reshape(one.shape)
    pixels = np.maximum(inside.sum(axis=(1, 2, 3)), 1)
    return np.sqrt((np.minimum(rest * rest, CAP) * inside).sum(axis=(1, 2, 3)) / (3 * pixels))


def _laid_over(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Move both of each pair by half of what lies between them; return them normalised, and where both have pixels."""
    explained, _ = _fit(one, two, np.ones((len(one), SIDE, SIDE, 1), np.float32))
    way = np.clip(explained[:, : len(FIELDS)], -FARTHEST, FARTHEST)
    half = np.einsum("nk,kdij->dnij", way, FIELDS) / 2
    (one, here), (two, there) = _moved(one, -half), _moved(two, half)
    inside = (here & there)[..., None].astype(np.float32)
    return _normalised_inside(one, inside), _normalised_inside(two, inside), inside


def _moved(images: np.ndarray, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take each pixel of thumbnails from elsewhere, `way` (2, n, 24, 24) off; and whether there is one, (n, 24, 24)."""
    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x, y = across + way[0], down + way[1]
    last = SIDE - 1
    real = (np.abs(x - last / 2) <= last / 2 + 0.3) & (np.abs(y - last / 2) <= last / 2 + 0.3)
    x, y = np.clip(x, 0, last), np.clip(y, 0, last)
    left, top = np.minimum(x.astype(int), last - 1), np.minimum(y.astype(int), last - 1)
    x, y = (x - left)[..., None], (y - top)[..., None]
    corner = ((np.arange(len(images))[:, None, None] * SIDE + top) * SIDE + left)[..., None]
    flat = images.reshape(-1, 3)
    upper = flat[corner[..., 0]] * (1 - x) + flat[corner[..., 0] + 1] * x
    lower = flat[corner[..., 0] + SIDE] * (1 - x) + flat[corner[..., 0] + SIDE + 1] * x
    return upper * (1 - y) + lower * y, real


def _normalised_inside(images: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Thumbnails of mean 0 and contrast 1 over the pixels `inside`, each channel's spread about its own mean."""
    pixels = np.maximum(inside.sum(axis=(1, 2, 3), keepdims=True), 1)
    means = (images * inside).sum(axis=(1, 2), keepdims=True) / pixels
    spread = np.square((images - means) * inside).sum(axis=(1, 2, 3), keepdims=True) / (3 * pixels)
    return (images - means.mean(axis=3, keepdims=True)) / np.maximum(np.sqrt(spread), PLAIN_CONTRAST)

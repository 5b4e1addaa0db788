"""Outlines of which bodies are made. Coordinates are (x, y) with y upwards and the ground at 0."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Points = Sequence[tuple[float, float]]
SAMPLES = np.linspace(0, 1, 5)[:-1, None]  # along one stretch of a spine
CIRCLE = np.column_stack([np.cos(np.linspace(0, 2 * np.pi, 20)), np.sin(np.linspace(0, 2 * np.pi, 20))])


class Part(NamedTuple):
    """An outline of (n, 2) points and its role.

    Filled: coat; skin, coat without a line where it meets the skin drawn just before; far, coat in the shade; hair,
    dark, pink, pale, iris. Open lines: whisker, mouth.
    """

    role: str
    points: np.ndarray


def blob(role: str, x: float, y: float, width: float, height: float, angle: float = 0.0) -> Part:
    """Ellipse with half axes `width` and `height`, turned by `angle` in radians."""
    return Part(role, turned(CIRCLE * (width, height), angle) + np.array((x, y)))


def shape(role: str, *points: tuple[float, float]) -> Part:
    """Polygon, or the open line of a whisker or mouth."""
    return Part(role, np.array(points, dtype=float))


def tube(role: str, spine: Points, radii: Sequence[float]) -> Part:
    """Limb with round ends: a smooth (Catmull–Rom) curve through `spine`, as thick as `radii` say."""
    knots = np.column_stack([np.asarray(spine, dtype=float), radii])
    knots = np.concatenate([2 * knots[:1] - knots[1:2], knots, 2 * knots[-1:] - knots[-2:-1]])
    a, b, c, d = (knots[i : len(knots) - 3 + i, None] for i in range(4))
    t = SAMPLES
    curve = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    curve = np.concatenate([curve.reshape(-1, 3), knots[-2:-1]])
    centre, radius = curve[:, :2], np.maximum(curve[:, 2:], 0.004)
    along = np.concatenate([centre[1:2] - centre[:1], centre[2:] - centre[:-2], centre[-1:] - centre[-2:-1]])
    along = along / (np.hypot(along[:, 0], along[:, 1])[:, None] + 1e-9)
    side = along[:, ::-1] * (-1, 1) * radius
    tip, root = along[-1] * radius[-1], -along[0] * radius[0]
    end = [centre[-1] + 0.7 * (side[-1] + tip), centre[-1] + tip, centre[-1] + 0.7 * (tip - side[-1])]
    start = [centre[0] + 0.7 * (root - side[0]), centre[0] + root, centre[0] + 0.7 * (root + side[0])]
    return Part(role, np.concatenate([centre + side, end, (centre - side)[::-1], start]))


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Turn (n, 2) points about the origin, anticlockwise in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


def placed(parts: list[Part], at: tuple[float, float], scale: float, angle: float) -> list[Part]:
    """Head parts drawn about the origin, put on the end of a neck."""
    return [Part(role, turned(points * scale, angle) + at) for role, points in parts]


def mirrored(parts: list[Part]) -> list[Part]:
    """The parts and their mirror images: the two sides of a face seen from the front."""
    return parts + [Part(role, points * (-1, 1)) for role, points in parts]

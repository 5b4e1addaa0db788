"""Drawings as a camera on burst leaves them: several shots of each scene, hardly different from one another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from data.drawn.draw import draw
from data.drawn.folder import CLASS_COUNTS

FIRST_SEED = 50_000_000  # of scenes that no other data set of drawings has


def write(folder: Path, scenes: int, shots: int, size: int = 64) -> Path:
    """Write `scenes` drawings of each class, each `shots` times; return the folder.

    A shot is cut out up to two pixels beside the last and is a little lighter or darker; its name begins with its
    scene's: scene_007_shot_2.png.
    """
    random = np.random.default_rng(0)
    for label in CLASS_COUNTS:
        (folder / label).mkdir(parents=True, exist_ok=True)
        for scene in range(scenes):
            pixels = np.asarray(draw(label, FIRST_SEED + scene, size + 4).image, np.float32)
            for shot in range(shots):
                left, top = random.integers(0, 5, 2)
                cut = pixels[top : top + size, left : left + size] + random.uniform(-12, 12)
                image = Image.fromarray(np.clip(cut, 0, 255).astype(np.uint8))
                image.save(folder / label / f"scene_{scene:03}_shot_{shot}.png")
    return folder


def scene_numbers(names: list[str]) -> np.ndarray:
    """Return the number of each image's scene, int (n,), from paths that `write` gave; no two classes share one."""
    scenes = [name.rpartition("_shot_")[0] for name in names]
    return np.unique(scenes, return_inverse=True)[1]


def fresh(number: int, size: int = 32) -> tuple[np.ndarray, np.ndarray]:
    """Return `number` drawings of each class that are in no data set, uint8 (n, size, size, 3), and their classes (n,).

    They are drawn at twice the size and shrunk, as those that are read from a file are.
    """
    images = [
        draw(label, FIRST_SEED - 1 - i, 2 * size).image.reduce(2) for label in CLASS_COUNTS for i in range(number)
    ]
    return np.stack([np.asarray(image) for image in images]), np.repeat(np.arange(len(CLASS_COUNTS)), number)

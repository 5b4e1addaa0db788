"""Which changed copies are found as near duplicates, how many strangers with them, and how does the time grow?

    python benchmarks/near_duplicates.py [--data PHOTOS] [--copies 200] [--sizes 1000 4000 16000]

Of a folder of images (without --data, of 1,500 drawings) some are copied, each kind of copy in turn is put beside all
images, and the share whose original is found is printed: the recall. The pairs among the images themselves are listed:
look at them, since real photos hold real copies. Then the core-seconds of `near_pairs` for every number n of drawings
(CPU time of all threads, which other programs stretch little), the median of 3 runs, and the exponent of a straight
line through log(seconds) over log(n): 2 would be a comparison of all with all. Takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps

sys.path.insert(0, str(Path(__file__).parent.parent))
from data.drawn.draw import draw
from data.drawn.folder import CLASS_COUNTS
from data.duplicates import fingerprints, near_pairs
from data.image import decode, resize

SIDE = 48
PHOTO_SIDE = 128
DRAWINGS = 1500
RUNS = 3


def drawing(seed: int, side: int) -> Image.Image:
    """Return a drawing, the classes in turn."""
    labels = list(CLASS_COUNTS)
    return draw(labels[seed % len(labels)], seed, side).image


def drawn_prints(count: int) -> np.ndarray:
    """Return the fingerprints of `count` drawings."""
    splits = []
    for start in range(0, count, 500):
        images = [np.asarray(drawing(seed, SIDE)) for seed in range(start, min(start + 500, count))]
        splits.append(fingerprints(np.stack(images)))
    return np.concatenate(splits)


def seconds(prints: np.ndarray) -> float:
    """Return the median CPU time of `near_pairs`."""
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        near_pairs(prints)
        times.append(time.process_time() - started)
    return statistics.median(times)


def jpeg(image: Image.Image, quality: int = 90) -> Image.Image:
    """Return an image as it comes back from a JPEG file."""
    content = io.BytesIO()
    image.save(content, "jpeg", quality=quality)
    return decode(content.getvalue())


def cut(image: Image.Image, across: float, down: float) -> Image.Image:
    """Cut shares of width and height off all sides."""
    width, height = image.size
    box = (width * across, height * down, width * (1 - across), height * (1 - down))
    return image.crop(tuple(map(round, box)))


def turned(image: Image.Image, angle: float) -> Image.Image:
    """Turn an image, and cut it so that no corner is empty."""
    width, height = image.size
    off = np.sin(np.radians(angle)) * 0.55
    return cut(image.rotate(angle, Image.Resampling.BICUBIC), off * min(1, height / width), off)


def with_text(image: Image.Image) -> Image.Image:
    """Write over the middle of an image."""
    image = image.copy()
    place, size = (image.width * 0.1, image.height * 0.45), max(10, image.width // 10)
    ImageDraw.Draw(image).text(place, "SAMPLE TEXT 2026", fill="white", font_size=size)
    return image


def changes() -> dict[str, Callable[[Image.Image], Image.Image]]:
    """Return the kinds of copies; all but the JPEGs are saved as one of quality 90 in the end."""
    return {
        **{f"JPEG quality {q}": lambda image, q=q: jpeg(image, q) for q in (70, 30)},
        "half the size": lambda image: image.resize((max(16, image.width // 2), max(16, image.height // 2))),
        **{f"brightness {b}": lambda image, b=b: ImageEnhance.Brightness(image).enhance(b) for b in (0.7, 1.3, 1.5)},
        "gamma 1.5": lambda image: image.point(lambda level: 255 * (level / 255) ** 1.5),
        **{f"cut by {c} % at all sides": lambda image, c=c: cut(image, c / 100, c / 100) for c in (4, 6, 8, 10)},
        **{f"turned by {a} degrees": lambda image, a=a: turned(image, a) for a in (3, 5)},
        "white border of 5 %": lambda image: ImageOps.expand(image, round(image.width * 0.05), "white"),
        "black bars of 10 %": lambda image: ImageOps.expand(image, (0, round(image.height * 0.1)), "black"),
        "grey": lambda image: image.convert("L").convert("RGB"),
        "text": with_text,
        "mirrored": ImageOps.mirror,
    }


def print_recall(folder: str | None, copies: int) -> None:
    """Print the share of originals that are found by kind of copy, and the pairs among the images themselves."""
    paths = [
        path for path in sorted(Path(folder or ".").rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png")
    ]
    count = len(paths) if folder else DRAWINGS

    def image_at(index: int) -> Image.Image:
        return decode(paths[index].read_bytes()) if folder else drawing(index, PHOTO_SIDE)

    def prints_of(images: list[Image.Image]) -> np.ndarray:
        return np.concatenate([fingerprints(resize(image, PHOTO_SIDE, "crop")[None]) for image in images])

    known = np.concatenate([prints_of([image_at(index)]) for index in range(count)])
    started = time.perf_counter()
    pairs = near_pairs(known)
    print(f"{len(pairs)} pairs among the {count:,} images themselves, in {time.perf_counter() - started:.1f} s:")
    for pair in pairs:
        names = [paths[index] if folder else f"drawing {index}" for index in (pair.first, pair.second)]
        print(f"    {pair.similarity:.3f} {names[0]} {names[1]}")
    themselves = {(pair.first, pair.second) for pair in pairs}
    chosen = np.random.default_rng(0).choice(count, min(copies, count), replace=False).tolist()
    originals = [image_at(index) for index in chosen]
    wanted = {(index, count + at) for at, index in enumerate(chosen)}
    print(f"{'kind of copy':30}recall  other pairs")
    for kind, change in changes().items():
        copied = prints_of([jpeg(change(image)) for image in originals])
        found = {(pair.first, pair.second) for pair in near_pairs(np.concatenate([known, copied]))}
        others = len(found - wanted - themselves)
        print(f"{kind:30}{len(wanted & found) / len(wanted):6.1%}  {others}", flush=True)


def print_growth(sizes: list[int]) -> None:
    """Print the time by number of drawings, and the pairs among them."""
    prints = drawn_prints(sizes[-1])
    taken = [seconds(prints[:size]) for size in sizes]
    for size, time_taken in zip(sizes, taken, strict=True):
        print(f"{size:>7} images {time_taken:8.3f} core-seconds")
    print(f"{len(near_pairs(prints))} pairs among {sizes[-1]:,} different drawings, each of them false")
    if len(sizes) > 1:
        print(f"exponent {np.polyfit(np.log(sizes), np.log(taken), 1)[0]:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="PHOTOS", help="folder of images")
    parser.add_argument("--copies", type=int, default=200, metavar="N", help="images that are copied")
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 4000, 16000], metavar="N", help="drawings")
    asked = parser.parse_args()
    sizes = sorted(set(asked.sizes))
    if sizes[0] < 2:
        parser.error(f"--sizes takes numbers from 2 on. Received: {sizes[0]}")
    print_recall(asked.data, asked.copies)
    print_growth(sizes)

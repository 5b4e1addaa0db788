"""The folder of synthetic images: drawn once, with a table of what every image shows."""

import csv
import io
import re
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from data.drawn.draw import COLUMNS, VERSION, draw
from data.store.cache import cache_folder
from errors import UserError

CLASS_COUNTS = {"cat": 273, "dog": 797, "horse": 430}  # 1,500 in the ratio 1668 : 4863 : 2623 of the reference data set

LEFT_AFTER = 3600.0  # seconds after which nobody draws into a folder any more


def class_counts(count: int) -> dict[str, int]:
    """Share `count` images among the classes as CLASS_COUNTS does: largest remainder, from 3 on at least 1 each."""
    if count < 1:
        raise ValueError(f"count is {count}: at least one image must be drawn")
    total = sum(CLASS_COUNTS.values())
    exact = {label: count * share / total for label, share in CLASS_COUNTS.items()}
    counts = {label: int(share) for label, share in exact.items()}
    for label in sorted(exact, key=lambda label: counts[label] - exact[label])[: count - sum(counts.values())]:
        counts[label] += 1
    for label in counts:
        if counts[label] == 0 and count >= len(counts):
            counts[max(counts, key=counts.get)] -= 1
            counts[label] = 1
    return counts


def write(
    folder: Path, count: int, size: int = 128, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Write images/<class>/*.jpg, masks/<class>/*.png and annotations.csv into `folder`; return folder/images.

    A row's path is relative to images/; the mask's is the same but for its ending. `progress` is called with
    (done, count) after every image. Raises ValueError for a count below 1 or a negative seed, OSError from the disk.
    """
    rows = []
    for label, share in class_counts(count).items():
        for kind in ("images", "masks"):
            (folder / kind / label).mkdir(parents=True, exist_ok=True)
        for index in range(share):
            drawing = draw(label, image_seed(seed, index), size)
            name = f"{label}/{label}_{index:05d}"
            (folder / "images" / f"{name}.jpg").write_bytes(as_jpeg(drawing.image))
            drawing.mask.save(folder / "masks" / f"{name}.png")
            rows.append((f"{name}.jpg", label, drawing.facing, drawing.coat, *drawing.box))
            if progress:
                progress(len(rows), count)
    with (folder / "annotations.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return folder / "images"


def image_seed(seed: int, index: int) -> int:
    """Return the seed of an image, given that of the data set: no two of these share an image."""
    return seed * 1_000_000 + index


def as_jpeg(image: Image.Image) -> bytes:
    """Return the bytes of the file that an image is kept as."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()


def drawn_now(images: Path, name: str) -> bytes | None:
    """Return what an image of a folder that `cached` returned is as drawn now, whatever lies there, as a JPEG file.

    None where this program draws no such image: the folder is of another version of the drawings, or not `cached`'s.
    """
    folder = re.fullmatch(rf"drawn-v{VERSION}-\d+-(\d+)-(\d+)", images.parent.name)
    image = re.fullmatch(rf"({'|'.join(CLASS_COUNTS)})/\1_(\d+)\.jpg", name)
    if not folder or not image:
        return None
    size, seed = map(int, folder.groups())
    return as_jpeg(draw(image[1], image_seed(seed, int(image[2])), size).image)


def cached(
    count: int = 1500, size: int = 128, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Like `write`, into the cache: drawn by the first call, found by later ones. Returns the images folder.

    The cache is $STUDY_CACHE, else the user's own. `progress` is called only while drawing. Raises what `write` does,
    but UserError where the cache can't be written.
    """
    root = cache_folder()
    folder = root / f"drawn-v{VERSION}-{count}-{size}-{seed}"
    if (folder / "images").is_dir():
        return folder / "images"
    unfinished = root / f"{folder.name}.{uuid.uuid4().hex}.tmp"  # a name of its own: killed or racing runs can't mix
    for left in root.glob("drawn-*.tmp"):  # by a process that was killed: drawing takes seconds
        if time.time() - left.stat().st_mtime > LEFT_AFTER:
            shutil.rmtree(left, ignore_errors=True)
    try:
        write(unfinished, count, size, seed, progress)
        unfinished.rename(folder)
    except OSError as error:
        if not (folder / "images").is_dir():  # else another process was first, with the same images
            raise UserError(
                f"cannot write the cache {root} ({error.strerror or error}): set STUDY_CACHE to a folder that can"
            ) from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder / "images"


def annotation(images: Path, column: str) -> dict[str, str]:
    """Return image name -> facing, coat or label of the drawings in a folder that `write` or `cached` returned."""
    with (images.parent / "annotations.csv").open(newline="", encoding="utf-8") as file:
        return {row["path"]: row[column] for row in csv.DictReader(file)}

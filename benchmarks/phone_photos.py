"""What a photo of a telephone costs to read, 4000×3000 pixels: how much of it no decoder can save, and what is lost.

    python benchmarks/phone_photos.py --data DIR --run RUN [--photos 200]

The photos are made here: images of DIR, enlarged, with the noise of a sensor, as JPEG of quality 90 with halved colour.
Core-milliseconds a photo (CPU time of all threads, the least of three rounds in turn) of reading as `train` does, from
files to the store, and of Pillow on bytes in memory: as the program decodes, in full, and at an eighth of each side,
which is little more than undoing the Huffman code of all 12 million pixels. Then how the pixels at the size of the
run's network differ from those of a full decoding, in levels of 0 to 255, and the probabilities of the run with them.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))
from data import folder, image, loading
from data.resize import resize
from data.store.store import Store

SIDES = (4000, 3000)
NOISE = 4.0  # levels, standard deviation
ROUNDS = 3


def make(images: list[Path], count: int, target: Path) -> None:
    """Write so many photos, each of another image."""
    rng = np.random.default_rng(0)
    target.mkdir()
    for number, at in enumerate(np.linspace(0, len(images) - 1, count).astype(int)):
        large = np.array(image.decode(images[at].read_bytes()).resize(SIDES, Image.Resampling.BICUBIC), np.float32)
        large += rng.normal(0, NOISE, large.shape[:2]).astype(np.float32)[..., None]
        photo = Image.fromarray(np.clip(large, 0, 255).astype(np.uint8))
        photo.save(target / f"{number}.jpg", quality=90, subsampling="4:2:0")


def at_an_eighth(content: bytes) -> None:
    """Decode as little as a JPEG decoder can."""
    photo = Image.open(io.BytesIO(content))
    photo.draft(None, tuple(side // 8 for side in SIDES))
    photo.load()


def core_milliseconds(work: Callable[[], object], photos: int) -> float:
    """Return the CPU time of all threads for a photo."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started) / photos


def main(data: Path, run_folder: Path, count: int) -> None:
    """Print what reading costs, and what the shorter way changes."""
    from study.runs import folder as runs_folder
    from study.saved.runner import load_runner

    run = runs_folder.read_run(run_folder)
    size, rule = run.info["image_size"], run.info["resize"]
    with tempfile.TemporaryDirectory() as work:
        photos = Path(work) / "photos"
        make(folder.list_images([data])[0], count, photos)
        records = [folder.ImageRecord(path, path.name, "photo", None) for path in sorted(photos.iterdir())]
        contents = [record.path.read_bytes() for record in records]

        def each(decode: Callable[[bytes], object]) -> Callable[[], object]:
            return lambda: [decode(content) for content in contents] and None

        def read_all() -> None:
            with tempfile.TemporaryDirectory() as store:
                loading.load(records, size, rule, Store(Path(store)))

        ways = {
            "reading as train does, into an empty store": read_all,
            f"decoding and scaling to {size} pixels": each(lambda content: image.load(content, size, rule)),
            "the same, decoded in full": each(lambda content: resize(image.decode(content), size, rule)),
            "decoding at an eighth, without scaling": each(at_an_eighth),
        }
        spent = [{name: core_milliseconds(way, count) for name, way in ways.items()} for _ in range(ROUNDS)]
        ours = np.stack([image.load(content, size, rule) for content in contents])
        full = np.stack([resize(image.decode(content), size, rule) for content in contents])
    print(f"{count} photos of {SIDES[0]}×{SIDES[1]} pixels, {np.mean([*map(len, contents)]) / 1e6:.1f} MB each")
    for name in ways:
        print(f"{min(one[name] for one in spent):6.1f} core-milliseconds a photo: {name}")
    levels = np.abs(ours.astype(int) - full).mean(axis=(1, 2, 3))
    print(f"pixels differ by {levels.mean():.2f} levels in the mean, those of one photo by at most {levels.max():.2f}")
    respond = load_runner(run)
    one, other = (np.asarray(respond(images)[0]) for images in (ours, full))
    apart, changed = np.abs(one - other), (one.argmax(axis=1) != other.argmax(axis=1)).sum()
    print(
        f"probabilities differ by {apart.mean():.1e} in the mean of all classes, by {apart.max(axis=1).mean():.1e} in "
        f"that of the class that differs most, by at most {apart.max():.1e}"
    )
    print(f"{changed} of {count} answers differ")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--run", required=True, type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--photos", type=int, default=200, metavar="N", help="photos to make (default 200)")
    asked = parser.parse_args()
    main(asked.data, asked.run, asked.photos)

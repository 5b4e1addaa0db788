"""What the store costs: a look for 100 and for all of 200,000 rows, its checksums, and bringing rows to the disk.

    python benchmarks/store.py [--rows 200000] [--images 2000]

The rows are 64 bytes long, those for the checksums' share pixels of 224 x 224. Everything lies in a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from data.store.rows import RowType
from data.store.store import Store


def fill(store: Store, kind: RowType, keys: list[str]) -> float:
    """Write a row of noise for each key; return the seconds."""
    noise, started = np.random.default_rng(0).integers(0, 256, kind.shape, np.uint8), time.perf_counter()
    with store.writer(kind) as keep:
        for key in keys:
            keep.add(key, noise)
    return time.perf_counter() - started


def look_up(root: Path, count: int) -> None:
    """Print how long looks into the index take."""
    kind, keys = RowType("benchmark rows", (64,)), [hashlib.sha256(b"%d" % row).hexdigest() for row in range(count)]
    print(f"{count:,} rows written in {fill(Store(root), kind, keys):.1f} s")
    for asked in (keys[:: len(keys) // 100][:100], keys):
        store, started = Store(root), time.perf_counter()
        assert store.rows(kind, asked).available().all()
        print(f"a look for {len(asked):,} of them takes {time.perf_counter() - started:.4f} s")


def read(root: Path, images: int) -> None:
    """Print how fast rows are read, with their checksums and without."""
    kind, keys = RowType("benchmark pixels", (224, 224, 3)), list(map(str, range(images)))
    gigabytes = images * kind.bytes / 1e9
    print(f"{gigabytes:.2f} GB of pixels written at {gigabytes / fill(Store(root), kind, keys):.2f} GB/s")
    rows, batch = Store(root).rows(kind, keys), np.empty((50, *kind.shape), np.uint8)
    for what in ("read first, and compared with their checksums,", "read again"):
        started = time.perf_counter()
        for first in range(0, images, 50):
            indices = np.arange(first, min(first + 50, images))
            rows.take(indices, batch[: len(indices)])
        print(f"{what} at {gigabytes / (time.perf_counter() - started):.2f} GB/s")
    content, started = batch.tobytes(), time.perf_counter()
    zlib.crc32(content)
    crc = time.perf_counter()
    hashlib.blake2b(content).digest()
    print(f"CRC-32 {len(content) / (crc - started) / 1e9:.1f} GB/s, ", end="")
    print(f"BLAKE2b {len(content) / (time.perf_counter() - crc) / 1e9:.1f} GB/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=200_000, metavar="N", help="rows in the index (default 200,000)")
    parser.add_argument("--images", type=int, default=2000, metavar="N", help="images read (default 2,000)")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        look_up(Path(folder) / "store", asked.rows)
        read(Path(folder) / "store", asked.images)

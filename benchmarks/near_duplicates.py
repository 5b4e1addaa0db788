"""How does the time to find near-duplicates grow with the number of pictures? Drawn pictures, the median of 3 runs.

    python benchmarks/near_duplicates.py [--sizes 1000 4000 16000]

Prints the seconds of `near_pairs` for every number n and the exponent of a straight line through log(seconds) over
log(n): 2 would be a comparison of all with all. Takes a minute or two on one core, most of it to draw.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from data.drawn.draw import draw
from data.drawn.folder import CLASS_COUNTS
from data.duplicates import fingerprints, near_pairs

SIDE = 48
RUNS = 3


def drawn_prints(count: int) -> np.ndarray:
    """Return the fingerprints of `count` drawings, the classes in turn."""
    labels = list(CLASS_COUNTS)
    parts = []
    for start in range(0, count, 500):
        seeds = range(start, min(start + 500, count))
        images = [np.asarray(draw(labels[seed % len(labels)], seed, SIDE).image) for seed in seeds]
        parts.append(fingerprints(np.stack(images)))
    return np.concatenate(parts)


def seconds(prints: np.ndarray) -> float:
    """Return the median time of `near_pairs`."""
    times = []
    for _ in range(RUNS):
        started = time.perf_counter()
        near_pairs(prints)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 4000, 16000], metavar="N", help="pictures")
    sizes = sorted(set(parser.parse_args().sizes))
    if sizes[0] < 2:
        parser.error(f"--sizes takes numbers from 2 on. Received: {sizes[0]}")
    prints = drawn_prints(sizes[-1])
    taken = [seconds(prints[:size]) for size in sizes]
    for size, time_taken in zip(sizes, taken, strict=True):
        print(f"{size:>7} pictures {time_taken:8.3f} s")
    print(f"{len(near_pairs(prints))} pairs among {sizes[-1]:,} different drawings, each of them false")
    if len(sizes) > 1:
        print(f"exponent {np.polyfit(np.log(sizes), np.log(taken), 1)[0]:.2f}")

"""How `train --learning transfer` grows with the number of pictures: seconds and peak memory, and the exponents.

    python benchmarks/grow.py [--sizes 1000 4000 16000 64000]

The pictures are drawings by the program, of 128 pixels, drawn before the clock starts. Each size is one command in a
process of its own, with an empty store. The exponent is the slope of log(seconds) over log(pictures); that of the time
beyond the smallest size's leaves out what every command costs, however few its pictures. With all four sizes it takes
a quarter of an hour and 12 GB of disk, most of it for drawing.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from data.drawn import folder as drawn_folder

ROOT = Path(__file__).parent.parent


def measure(images: Path, work: Path) -> tuple[float, float]:
    """Return seconds and peak memory in GB of one training, from the shell's start to its end."""
    command = [sys.executable, "main.py", "train", "-m", "efficientnet_lite", "--learning", "transfer"]
    command += ["--data", str(images), "--runs", str(work / "runs")]
    environment = os.environ | {"STUDY_CACHE": str(work / "cache")}
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed")
    return time.perf_counter() - started, usage.ru_maxrss * 1024 / 1e9


def exponent(sizes: list[int], values: list[float]) -> float:
    """Return the slope of a straight line through the logarithms."""
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = [1000, 4000, 16000, 64000]
    parser.add_argument("--sizes", nargs="+", type=int, default=sizes, metavar="N", help="numbers of pictures")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the drawings here for another time")
    asked = parser.parse_args()
    results = []
    for size in sorted(asked.sizes):
        with tempfile.TemporaryDirectory() as work:
            place = (asked.keep or Path(work)) / f"drawings-{size}"
            images = place / "images" if place.is_dir() else drawn_folder.write(place, count=size)
            results.append(measure(images, Path(work)))
        print(f"{size:>7,} pictures {results[-1][0]:8.1f} s {results[-1][1]:6.2f} GB", flush=True)
    if len(results) > 1:
        seconds = [taken for taken, _ in results]
        print(f"exponent of the seconds {exponent(sorted(asked.sizes), seconds):.2f}")
    if len(results) > 2:
        beyond = [taken - seconds[0] for taken in seconds[1:]]
        print(f"exponent of the seconds beyond the smallest {exponent(sorted(asked.sizes)[1:], beyond):.2f}")

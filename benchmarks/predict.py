"""How near `predict` comes to what the processor allows for its two works: decoding files, and running the network.

    python benchmarks/predict.py --data DIR --run RUN [--images 2000]

Images/s of decoding alone (threads, as in `predict`), of the network alone on images in memory, and of `predict` as a
whole, from files to a CSV; in turns, three times each in this one call; the medians count. The start of Python, half a
second, is in none of the three. The two works share the cores, so the seconds that all cores spend on each, alone,
add up: cores / (their sum an image) is the most that both together can do.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
REPEATS = 3


def measure(work: Callable[[], None], images: int) -> tuple[float, float]:
    """Return images/s, and the seconds an image that all cores together spend on it."""
    started, spent = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    return images / (time.perf_counter() - started), (time.process_time() - spent) / images


def main(data: Path, run_folder: Path, images: int) -> None:
    """Print the three rates, and the share that `predict` reaches of the slower one and of what the cores allow."""
    from data import folder
    from data.cores import cores
    from study.predict.classify import predict_paths
    from study.predict.stream import CHUNK, decode_chunks
    from study.predict.written import Wanted
    from study.runs import folder as runs_folder
    from study.saved.cut import Cutter
    from study.saved.runner import load_runner

    run = runs_folder.read_run(run_folder)
    files = folder.list_images([data])[0]
    files = [files[at] for at in np.linspace(0, len(files) - 1, min(images, len(files))).astype(int)]
    how = run.info["image_size"], run.info["resize"], run.info.get("pixel_range"), Cutter(run)
    chunks = [files[first : first + CHUNK] for first in range(0, len(files), CHUNK)]
    images_in_memory = [outcome[1] for _, outcomes, _ in decode_chunks(chunks, *how) for outcome in outcomes]
    images_in_memory, respond = np.stack(images_in_memory), load_runner(run)
    respond(images_in_memory[:64])  # allocates memory

    with tempfile.TemporaryDirectory() as out:
        works = {
            "decoding alone": lambda: [None for _ in decode_chunks(chunks, *how)],
            "network alone": lambda: [
                respond(images_in_memory[at : at + 64]) for at in range(0, len(images_in_memory), 64)
            ],
            "predict": lambda: predict_paths(run, list(map(str, files)), Wanted(Path(out) / "answers.csv")),
        }
        measured = [{name: measure(work, len(files)) for name, work in works.items()} for _ in range(REPEATS)]
    rates, spent = ({name: statistics.median(one[name][at] for one in measured) for name in works} for at in (0, 1))
    print(f"{len(files):,} images, {run.info['model']}, {how[0]} pixels, {cores()} cores")
    for name, value in rates.items():
        print(f"{name:<16}{value:8.1f} images/s, {1000 * spent[name]:6.2f} core-milliseconds an image")
    halves = ("decoding alone", "network alone")
    print(f"share of the slower one: {rates['predict'] / min(rates[half] for half in halves):.2f}")
    most = cores() / sum(spent[half] for half in halves)
    print(f"share of what the cores allow, {most:.1f} images/s: {rates['predict'] / most:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--run", required=True, type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--images", type=int, default=2000, metavar="N", help="images (default 2000)")
    asked = parser.parse_args()
    main(asked.data, asked.run, asked.images)

"""How near `predict` comes to the slower of its two works: decoding files, and running the network.

    python benchmarks/predict.py --data DIR --run RUN [--images 2000]

Images/s of decoding alone (threads, as in `predict`), of the network alone on pictures in memory, and of `predict` as a
whole, from files to a CSV; in turns, three times each in this one call; the medians count. The start of Python, half a
second, is in none of the three.
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


def rate(work: Callable[[], None], images: int) -> float:
    """Return images/s."""
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        work()
    return images / (time.perf_counter() - started)


def main(data: Path, run_folder: Path, images: int) -> None:
    """Print the three rates and the share that `predict` reaches of the slower one."""
    from data import folder
    from study.predict.classify import predict_paths
    from study.predict.stream import decode_chunks, load_runner
    from study.predict.written import Wanted
    from study.runs import folder as runs_folder

    run = runs_folder.read_run(run_folder)
    files = folder.list_images([data])[0]
    files = [files[at] for at in np.linspace(0, len(files) - 1, min(images, len(files))).astype(int)]
    how = run.info["image_size"], run.info["resize"], run.info.get("pixel_range")
    pictures = [outcome[1] for _, outcomes in decode_chunks(files, *how) for outcome in outcomes]
    pictures, respond = np.stack(pictures), load_runner(run)
    respond(pictures[:64])  # allocates memory

    with tempfile.TemporaryDirectory() as out:
        works = {
            "decoding alone": lambda: [None for _ in decode_chunks(files, *how)],
            "network alone": lambda: [respond(pictures[at : at + 64]) for at in range(0, len(pictures), 64)],
            "predict": lambda: predict_paths(run, list(map(str, files)), Wanted(Path(out) / "answers.csv")),
        }
        rates = [{name: rate(work, len(files)) for name, work in works.items()} for _ in range(REPEATS)]
    medians = {name: statistics.median(values_text[name] for values_text in rates) for name in works}
    print(f"{len(files):,} pictures, {run.info['model']}, {how[0]} pixels")
    for name, value in medians.items():
        print(f"{name:<16}{value:8.1f} images/s")
    slower = min(medians["decoding alone"], medians["network alone"])
    print(f"share of the slower one: {medians['predict'] / slower:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder of photos")
    parser.add_argument("--run", required=True, type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--images", type=int, default=2000, metavar="N", help="pictures (default 2000)")
    asked = parser.parse_args()
    main(asked.data, asked.run, asked.images)

"""Images/s of features: the engine that `study.inference.engine` takes here against TensorFlow in float32.

    python benchmarks/embed.py [--images 128]

Both run in this one call, in turns, three times each; the medians count. The weights are random, which changes no
speed. It takes about a minute on two cores.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

SIZE, REPEATS = 224, 3
NAMES = ("efficientnet_lite", "resnet")


def rate(run: Callable[[np.ndarray], np.ndarray], pixels: np.ndarray) -> float:
    """Return images/s of one pass over the pictures, uint8 (n, size, size, 3)."""
    started = time.perf_counter()
    run(pixels)
    return len(pixels) / (time.perf_counter() - started)


def compare(name: str, pixels: np.ndarray) -> None:
    """Print what both engines do with one network."""
    from models.parts.weights import build_backbone
    from study.inference import engine
    from study.inference.frozen import FrozenBackbone

    frozen = FrozenBackbone(build_backbone(name, SIZE, "none"))
    started = time.perf_counter()
    choice = engine.choose_engine(frozen, pixels[:32])
    ours = frozen.runner(choice.engine, choice.precision)
    seconds = time.perf_counter() - started
    tensorflow = frozen.runner("tensorflow", "float32")
    for run in (ours, tensorflow):
        run(pixels[:64])  # builds graphs and allocates memory
    rates = [(rate(ours, pixels), rate(tensorflow, pixels)) for _ in range(REPEATS)]
    mine, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    print(f"{name}, {SIZE} pixels: {choice.reason} (chosen in {seconds:.1f} s)")
    print(
        f"    {choice.engine} {choice.precision} {mine:.1f} images/s, tensorflow float32 {theirs:.1f} images/s, ",
        end="",
    )
    print(f"ratio {mine / theirs:.2f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=128, metavar="N", help="pictures a pass (default 128)")
    parser.add_argument("--networks", nargs="+", default=NAMES, metavar="NAME", help="models (default: both)")
    asked = parser.parse_args()
    backend.start()
    drawn = np.random.default_rng(0).integers(0, 256, (asked.images, SIZE, SIZE, 3), dtype=np.uint8)
    for model in asked.networks:
        compare(model, drawn)

"""What 8-bit integers cost a head, and spare: EfficientNet-Lite0's training features in each precision.

    python benchmarks/int8.py --data PHOTOS [--model NAME] [--seeds 0 1 2]

For each seed another split, the same for all precisions, `train`'s own embedding of the training images in a precision,
and its own head, which is judged by features in float32, as ever. Prints mistakes on validation and test and the
cross-entropy, then the paired differences to float32 over the test images of all seeds, as `backbones.py` has them, and
core-milliseconds an image: CPU time of this process, of all its threads, while 512 decoded photos go through the
engine, the least of three rounds, in which the precisions take turns.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
from frozen_heads import Tested, compare, joined, judged, learned, settings_for

from study.runtime import backend

TIMED, ROUNDS = 512, 3


def main(data: str, model: str, seeds: Sequence[int]) -> None:
    """Print the table of each seed, the paired differences, and the cost."""
    from study.runtime import console, hardware

    console.console.quiet = True  # what a training says by the way
    precisions = ("float32", *(["bfloat16"] if hardware.has_bfloat16() else []), "int8")
    tested: dict[str, list[Tested]] = {precision: [] for precision in precisions}
    for seed in seeds:
        for precision in precisions:
            head = learned(model, settings_for(data, model, seed).with_values(precision=precision))
            answers = {split: head.answers(split) for split in ("val", "test")}
            tested[precision].append(judged(f"seed {seed}  {precision:<10}", head, answers))
    for precision in precisions[1:]:
        compare(precision, joined(tested[precision]), "float32", joined(tested["float32"]))
    cost(data, model, precisions)


def cost(data: str, model: str, precisions: Sequence[str]) -> None:
    """Print core-milliseconds an image of the embedding in each precision."""
    from models.parts.weights import build_backbone
    from study.inference.features import calibrate
    from study.inference.frozen import FrozenBackbone
    from study.settings.source import load_dataset, store_of

    settings = settings_for(data, model, 0)
    store = store_of(settings.data)
    examples = load_dataset(settings, store).examples()
    frozen = FrozenBackbone(build_backbone(model, settings.data.image_size, "imagenet"), store)
    started = time.perf_counter()
    calibrate(frozen, examples)
    frozen.runner("openvino", "int8")
    print(f"int8: ranges, rounding and compiling took {time.perf_counter() - started:.1f} s")
    pixels = examples.inputs[np.arange(min(TIMED, len(examples.labels)))]
    exact = frozen.runner("openvino", "float32")(pixels)
    took: dict[str, list[float]] = {precision: [] for precision in precisions}
    for _ in range(ROUNDS):
        for precision in precisions:
            run = frozen.runner("openvino", precision)
            run(pixels[:64])  # the first time allocates memory
            started = time.process_time()
            run(pixels)
            took[precision].append(1000 * (time.process_time() - started) / len(pixels))
    for precision, each in took.items():
        features = frozen.runner("openvino", precision)(pixels)
        lengths = np.linalg.norm(features, axis=1) * np.linalg.norm(exact, axis=1)
        cosines = (features * exact).sum(axis=1) / lengths
        print(f"{precision:<10} {min(each):.2f} core-milliseconds an image (to {max(each):.2f})", end="; ")
        print(f"cosine similarity to float32's {cosines.min():.4f} and more, {cosines.mean():.4f} in the mean")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="folder with one sub-folder of photos a class")
    parser.add_argument("--model", default="efficientnet_lite", metavar="NAME", help="default efficientnet_lite")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.model, asked.seeds)

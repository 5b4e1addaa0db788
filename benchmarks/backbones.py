"""What larger frozen backbones bring, and several side by side: heads on EfficientNet-Lite0, Lite1, Lite2 and joins.

    python benchmarks/backbones.py --data PHOTOS [--seeds 0 1 2] [--models NAME …]

Each model, and each part of those that are joined by +, sees its own image size. For each seed another split, the same
for all models, `train`'s own embedding, in float32 so that no two models differ
in precision, and its own head. Prints mistakes on validation and test and the cross-entropy, then over the test images
of all seeds, paired with the first model: the difference in cross-entropy with its 95 % interval (percentiles of a
bootstrap over images, near duplicates and repetitions drawn together), the mistakes that only one of the two makes, and
the p of McNemar's exact test (each image once, in the first seed that tests it).

Core-milliseconds an image are CPU time of this process, of all its threads, while 512 decoded photos go through the
engine that `train` takes, in each precision that this processor computes in: without decoding, the least of three
rounds, in which the models take turns. Other programs beside it stretch them less than the time on the clock, but some.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
from frozen_heads import Tested, compare, joined, judged, learned, settings_for

from study.runtime import backend

if TYPE_CHECKING:
    from study.settings.train import TrainSettings

LITES = ("efficientnet_lite", "efficientnet_lite1", "efficientnet_lite2")
MODELS = (*LITES, *("+".join(pair) for pair in combinations(LITES, 2)), "+".join(LITES))
TIMED, ROUNDS = 512, 3


def main(data: str, models: Sequence[str], seeds: Sequence[int]) -> None:
    """Print the table of each seed, the paired differences, and the cost."""
    from study.runtime import console

    console.console.quiet = True  # what a training says by the way
    tested: dict[str, list[Tested]] = {name: [] for name in models}
    for seed in seeds:
        for name in models:
            tested[name].append(of_seed(data, name, seed))
    first = joined(tested[models[0]])
    for name in models[1:]:
        compare(name, joined(tested[name]), models[0], first)
    cost(data, models)


def of_seed(data: str, name: str, seed: int) -> Tested:
    """Train a head on the split of a seed, print how good it is, and return what it says of the test images."""
    settings = settings_for(data, name, seed)
    head = learned(name, settings)
    answers = {split: head.answers(split) for split in ("val", "test")}
    return judged(f"seed {seed}  {name:<55} {size_text(settings)} px", head, answers)


def size_text(settings: TrainSettings) -> str:
    """`224`, or `260+224` of several."""
    from data.squares import sides_of
    from study.settings.resolve import size_of

    return "+".join(map(str, sides_of(size_of(settings))))


def cost(data: str, models: Sequence[str]) -> None:
    """Print core-milliseconds an image of each model's embedding, in each precision."""
    from models.parts.weights import build_backbone
    from study.inference.engine import resolve_engine
    from study.inference.frozen import FrozenBackbone
    from study.runtime import hardware
    from study.settings.source import load_dataset, store_of

    engine, _ = resolve_engine("auto")
    precisions = ("float32", "bfloat16") if engine == "openvino" and hardware.has_bfloat16() else ("float32",)
    runs, took = {}, {}
    for name in models:
        settings = settings_for(data, name, 0)
        store = store_of(settings.data)
        examples = load_dataset(settings, store).examples()
        frozen = FrozenBackbone(build_backbone(name, settings.data.image_size, "imagenet"), store)
        pixels = examples.inputs[np.arange(min(TIMED, len(examples.labels)))]
        for precision in precisions:
            runs[name, precision] = frozen.runner(engine, precision), pixels
            runs[name, precision][0](pixels[:64])  # allocates memory
    for _ in range(ROUNDS):
        for key, (run, pixels) in runs.items():
            started = time.process_time()
            run(pixels)
            took.setdefault(key, []).append(1000 * (time.process_time() - started) / len(pixels))
    for (name, precision), each in took.items():
        print(f"{name:<55} {engine} {precision:<9} {min(each):.2f} core-milliseconds an image (to {max(each):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="folder with one sub-folder of photos a class")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="NAME", help="the first is compared with")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.models, asked.seeds)

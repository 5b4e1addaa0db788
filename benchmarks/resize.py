"""What else than the middle square at 224 pixels brings a head on frozen features: other squares, sizes, several crops.

    python benchmarks/resize.py --data PHOTOS [--seeds 0 1 2] [--model efficientnet_lite]

For each seed another split, the same for all ways. Each way to make an image square (`train --resize`) and each size
gets features of its own, in float32, and a head of its own. Several views at prediction (`predict --tta`) are those of
the first way's head. Prints mistakes on validation and test and the cross-entropy on test, then each way beside the
first over the test images of all seeds, as `benchmarks/backbones.py` does, and the core-milliseconds of the backbone
for an image of the two splits, without decoding.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
sys.path.insert(0, str(Path(__file__).parent))
from frozen_heads import Learned, compare, joined, judged, learned, settings_for

from study.runtime import backend

WAYS = {
    "crop": {},
    "pad": {"resize": "pad"},
    "squash": {"resize": "squash"},
    **{f"{rule}, {size} px": {"resize": rule, "image_size": size} for size in (260, 300) for rule in ("crop", "pad")},
}
VIEWS = (2, 7, 12)  # the image and its mirror image; crops of the middle and the corners; both mirrored too


def main(data: str, model: str, seeds: Sequence[int], folder: str) -> None:
    """Print a line for each way and seed, then how the ways differ and what they cost; splits are kept in a folder."""
    from study.runtime import console

    console.console.quiet = True  # what a training says by the way
    from data.split import write_split

    tested, costs = {}, {}
    for seed in seeds:
        division = {}  # near duplicates are looked for in the squares, so that each way might divide otherwise
        for way, more in WAYS.items():
            head = learned(model, settings_for(data, model, seed, **more, **division))
            if not division:
                division = {"split_file": str(Path(folder) / f"{seed}.csv")}
                write_split(Path(division["split_file"]), head.dataset.entries)
            views = (1, *VIEWS) if way == next(iter(WAYS)) else (1,)
            for count in views:
                title = f"{way}, {count} views" if count > 1 else way
                answers = {split: viewed(head, split, count, costs.setdefault(title, [])) for split in ("val", "test")}
                tested.setdefault(title, []).append(judged(f"seed {seed}  {title:<20}", head, answers))
            head.frozen.release()
    first, *others = tested
    for title in others:
        compare(title, joined(tested[title]), first, joined(tested[first]))
    for title, times in costs.items():
        print(f"{title:<20} {1000 * min(times):6.2f} core-milliseconds an image (to {1000 * max(times):.2f})")


def viewed(head: Learned, split: str, count: int, costs: list[float]) -> np.ndarray:
    """Return the mean probabilities (n, classes) over views of the images of a split; add the core-seconds an image."""
    from study.inference.engine import resolve_engine
    from study.predict.views import average_views

    examples = head.dataset.examples()
    pixels = examples.inputs[examples.indices[split]]
    run = head.frozen.runner(resolve_engine("auto")[0], "float32")
    run(pixels[:64])  # allocates memory
    started = time.process_time()
    found = average_views(lambda seen: np.asarray(head.network(run(seen), training=False)), count)(pixels)
    costs.append((time.process_time() - started) / len(pixels))
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="folder with one sub-folder of photos a class")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--model", default="efficientnet_lite", metavar="NAME", help="default efficientnet_lite")
    asked = parser.parse_args()
    backend.start()
    with tempfile.TemporaryDirectory() as temporary:
        main(asked.data, asked.model, asked.seeds, temporary)

"""Whether it pays to find the animal first and classify what is cut out, where the animal is small in the image.

    python benchmarks/two_stage.py [--images 1500] [--seeds 0 1 2] [--side 256] [--animal 64] [--size 64] [--epochs 15]
                                   [--sizes 64 96 128]

Drawings, each animal in a square of --animal pixels somewhere in a scene of --side pixels. For each seed two stages
are trained: a U-Net that finds (`--task segment`, from masks) and `original` on what is cut out (`--crop-to mask`),
both at --size pixels. Then `original` alone, at each of --sizes, for as many epochs as take the same seconds of
training: a short training before measures what an epoch takes. 96 pixels a side are about as many as twice 64, which
is what the two stages see of an image. All are of one split; seeds change initial weights and order. The two stages
learn from masks, which the one stage has not.

Prints accuracy on the test split, seconds of training and pixels seen of each, and over the seeds the mean with its
95 % interval (t distribution), as of the difference to the two stages. Seconds are epochs times the median epoch; the
first, in which networks are compiled, is passed over, and so is finding the animals of all images once.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from PIL import Image

from data.drawn import draw as drawing
from data.drawn.animals import ANIMALS
from data.drawn.folder import class_counts

ROOT = Path(__file__).resolve().parent.parent
TWO = "two stages"


def main(asked: argparse.Namespace) -> None:
    """Print what was measured."""
    found: dict[str, list[float]] = {}
    with TemporaryDirectory() as folder:
        place = Path(folder)
        write_scenes(place, asked.images, asked.side, asked.animal)
        print(f"{asked.images:,} drawings, animals in {asked.animal} of {asked.side} pixels", flush=True)
        for seed in asked.seeds:
            same = ["--data", place / "images", "--split-seed", 0, "--seed", seed, "--runs", place / "runs"]
            finder = train(*same, "--task", "segment", "--masks", place / "masks", "--resize", "pad",
                           "--image-size", asked.size, "--epochs", asked.epochs)  # fmt: skip
            second = train(*same, "-m", "original", "--crop-to", "mask", "--finder", finder["run"],
                           "--image-size", asked.size, "--epochs", asked.epochs)  # fmt: skip
            seconds = finder["seconds"] + second["seconds"]
            whole = second["crop"]["whole"]
            note(found, TWO, seed, second, seconds, finder["pixels"] + second["pixels"], f", {whole} taken whole")
            for size in asked.sizes:
                one_stage = [*same, "-m", "original", "--image-size", size]
                probe = train(*one_stage, "--epochs", 4)
                epochs = max(1, round(seconds / probe["epoch"]))
                one = train(*one_stage, "--epochs", epochs)
                note(found, f"one stage at {size}", seed, one, one["seconds"], one["pixels"], f", {epochs} epochs")
    for name, values in found.items():
        apart = [a - b for a, b in zip(found[TWO], values, strict=True)]
        more = "" if name == TWO else f"; two stages better by {interval(apart)} points"
        print(f"{name:<18} {interval(values)} % over {len(values)} seeds{more}")


def train(*words: object) -> dict[str, object]:
    """Train, and return the run folder, its test accuracy, seconds of training, of an epoch, and pixels seen.

    No training ends early, so that what one costs is what was asked for.
    """
    command = [sys.executable, "main.py", "train", "--json", *map(str, words), "--patience", "0"]
    ran = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    run = Path(json.loads(ran.stdout)["run"])
    info, metrics = (json.loads((run / name).read_text(encoding="utf-8")) for name in ("run.json", "metrics.json"))
    stage, epochs = info["stages"][-1], info["stages"][-1]["epochs_run"]
    with (run / "history.csv").open(encoding="utf-8", newline="") as file:
        epoch = statistics.median(float(row["seconds"]) for row in list(csv.DictReader(file))[1:])
    return {
        "run": run,
        "accuracy": metrics["test"].get("accuracy"),
        "n": metrics["test"].get("n"),
        "seconds": epochs * epoch,
        "epoch": epoch,
        "pixels": stage["images"] * epochs * info["image_size"] ** 2,
        "crop": info.get("crop"),
    }


def note(
    found: dict[str, list[float]], name: str, seed: int, run: dict[str, object], seconds: float, pixels: int, more: str
) -> None:
    """Keep an accuracy, and print it with what it cost."""
    found.setdefault(name, []).append(100 * run["accuracy"])
    right = f"{100 * run['accuracy']:.1f} % of {run['n']}"
    print(f"seed {seed}  {name:<18} {right}, {seconds:.0f} s, {pixels / 1e6:,.0f} million pixels{more}", flush=True)


def interval(values: Sequence[float]) -> str:
    """`91.2 (88.0 to 94.4)`: mean and 95 % interval; a single value has none."""
    from scipy import stats

    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.1f}"
    half = stats.t.ppf(0.975, len(values) - 1) * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return f"{mean:.1f} ({mean - half:.1f} to {mean + half:.1f})"


def write_scenes(folder: Path, count: int, side: int, animal: int) -> None:
    """Write images/<class>/*.png and masks/<class>/*.png of small animals, each somewhere in a large scene."""
    for label, share in class_counts(count).items():
        for kind in ("images", "masks"):
            (folder / kind / label).mkdir(parents=True)
        for number in range(share):
            image, mask = scene(label, number, side, animal)
            image.save(folder / "images" / label / f"{number:05d}.png")
            mask.save(folder / "masks" / label / f"{number:05d}.png")


def scene(label: str, number: int, side: int, animal: int) -> tuple[Image.Image, Image.Image]:
    """Draw an animal as `data.drawn` does, into a square of `animal` pixels within a scene of `side` pixels."""
    rng = np.random.default_rng([list(ANIMALS).index(label), number, side, animal])
    canvas, small = side * drawing.FINE, animal * drawing.FINE
    facing, coat = drawing.FACINGS[rng.integers(2)], drawing.COATS[rng.integers(4)]
    parts = drawing.fitted(ANIMALS[label](rng), facing, small, rng)
    image, mask = drawing.background(canvas, rng), Image.new("L", (canvas, canvas))
    left, top = (int(edge) for edge in rng.integers(0, canvas - small + 1, 2))
    place = (left, top, left + small, top + small)
    cut, cut_mask = image.crop(place), mask.crop(place)
    drawing.paint(cut, cut_mask, parts, coat, rng)
    image.paste(cut, place)
    mask.paste(cut_mask, place)
    mask = mask.reduce(drawing.FINE).point([0] * 128 + [255] * 128)
    return drawing.photographed(image.reduce(drawing.FINE), rng), mask


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=1500)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--animal", type=int, default=64)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 96, 128])
    main(parser.parse_args())

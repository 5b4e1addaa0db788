"""Does fine-tuning gain on transfer with few photos? Validation accuracy of both, several seeds, same pictures.

    python benchmarks/finetune.py --data DIR [--images 300] [--seeds 3]

For each seed, `--images` photos a class are drawn (as links, nothing is copied) and split 8:1:1; both learning types
train on the same split.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
KINDS = ("transfer", "finetune")


def sample(data: Path, images: int, seed: int, folder: Path) -> None:
    """Link `images` photos of every class into `folder`."""
    for source in sorted(path for path in data.iterdir() if path.is_dir()):
        (folder / source.name).mkdir(parents=True)
        files = sorted(path for path in source.iterdir() if path.is_file())
        for path in random.Random(seed).sample(files, images):
            (folder / source.name / path.name).symlink_to(path.resolve())


def accuracy(folder: Path, kind: str, seed: int, runs: Path) -> tuple[float, float]:
    """Train once; return validation accuracy and validation cross-entropy."""
    command = [sys.executable, "main.py", "train", "-m", "efficientnet_lite", "--learning", kind, "--seed", str(seed)]
    command += ["--data", str(folder), "--runs", str(runs / f"{kind}-{seed}")]
    subprocess.run(command, cwd=ROOT, check=True)
    (metrics,) = (runs / f"{kind}-{seed}").glob("*/metrics.json")
    found = json.loads(metrics.read_text(encoding="utf-8"))["val"]
    return found["accuracy"], found["loss"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder with one sub-folder a class")
    parser.add_argument("--images", type=int, default=300, metavar="N", help="photos a class (default 300)")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="samples and seeds (default 3)")
    asked = parser.parse_args()
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for seed in range(asked.seeds):
        with tempfile.TemporaryDirectory() as temporary:
            folder, runs = Path(temporary, "photos"), Path(temporary, "runs")
            sample(asked.data, asked.images, seed, folder)
            for kind in KINDS:
                found[kind].append(accuracy(folder, kind, seed, runs))
    for kind, results in found.items():
        accuracies, losses = zip(*results, strict=True)
        each = ", ".join(f"{100 * value:.1f}" for value in accuracies)
        print(
            f"{kind:<9} validation accuracy {100 * statistics.mean(accuracies):.2f} % (seeds: {each}), "
            f"cross-entropy {statistics.mean(losses):.4f}"
        )

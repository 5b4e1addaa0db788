"""How far does `original` come on photos from random weights, and what does each part of its recipe bring?

    python benchmarks/from_scratch_photos.py --data DIR [--seeds 0 1 2] [--share 1] [--without PART] [--minutes 30]

For each seed `main.py train -m original` runs in a process of its own; each seed is another split and other weights.
Only validation is printed: the test part is not for choosing. `--share 0.2` trains a fifth of the epochs, so that all
parts can be switched off in turn within an evening. Beside the seconds of the clock stand those of one processor core
that the training used, start and end included: on a shared machine only these can be compared.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from models import original  # noqa: E402
from study.runtime.format import format_value  # noqa: E402
from study.settings.declare import flag  # noqa: E402

RECIPE = original.SPEC.defaults_from_scratch
IN_AUGMENT = {"crop": ("crop",), "colour": ("saturation", "contrast", "brightness"), "cutmix": ("cutmix",)}
FLAGS = {
    "label-smoothing": ("label_smoothing", "0"),
    "progressive": ("progressive", "none"),
    "residual": ("width", "0"),
    "first-layer": ("first_layer", "random"),
}
PARTS = (*IN_AUGMENT, *FLAGS)


def flags(without: Sequence[str], share: float) -> list[str]:
    """Return the flags that switch parts of the recipe off and shorten it."""
    unwanted = {name for split in without if split in IN_AUGMENT for name in IN_AUGMENT[split]}
    augment = {name: strength for name, strength in RECIPE["augment"].items() if name not in unwanted}
    chosen = ["--epochs", str(max(1, round(share * RECIPE["epochs"])))]
    if unwanted:
        chosen += ["--augment", format_value(augment, as_flag=True)]
    for split in without:
        if split in FLAGS:
            name, value = FLAGS[split]
            chosen += [flag(name), value]
    return chosen


def train(data: Path, seed: int, extra: Sequence[str]) -> dict[str, float]:
    """Train once; return seconds of training and of a core, epochs, validation accuracy in per cent and its loss."""
    used = os.times()
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "main.py", "train", "-m", "original", "--data", str(data.resolve())]
        ran = subprocess.run(
            [*command, "--seed", str(seed), "--runs", runs, *extra],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,  # it tells the test part too
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        if ran.returncode:
            sys.exit(ran.stderr.strip())
        (run,) = Path(runs).iterdir()
        info, metrics = (json.loads((run / name).read_text(encoding="utf-8")) for name in ("run.json", "metrics.json"))
    ended = os.times()
    return {
        "seconds": info["seconds"]["train"],
        "core_seconds": sum(ended[2:4]) - sum(used[2:4]),  # user and system, of the process that trained
        "epochs": sum(stage["epochs_run"] for stage in info["stages"]),
        "accuracy": 100 * metrics["val"]["accuracy"],
        "loss": metrics["val"]["loss"],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="folder with one sub-folder a class")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], metavar="N", help="default 0 1 2")
    parser.add_argument(
        "--minutes", type=float, default=30, metavar="X", help="longer trainings are marked (default 30)"
    )
    parser.add_argument("--share", type=float, default=1.0, metavar="X", help="share of the epochs (default 1)")
    parser.add_argument("--without", nargs="+", default=[], choices=PARTS, metavar="PART", help=", ".join(PARTS))
    asked = parser.parse_args()
    extra = flags(asked.without, asked.share)
    print("without", ", ".join(asked.without) or "nothing", "-", " ".join(extra), flush=True)
    found = []
    for seed in asked.seeds:
        result = train(asked.data, seed, extra)
        found.append(result["accuracy"])
        late = f"  over {asked.minutes:g} minutes" if result["seconds"] > 60 * asked.minutes else ""
        print(
            f"seed {seed}: {result['seconds']:.0f} s, {result['core_seconds']:.0f} core-seconds, "
            f"{result['epochs']} epochs, validation accuracy {result['accuracy']:.1f} %, "
            f"cross-entropy {result['loss']:.3f}{late}",
            flush=True,
        )
    spread = f" +- {statistics.stdev(found):.1f}" if len(found) > 1 else ""
    print(f"validation accuracy {statistics.mean(found):.1f}{spread} %")

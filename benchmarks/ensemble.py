"""Ensembles of heads on one backbone: what they take, and what they bring beside a single head, over several splits.

    python benchmarks/ensemble.py --data DIR [--members 10] [--rounds 2] [--seeds 0 1 2 3 4] [--methods bagging …]

The store is warmed first. Then, each `--rounds` times in turn on the same features and bootstrap samples: all bagged
heads in threads, as `ensemble` trains them, and one after the other, as `train` trains one. Then the whole command
`ensemble`, from the shell to the report. Last, for each seed another split: test accuracy and cross-entropy of a single
head as `train` makes it and of each method; printed are means with 95 % intervals over the splits, and the paired
difference to the single head, which is the figure to look at.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

ROOT = Path(__file__).resolve().parent.parent
MODEL = "efficientnet_lite"
METHODS = ("seeds", "folds", "bagging", "boosting", "stacking")


def main(data: str, members: int, rounds: int, seeds: Sequence[int], methods: Sequence[str]) -> None:
    """Print what was measured."""
    from study.runtime import console

    console.console.quiet = True  # what commands say by the way
    material = material_of(data, members, 0)
    for _ in range(rounds):
        in_threads(material)
        one_by_one(material)
    if rounds:
        whole_command(data, members)
    if seeds:
        compare(data, members, seeds, methods)


def material_of(data: str, members: int, seed: int) -> object:
    """Return what the members learn from on the split of a seed."""
    from study.ensemble.material import Material
    from study.ensemble.settle import settled
    from study.settings.source import store_of
    from study.train.embed import features_of
    from study.train.prepare import prepare

    settings = settled("bagging", {"data": data, "model": MODEL, "seed": seed})
    store = store_of(settings.data)
    ready = prepare(settings, store, None, {})
    features, _, _ = features_of(ready, store)
    return Material.of(ready.dataset, features, ready.stages[0], ready.settings, members)


def in_threads(material: object) -> None:
    """Train all bagged heads as `ensemble` does."""
    from study.ensemble.heads import of_bootstrap_samples

    started = clocks()
    ensemble = of_bootstrap_samples(material)
    truth = material.data.labels[material.indices["val"]]
    note("in threads", started, ensemble.first(material.members), truth)


def one_by_one(material: object) -> None:
    """Train as many heads on the same samples one after the other, as `train` trains one."""
    from study.ensemble.heads import bootstrap_sample

    started, random, shares = clocks(), np.random.default_rng(material.seed), []
    for _ in range(material.members):
        sample = material.rows_of(bootstrap_sample(material.images, random))
        shares.append(trained_alone(material, sample, "val"))
    note("one by one", started, np.mean(shares, axis=0), material.data.labels[material.indices["val"]])


def trained_alone(material: object, rows: np.ndarray, split: str) -> np.ndarray:
    """Return the probabilities for a split of a head that `train` makes of these rows."""
    import keras

    from data.batches import Examples
    from study.fit.head_training import make_head
    from study.fit.loop import run_stage

    keras.utils.set_random_seed(material.seed)
    head = make_head(material.data, material.settings)
    indices = {"train": rows, "val": material.indices["val"]}
    run_stage(head, material.stage, Examples(material.data.features, material.data.labels, indices), material.settings)
    return np.asarray(head(material.by_split[split], training=False))


def whole_command(data: str, members: int) -> None:
    """Time `ensemble` from the shell to the report."""
    with TemporaryDirectory() as runs:
        words = ["ensemble", "--data", data, "-m", MODEL, "--members", str(members), "--runs", runs]
        started = time.perf_counter()
        subprocess.run([sys.executable, "main.py", *words], cwd=ROOT, check=True, capture_output=True)
        print(f"the whole command  {time.perf_counter() - started:.1f} s", flush=True)


def compare(data: str, members: int, seeds: Sequence[int], methods: Sequence[str]) -> None:
    """Print accuracy and cross-entropy on test of a single head and of each method, over the splits of all seeds."""
    from study.ensemble.run import METHODS as ROADS

    reached: dict[str, list[tuple[float, float]]] = {name: [] for name in ("single head", *methods)}
    for seed in seeds:
        material = material_of(data, members, seed)
        truth = material.data.labels[material.indices["test"]]
        everything = material.rows_of(np.arange(len(material.images.labels)))
        reached["single head"].append(figures(trained_alone(material, everything, "test"), truth))
        for method in methods:
            head = ROADS[method](material).head
            reached[method].append(figures(np.asarray(head(material.by_split["test"], training=False)), truth))
        said = ", ".join(f"{name} {100 * each[-1][0]:.2f} %" for name, each in reached.items())
        print(f"seed {seed}: {said}", flush=True)
    single = np.array(reached["single head"])
    for name, each in reached.items():
        accuracy, loss = np.array(each).T
        gain = "" if name == "single head" else f"; gain {interval(100 * (accuracy - single[:, 0]))} points"
        print(f"{name:<12} accuracy {interval(100 * accuracy)} %, cross-entropy {interval(loss, 4)}{gain}")


def figures(shares: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Return accuracy and cross-entropy, before any temperature."""
    from study.tasks import crossentropy

    return float((shares.argmax(axis=1) == truth).mean()), crossentropy.mean(shares[np.arange(len(truth)), truth])


def interval(values: np.ndarray, digits: int = 2) -> str:
    """`98.61 (98.40 to 98.82)`: mean and 95 % interval of the mean by Student's t; of one value that alone."""
    from scipy.stats import t

    mean = values.mean()
    if len(values) < 2:
        return f"{mean:.{digits}f}"
    half = t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return f"{mean:.{digits}f} ({mean - half:.{digits}f} to {mean + half:.{digits}f})"


def clocks() -> tuple[float, float]:
    """Return the wall clock and the processor time of this process."""
    return time.perf_counter(), time.process_time()


def note(side: str, started: tuple[float, float], shares: np.ndarray, truth: np.ndarray) -> None:
    """Print seconds, and accuracy and cross-entropy of the mean on validation."""
    wall, processor = (now - before for now, before in zip(clocks(), started, strict=True))
    accuracy, loss = figures(shares, truth)
    print(
        f"{side:<11} {wall:6.1f} s ({processor:.1f} s of processor)  validation {100 * accuracy:.2f} %, "
        f"cross-entropy {loss:.4f}",
        flush=True,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--members", type=int, default=10, metavar="N", help="default 10")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="of timing; 0: none; default 2")
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2, 3, 4], metavar="N", help="splits")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, help="default: all")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.members, asked.rounds, asked.seeds, asked.methods)

"""Cross-validation of our heads against scikit-learn's `cross_val_score` of logistic regression, on the same folds.

    python benchmarks/crossval.py --data DIR [--folds 5] [--repeats 3] [--sizes 300 1000 3000]

The store is warmed first. Then, each `--rounds` times in turn, on the same features and folds of the same images: all
our heads, and logistic regression with its own settings, then on one thread. Last the whole command `crossval`, from
the shell to the page. Prints wall-clock and processor seconds, accuracy and cross-entropy. With --sizes instead: where
the head's own training, which validation ends, ends on that many of the images.
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


def main(data: str, folds: int, repeats: int, rounds: int, sizes: Sequence[int]) -> None:
    """Print what was measured."""
    from study.experiments.crossval import divide, settled
    from study.experiments.crossval_heads import features_of
    from study.settings.commands import CrossvalSettings
    from study.settings.source import store_of

    settings = settled({"data": data, "model": MODEL, "learning": "transfer"})
    store = store_of(settings.data)
    divided = divide(CrossvalSettings(folds=folds, repeats=repeats), settings, store, lambda: None)
    features, labels = features_of(divided.dataset, settings, store)
    if sizes:
        print_ends(features, labels, divided.dataset.class_names, settings, sizes)
        return
    for _ in range(rounds):
        with_heads(features, labels, divided, settings)
        with_scikit_learn(features, labels, divided.folds, None)
        with_scikit_learn(features, labels, divided.folds, 1)
    with TemporaryDirectory() as runs:
        words = ["crossval", "--data", data, "-m", MODEL, "--folds", folds, "--repeats", repeats, "--runs", runs]
        started = time.perf_counter()
        subprocess.run([sys.executable, "main.py", *map(str, words)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        print(f"the whole command  {time.perf_counter() - started:.1f} s")


def with_heads(features: np.ndarray, labels: np.ndarray, divided: object, settings: object) -> None:
    """Train our heads and print what came out."""
    from study.fit.cross_validation import stage_of
    from study.fit.fold_heads import train_heads
    from study.fit.head_training import HeadData, HeadFold

    started = clocks()
    heads = [HeadFold(fold.train, fold.held_out, fold.repeat - 1) for fold in divided.folds]
    stage = stage_of(settings, max(len(fold.train) for fold in heads))
    outcomes = train_heads(heads, HeadData(features, labels, divided.dataset.class_names), stage, settings)
    note("ours", started, [outcome.probabilities for outcome in outcomes], labels, divided.folds)


def with_scikit_learn(features: np.ndarray, labels: np.ndarray, folds: Sequence[object], threads: int | None) -> None:
    """Cross-validate logistic regression and print what came out; `threads` of its linear algebra, None for its own."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score
    from threadpoolctl import threadpool_limits

    pairs, found, started = [(fold.train, fold.held_out) for fold in folds], [], clocks()

    def score(fitted: LogisticRegression, inputs: np.ndarray, true: np.ndarray) -> float:
        found.append(fitted.predict_proba(inputs))
        return float((found[-1].argmax(axis=1) == true).mean())

    with threadpool_limits(threads):
        cross_val_score(LogisticRegression(max_iter=1000), features, labels, cv=pairs, scoring=score)
    note("scikit-learn" if threads is None else "… one thread", started, found, labels, folds)


def clocks() -> tuple[float, float]:
    """Return the wall clock and the processor time of this process."""
    return time.perf_counter(), time.process_time()


def note(
    side: str, started: tuple[float, float], found: Sequence[np.ndarray], labels: np.ndarray, folds: Sequence[object]
) -> None:
    """Print seconds, mean accuracy over the folds and mean cross-entropy of all predictions."""
    from study.tasks import crossentropy

    wall, processor = (now - before for now, before in zip(clocks(), started, strict=True))
    pairs = [(shares, labels[fold.held_out]) for shares, fold in zip(found, folds, strict=True)]
    accuracy = np.mean([(shares.argmax(axis=1) == true).mean() for shares, true in pairs])
    loss = crossentropy.mean(np.concatenate([shares[np.arange(len(true)), true] for shares, true in pairs]))
    print(
        f"{side:<13} {wall:6.1f} s ({processor:.1f} s of processor)  {len(folds)} folds  accuracy "
        f"{100 * accuracy:.2f} %  cross-entropy {loss:.4f}",
        flush=True,
    )


def print_ends(
    features: np.ndarray, labels: np.ndarray, names: Sequence[str], settings: object, sizes: Sequence[int]
) -> None:
    """Print which epoch validation chooses in a head's own training, 8:1:1, on some of the images, five times each."""
    import keras

    from data.batches import Examples, iterations
    from study.fit.head_training import HeadData, make_head
    from study.fit.loop import run_stage
    from study.runtime import console
    from study.settings.stages import stages_of

    (stage,) = stages_of(settings.optimization, "transfer")
    for size in sizes:
        kept, per_epoch = [], iterations(size - 2 * (size // 10), stage.batch_size)
        for seed in range(5):
            keras.utils.set_random_seed(seed)
            some, tenth = np.random.default_rng(seed).permutation(len(labels))[:size], size // 10
            examples = Examples(features, labels, {"train": some[2 * tenth :], "val": some[:tenth]})
            head = make_head(HeadData(features, labels, names), settings)
            console.console.quiet = True  # the line of every epoch
            kept.append(run_stage(head, stage, examples, settings).kept_epoch)
        print(
            f"{size:,} images: kept epochs {sorted(kept)}, iterations {[epoch * per_epoch for epoch in sorted(kept)]}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="default 5")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="default 3")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="default 2")
    parser.add_argument("--sizes", nargs="+", type=int, default=[], metavar="N", help="images to train a head on")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.folds, asked.repeats, asked.rounds, asked.sizes)

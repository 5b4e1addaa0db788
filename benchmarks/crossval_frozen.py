"""Cross-validation against training a frozen network in every fold, as programs do that keep no features.

    python benchmarks/crossval_frozen.py --data DIR [--folds 5] [--repeats 3] [--rounds 2]

The other side is plain Keras: the same backbone with the same weights, frozen, in the graph of every fold, our head on
it, `fit` for as many epochs as our heads learn, on pixels that are decoded already and lie in memory. Every epoch then
runs the backbone on every image again. To stay affordable ONE EPOCH OF THE FIRST FOLD is timed, in each round after one
that builds the graph, and multiplied by epochs, folds and repeats; predictions of the images held out are left out. Our
side is timed whole: the command `crossval` from the shell to the page with the features in the store, and what it takes
more where the features have to be computed. Prints seconds, and how many times as long the other side takes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

ROOT = Path(__file__).resolve().parent.parent
MODEL = "efficientnet_lite"


def main(data: str, folds: int, repeats: int, rounds: int) -> None:
    """Print what was measured."""
    from study.experiments.crossval import divide, settled
    from study.experiments.crossval_heads import features_of
    from study.fit.cross_validation import stage_of
    from study.settings.commands import CrossvalSettings
    from study.settings.source import store_of

    settings = settled({"data": data, "model": MODEL, "learning": "transfer"})
    store = store_of(settings.data)
    divided = divide(CrossvalSettings(folds=folds, repeats=repeats), settings, store, lambda: None)
    features_of(divided.dataset, settings, store)  # the store is warm from here on
    rows = divided.folds[0].train
    stage = stage_of(settings, max(len(fold.train) for fold in divided.folds))
    other, whole = [], []
    with TemporaryDirectory() as runs:
        words = ["crossval", "--data", data, "-m", MODEL, "--folds", folds, "--repeats", repeats, "--runs", runs]
        for _ in range(rounds):
            other.append(an_epoch(divided.dataset, rows, settings, stage))
            run = [sys.executable, "main.py", *map(str, words)]
            whole.append(seconds(lambda run=run: subprocess.run(run, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)))
    embedding = seconds(lambda: embed_anew(divided.dataset, settings))
    trainings = len(divided.folds)
    in_all = min(other) * stage.epochs * trainings
    print(f"{len(divided.dataset.entries):,} images, {trainings} trainings of {stage.epochs} epochs")
    print(f"frozen network in every fold: {min(other):.1f} s an epoch of {len(rows):,} images, measured once a round;")
    print(f"  multiplied by {stage.epochs} epochs and {trainings} trainings: {in_all:,.0f} s")
    print(f"crossval, features in the store: {min(whole):.1f} s, whole: {in_all / min(whole):,.0f} times as fast")
    again = min(whole) + embedding
    print(f"crossval, features computed ({embedding:.1f} s more): {again:.1f} s: {in_all / again:,.0f} times as fast")


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def an_epoch(dataset: object, rows: np.ndarray, settings: object, stage: object) -> float:
    """Return the seconds of one epoch of plain Keras on some images, with the frozen backbone in the graph."""
    import keras

    from models.parts.head import freeze
    from models.parts.weights import build_backbone
    from study.fit.network import with_head
    from study.settings.resolve import options_of

    keras.utils.set_random_seed(0)
    options = options_of(settings.network, settings.regularization)
    backbone = build_backbone(settings.run.model, settings.data.image_size, "imagenet", options)
    network = with_head(backbone, settings.network, settings.regularization, len(dataset.class_names), "classify")
    freeze(backbone)
    network.compile(keras.optimizers.Adam(stage.learning_rate), "sparse_categorical_crossentropy")
    examples = dataset.examples()
    batches = in_memory(examples.inputs[rows], examples.labels[rows], stage.batch_size)
    network.fit(batches.take(1), verbose=0)  # builds the graph
    return seconds(lambda: network.fit(batches, verbose=0))


def in_memory(pixels: np.ndarray, labels: np.ndarray, batch_size: int) -> object:
    """Return shuffled batches of pixels that are decoded already."""
    import tensorflow as tf

    batches = tf.data.Dataset.range(len(labels)).shuffle(len(labels), seed=0).batch(batch_size)

    def gather(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        taken = tf.numpy_function(lambda chosen: (pixels[chosen], labels[chosen]), [rows], [tf.uint8, tf.int32])
        return tf.ensure_shape(taken[0], [None, *pixels.shape[1:]]), tf.ensure_shape(taken[1], [None])

    return batches.map(gather).map(lambda images, classes: (tf.cast(images, tf.float32), classes)).prefetch(2)


def embed_anew(dataset: object, settings: object) -> None:
    """Let every image through the frozen backbone once, without a store."""
    from data.store.store import Store
    from study.experiments.crossval_heads import features_of

    features_of(dataset, settings, Store(None))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--folds", type=int, default=5, metavar="N", help="default 5")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="default 3")
    parser.add_argument("--rounds", type=int, default=2, metavar="N", help="default 2; the fastest counts")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.folds, asked.repeats, asked.rounds)

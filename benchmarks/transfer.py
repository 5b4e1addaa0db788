"""Our whole `train --learning transfer` against the ordinary Keras recipe with the same weights, to the same accuracy.

    python benchmarks/transfer.py --data DIR [--repeats 3] [--epochs 3]

Ours is timed from the shell's start to its end: with an empty store, then with the store that this left, as many times
each as asked for; the medians count. The ordinary recipe is that of Keras' guide on transfer learning:
`image_dataset_from_directory`, augmentation and the frozen network inside the graph, `model.fit`, so the frozen network
runs again in every epoch. It goes on until its validation accuracy reaches ours or the epochs are over; its start-up is
not counted. All run on this machine, one after the other, in this one call.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SIZE = 224


def ours(data: str, work: Path, cache: Path) -> tuple[float, float]:
    """Return the seconds of the whole command and its validation accuracy."""
    command = [sys.executable, "main.py", "train", "-m", "efficientnet_lite", "--learning", "transfer"]
    command += ["--data", str(Path(data).resolve()), "--runs", str(work / "runs")]
    started = time.perf_counter()
    environment = os.environ | {"STUDY_CACHE": str(cache)}
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=environment)
    seconds = time.perf_counter() - started
    newest = max((work / "runs").iterdir(), key=lambda run: run.stat().st_mtime)
    return seconds, json.loads((newest / "metrics.json").read_text())["val"]["accuracy"]


def ordinary(data: str, epochs: int, accuracy: float) -> list[tuple[float, float]]:
    """Return seconds and validation accuracy of each epoch of the ordinary recipe."""
    sys.path.insert(0, str(ROOT))
    from study.runtime import backend

    backend.start()
    import keras

    from models.parts.weights import build_backbone

    layers = keras.layers
    train, val = keras.utils.image_dataset_from_directory(
        data, validation_split=0.2, subset="both", seed=0, image_size=(SIZE, SIZE), batch_size=32
    )
    base = build_backbone("efficientnet_lite", SIZE, "imagenet")
    base.trainable = False
    inputs = keras.Input((SIZE, SIZE, 3))
    x = layers.RandomFlip("horizontal")(inputs)
    x = layers.RandomRotation(0.1)(x)
    x = layers.Dropout(0.2)(base(x, training=False))
    model = keras.Model(inputs, layers.Dense(len(train.class_names), activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    reached = []
    for _ in range(epochs):
        started = time.perf_counter()
        history = model.fit(train.prefetch(2), validation_data=val.prefetch(2), epochs=1, verbose=2).history
        reached.append((time.perf_counter() - started, history["val_accuracy"][0]))
        if reached[-1][1] >= accuracy:
            break
    return reached


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="times of ours, cold and warm (default 3)")
    parser.add_argument("--epochs", type=int, default=3, metavar="N", help="most epochs of the other (default 3)")
    asked = parser.parse_args()
    cold, warm = [], []
    for _ in range(asked.repeats):
        with tempfile.TemporaryDirectory() as work:
            for runs in (cold, warm):
                runs.append(ours(asked.data, Path(work), Path(work) / "cache"))
    accuracy, medians = cold[0][1], {}
    for name, runs in (("empty store", cold), ("warm store", warm)):
        times = [seconds for seconds, _ in runs]
        medians[name], each = statistics.median(times), ", ".join(f"{seconds:.1f}" for seconds in times)
        print(f"ours, {name}: {medians[name]:.1f} s ({each}), validation {100 * accuracy:.1f} %", flush=True)
    theirs = ordinary(asked.data, asked.epochs, accuracy)
    total = sum(seconds for seconds, _ in theirs)
    each = ", ".join(f"{seconds:.0f} s to {100 * share:.1f} %" for seconds, share in theirs)
    there = theirs[-1][1] >= accuracy
    print(f"ordinary recipe: {total:.0f} s ({each}){'' if there else '; it had not got there'}")
    for name, median in medians.items():
        print(f"ordinary / ours, {name}: {'' if there else 'more than '}{total / median:.1f}")

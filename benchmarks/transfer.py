"""Our whole `train --learning transfer` against epochs of the ordinary Keras recipe, with the same weights.

    python benchmarks/transfer.py --data DIR [--epochs 2]

The ordinary recipe is that of Keras' guide on transfer learning: `image_dataset_from_directory`, augmentation and the
frozen network inside the graph, `model.fit`, so the frozen network runs again in every epoch. Its start-up is not
counted, ours is. Both run on this machine, one after the other, in this one call.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SIZE = 224


def ours(data: str) -> float:
    """Return the seconds of the whole command, from the shell's start to its end."""
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "main.py", "train", "-m", "efficientnet_lite", "--learning", "transfer"]
        started = time.perf_counter()
        subprocess.run([*command, "--data", str(Path(data).resolve()), "--runs", runs], cwd=ROOT, check=True)
        return time.perf_counter() - started


def ordinary(data: str, epochs: int) -> list[float]:
    """Return the seconds of each epoch of the ordinary recipe."""
    sys.path.insert(0, str(ROOT))
    from study import backend

    backend.start()
    import keras

    from models._weights import build_backbone

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
    seconds = []
    for _ in range(epochs):
        started = time.perf_counter()
        model.fit(train.prefetch(2), validation_data=val.prefetch(2), epochs=1, verbose=2)
        seconds.append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--epochs", type=int, default=2, metavar="N", help="epochs of the ordinary recipe (default 2)")
    asked = parser.parse_args()
    mine = ours(asked.data)
    theirs = ordinary(asked.data, asked.epochs)
    print(f"ours, whole command:             {mine:.1f} s")
    print(f"ordinary recipe, {len(theirs)} epochs:       {sum(theirs):.1f} s ({', '.join(f'{s:.1f}' for s in theirs)})")
    print(f"ordinary epochs / whole command: {sum(theirs) / mine:.2f}")

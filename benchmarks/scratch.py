"""Training `original` from scratch: our way against the same layers as the ordinary Keras recipe.

    python benchmarks/scratch.py [--epochs 9] [--repeats 3] [--precision auto]

Both learn the drawings at the model's own size with the same split, batch size, learning rates, augmentation (flip and
translation) and number of epochs. The ordinary recipe is `image_dataset_from_directory`, augmentation inside the graph,
`model.fit` in float32. Each side runs in a process of its own, in turns; the first epoch, which builds the graph, and
our choice of the precision are counted as start-up and not as speed. Its images/s are of training and validation.
Every repeat is another seed; the accuracies are those after the last epoch.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
SIDES = ("ours", "ordinary")


def examples_and_folders(folder: Path, seed: int) -> tuple:
    """Return the drawings as our road reads them, and their folder; both parts are also written below `folder`."""
    from study.settings.source import load_dataset
    from study.settings.train import TrainSettings

    dataset = load_dataset(TrainSettings.of(seed=seed, image_size=80))
    for row in dataset.entries:
        target = folder / row.split / row.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(dataset.root / row.path)
    return dataset.examples(), dataset.class_names


def ours(model: object, examples: object, epochs: int, seed: int, precision: str) -> list[dict]:
    """Return the history of our own stage."""
    from data.augment.pipeline import DEFAULT_AUGMENT
    from study.fit.loop import run_stage
    from study.settings.stages import ADAM_RATE, Stage
    from study.settings.train import TrainSettings

    settings = TrainSettings.of(seed=seed, augment=DEFAULT_AUGMENT, patience=0, precision=precision)
    return run_stage(model, Stage("scratch", epochs, 32, ADAM_RATE["scratch"]), examples, settings).history


def ordinary(model: object, folder: Path, epochs: int, seed: int) -> list[dict]:
    """Return the history of `model.fit` over the files."""
    import time

    import keras

    from study.fit.objective import add_weight_penalty
    from study.settings.stages import ADAM_RATE
    from study.settings.train import DEFAULTS

    read = {"image_size": (80, 80), "batch_size": 32}
    train = keras.utils.image_dataset_from_directory(folder / "train", seed=seed, **read)
    val = keras.utils.image_dataset_from_directory(folder / "val", shuffle=False, **read)
    inputs = keras.Input((80, 80, 3))
    x = keras.layers.RandomFlip("horizontal", seed=seed)(inputs)
    x = keras.layers.RandomTranslation(0.06, 0.06, fill_mode="reflect", seed=seed)(x)
    whole = keras.Model(inputs, model(x))
    add_weight_penalty(whole, DEFAULTS["l2"])
    rate = keras.optimizers.schedules.CosineDecay(ADAM_RATE["scratch"], epochs * len(train))
    whole.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    starts, ends = [], []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda *_: starts.append(time.perf_counter()),
        on_epoch_end=lambda *_: ends.append(time.perf_counter()),
    )
    history = whole.fit(
        train.prefetch(2), validation_data=val.prefetch(2), epochs=epochs, verbose=0, callbacks=[clock]
    ).history
    seconds = (end - start for start, end in zip(starts, ends, strict=True))
    return [{"val_accuracy": a, "seconds": s} for a, s in zip(history["val_accuracy"], seconds, strict=True)]


def one(side: str, epochs: int, seed: int, precision: str) -> dict[str, float]:
    """Train one side in this process: images/s, the first epoch left out, and the last validation accuracy."""
    from study.runtime import backend

    backend.start(seed)
    from models.parts.head import classifier, head
    from models.parts.weights import build_backbone

    with tempfile.TemporaryDirectory() as folder:
        examples, names = examples_and_folders(Path(folder), seed)
        model = classifier(build_backbone("original", 80, "none"), head(128, len(names), 0.2))
        if side == "ours":
            rows = ours(model, examples, epochs, seed, precision)
        else:
            rows = ordinary(model, Path(folder), epochs, seed)
    seconds = statistics.median(row["seconds"] for row in rows[1:])
    return {"rate": len(examples.indices["train"]) / seconds, "accuracy": rows[-1]["val_accuracy"]}


def run(side: str, asked: argparse.Namespace, seed: int) -> dict[str, float]:
    """Train one side in a process of its own."""
    command = [sys.executable, __file__, "--side", side, "--seed", str(seed), "--precision", asked.precision]
    ran = subprocess.run([*command, "--epochs", str(asked.epochs)], check=True, capture_output=True, text=True)
    return json.loads(ran.stdout.splitlines()[-1])


def spread(values: list[float]) -> str:
    """Return `mean +- standard deviation` in per cent."""
    return f"{100 * statistics.mean(values):.1f} +- {100 * statistics.stdev(values):.1f} %"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=9, metavar="N", help="epochs of each side, 2 or more (default 9)")
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="trainings of each side, 2 or more")
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"), help="of our side")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        print(json.dumps(one(asked.side, asked.epochs, asked.seed, asked.precision)))
        sys.exit()
    found = {side: [] for side in SIDES}
    for repeat in range(asked.repeats):
        for side in SIDES:
            found[side].append(run(side, asked, repeat))
    rates = {side: statistics.median(entry["rate"] for entry in found[side]) for side in SIDES}
    for side in SIDES:
        each = ", ".join(f"{entry['rate']:.0f}" for entry in found[side])
        print(f"{side + ':':<10} {rates[side]:.0f} images/s ({each})")
        print(f"           validation accuracy {spread([entry['accuracy'] for entry in found[side]])}")
    print(f"ours / ordinary: {rates['ours'] / rates['ordinary']:.2f}")

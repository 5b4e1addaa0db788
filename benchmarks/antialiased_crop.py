"""What does it bring that random crops are antialiased, as validation is, where images learn at a smaller size first?

    python benchmarks/antialiased_crop.py [--seeds 0 1 2 3 4] [--epochs 9]

`original` learns the drawings with `--augment flip,crop=0.3 --progressive 40,80`, once as it is and once with crops
that are sampled without antialiasing; same weights, same batches, same crops. Prints validation accuracy and loss of
each seed, and the mean difference with its standard error. The split is the same for all seeds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

AUGMENT = {"flip": 1.0, "crop": 0.3}
SIZES = (40, 80)


def sampled(pixels, boxes, size, method):  # noqa: ANN001, ANN201 - tensors
    """Cut and scale boxes as `tf.image.crop_and_resize` does: one sample for a pixel, however many it stands for."""
    import tensorflow as tf

    return tf.image.crop_and_resize(pixels, boxes, tf.range(tf.shape(pixels)[0]), (size, size), method)


def train(seed: int, epochs: int, antialiased: bool) -> tuple[float, float]:
    """Return validation accuracy in per cent and cross-entropy of the epoch that is kept."""
    import keras

    from data.augment import geometry
    from models.parts.head import head_on
    from models.parts.weights import build_backbone
    from study.fit.loop import run_stage
    from study.settings.source import load_dataset
    from study.settings.stages import Stage
    from study.settings.train import TrainSettings

    settings = TrainSettings.of(
        image_size=SIZES[-1], augment=AUGMENT, progressive=SIZES, seed=seed, split_seed=0, precision="float32"
    )
    examples = load_dataset(settings).examples()
    keras.utils.set_random_seed(seed)
    model = head_on(build_backbone("original", SIZES[-1], "none"), int(examples.labels.max()) + 1, 0.2)
    ours = geometry._shrunk
    geometry._shrunk = ours if antialiased else sampled
    try:
        outcome = run_stage(model, Stage("scratch", epochs, 32, 2e-3), examples, settings)
    finally:
        geometry._shrunk = ours
    kept = outcome.history[outcome.kept_epoch - 1]
    return 100 * kept["val_accuracy"], kept["val_loss"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4], metavar="N")
    parser.add_argument("--epochs", type=int, default=9, metavar="N")
    asked = parser.parse_args()
    from study.runtime import backend

    backend.start()
    differences = []
    for seed in asked.seeds:
        (accuracy, loss), (plain, plain_loss) = (train(seed, asked.epochs, way) for way in (True, False))
        differences.append(accuracy - plain)
        print(f"seed {seed}: antialiased {accuracy:.1f} % ({loss:.3f}), sampled {plain:.1f} % ({plain_loss:.3f})")
    error = statistics.stdev(differences) / len(differences) ** 0.5 if len(differences) > 1 else float("nan")
    print(f"antialiased is better by {statistics.mean(differences):+.2f} points, standard error {error:.2f}")

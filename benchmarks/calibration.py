"""What does a temperature bring where photos are few, chosen on validation or out of fold?

    python benchmarks/calibration.py --data PHOTOS [--sizes 300 1000] [--seeds 10]

Of a folder of photos some are drawn by chance, divided 8:1:1, and a head learns from their features as in `train`. A
temperature is chosen on the validation split, and out of fold on training and validation images, each time by the rule
of the program and by the plain least cross-entropy. All photos that were not drawn then tell what it is worth: mean
cross-entropy and expected calibration error with each temperature, as mean and standard deviation over the seeds, and
how often it is better and worse than without. The last line of a size is the temperature that is best for those photos.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.confidence import calibration
from study.runtime import backend

MODEL = "efficientnet_lite"


def read(folder: str) -> tuple[object, np.ndarray, np.ndarray, Sequence[str]]:
    """Return the settings of a training, features, class indices and class names of all photos of a folder."""
    from study.experiments.crossval import divide, settled
    from study.experiments.crossval_heads import features_of
    from study.settings.commands import CrossvalSettings
    from study.settings.source import store_of

    settings = settled({"data": folder, "model": MODEL, "learning": "transfer"})
    store = store_of(settings.data)
    divided = divide(CrossvalSettings(folds=2, repeats=1), settings, store, lambda: None)
    features, labels = features_of(divided.dataset, settings, store)
    return settings, features, labels, divided.dataset.class_names


def trained(
    settings: object, features: np.ndarray, labels: np.ndarray, names: Sequence[str], size: int, seed: int
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Train a head on some photos; return probabilities and labels of its validation, out of fold, and of the rest."""
    import keras

    from data.batches import Examples
    from study.fit.cross_validation import FoldHeads, predict_held_out
    from study.fit.head_training import HeadData, make_head
    from study.fit.loop import run_stage
    from study.folds.divide import Fold, Labelled, make_folds
    from study.runtime import console
    from study.settings.stages import stages_of

    console.console.quiet = True  # the line of every training
    order, tenth = np.random.default_rng(seed).permutation(len(labels)), size // 10
    val, train, rest = order[:tenth], np.sort(order[2 * tenth : size]), order[size:]
    (stage,) = stages_of(settings.optimization, "transfer")
    keras.utils.set_random_seed(seed)
    head = make_head(HeadData(features, labels, names), settings)
    outcome = run_stage(head, stage, Examples(features, labels, {"train": train, "val": val}), settings)
    rows = np.sort(np.concatenate([train, val]))
    folds = make_folds(Labelled(labels[rows], np.arange(len(rows)), names), 5, 1, seed)
    of_all = [Fold(1, fold.number, rows[fold.train], rows[fold.held_out]) for fold in folds]
    heads = FoldHeads(features, labels, np.arange(len(labels)), names)
    found, _ = predict_held_out(heads, of_all, stage, settings, ends=max(1, outcome.kept_epoch))
    return {
        "validation": (np.array(head(features[val], training=False)), labels[val]),
        "out of fold": (found[0, rows], labels[rows]),
        "rest": (np.array(head(features[rest], training=False)), labels[rest]),
    }


def plain(probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> float:
    """Return the temperature of the least cross-entropy, whatever it may be worth; 1 without a mistake."""
    if (probabilities.argmax(axis=1) == labels).all():
        return 1.0
    return calibration.fit_temperature(np.log(np.maximum(probabilities, calibration.SMALLEST)), labels)


def chosen(probabilities: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> float:
    """Return the temperature that the program takes."""
    return calibration.choose_temperature(probabilities, labels, names).value


RULES: dict[str, tuple[str, Callable[[np.ndarray, np.ndarray, Sequence[str]], float]]] = {
    "none": ("validation", lambda *_: 1.0),
    "validation, plain": ("validation", plain),
    "validation": ("validation", chosen),
    "out of fold, plain": ("out of fold", plain),
    "out of fold": ("out of fold", chosen),
}


def worth(probabilities: np.ndarray, labels: np.ndarray, temperature: float) -> tuple[float, float, float]:
    """Return temperature, mean cross-entropy and calibration error with it."""
    scores = np.log(np.maximum(probabilities.astype(np.float64), calibration.SMALLEST))
    shares = calibration.with_temperature(probabilities, temperature)
    right = shares.argmax(axis=1) == labels
    loss = float(calibration.cross_entropies(scores, labels, temperature).mean())
    return temperature, loss, calibration.calibration_error(shares.max(axis=1), right)


def main(folder: str, sizes: Sequence[int], seeds: int) -> None:
    """Print a table for each size."""
    settings, features, labels, names = read(folder)
    for size in sizes:
        found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in RULES}
        best = []
        for seed in range(seeds):
            answers = trained(settings, features, labels, names, size, seed)
            for name, (where, rule) in RULES.items():
                found[name].append(worth(*answers["rest"], rule(*answers[where], names)))
            best.append(plain(*answers["rest"], names))
        without = np.array(found["none"])[:, 1]
        print(f"{size:,} photos, {seeds} seeds        temperature      cross-entropy  calibration error  better  worse")
        for name, values in found.items():
            cells = np.array(values)
            means, stds = cells.mean(axis=0), cells.std(axis=0)
            better, worse = (cells[:, 1] < without - 1e-9).sum(), (cells[:, 1] > without + 1e-9).sum()
            print(
                f"{name:20}{means[0]:12.3f} ± {stds[0]:.3f}  {means[1]:.4f} ± {stds[1]:.4f}    {means[2]:.4f} ± "
                f"{stds[2]:.4f}{better:8}{worse:7}",
                flush=True,
            )
        print(f"{'best for the rest':20}{np.mean(best):12.3f} ± {np.std(best):.3f}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="folder with one sub-folder of photos a class")
    parser.add_argument("--sizes", nargs="+", type=int, default=[300, 1000], metavar="N", help="photos drawn")
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="draws and heads (default 10)")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.sizes, asked.seeds)

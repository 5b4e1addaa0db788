"""How many wrong labels does `check` find, and how many of those that it names are wrong?

    python benchmarks/label_errors.py [--data PHOTOS] [--rate 0.05] [--seeds 0 1 2 3 4]

Labels of a folder of images (without --data, of 1,500 drawings) are changed on purpose: a share `--rate` of them, each
to another class by chance. Recall is the share of these that is found; precision, the share of the images named whose
label was changed: what was wrong in a folder of photos beforehand counts against it. Besides confident learning on
out-of-fold probabilities, which is what `check` does, two simpler rules on the same features are measured: logistic
regression that gives the label less than 1 %, and confident learning on its probabilities. The last lines say how many
images are named where nothing was changed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))

Rule = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # reduced features, labels, units -> rows named


def read(folder: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the features that `check` judges labels by, class indices, and what must lie in one fold."""
    from data import folder as folders
    from data.dataset import synthetic_images
    from data.duplicates import fingerprints, groups, stored_near_pairs
    from data.store.store import open_store
    from study.check.embedding import embed
    from study.check.image_statistics import gather
    from study.inference.components import reduce
    from study.runtime import backend

    backend.start()
    images = folders.scan(Path(folder) if folder else synthetic_images()).images
    store = open_store(True, 10.0)
    embedded = embed(images, "crop", None, store)
    rows = embedded.rows
    pairs = stored_near_pairs(fingerprints(gather(images, store)[1]), store)
    _, labels = np.unique([images[i].label for i in rows], return_inverse=True)
    reduced, _ = reduce(embedded.features)
    return reduced / reduced.std(), labels, groups(pairs, len(images))[rows]


def changed(labels: np.ndarray, rate: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels of which some were changed, and which ones: int (n,), bool (n,)."""
    rng, noisy, classes = np.random.default_rng(seed), labels.copy(), int(labels.max()) + 1
    rows = rng.choice(len(labels), round(rate * len(labels)), replace=False)
    noisy[rows] = (noisy[rows] + rng.integers(1, classes, len(rows))) % classes
    return noisy, noisy != labels


def logistic(reduced: np.ndarray, labels: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return out-of-fold probabilities of logistic regression, (n, classes)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    folds = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    classifier = LogisticRegression(C=0.3, max_iter=1000)
    return cross_val_predict(classifier, reduced, labels, groups=units, cv=folds, method="predict_proba")


def rules() -> dict[str, Rule]:
    """Return what is compared, by name."""
    from study.inference.label_errors import out_of_fold, suspects

    def unlikely(reduced: np.ndarray, labels: np.ndarray, units: np.ndarray) -> np.ndarray:
        return np.flatnonzero(logistic(reduced, labels, units)[np.arange(len(labels)), labels] < 0.01)

    return {
        "check: confident learning, linear discriminant": lambda x, y, u: suspects(y, out_of_fold(x, y, u)),
        "confident learning, logistic regression": lambda x, y, u: suspects(y, logistic(x, y, u)),
        "below 1 %, logistic regression": unlikely,
    }


def main(folder: str | None, rate: float, seeds: list[int]) -> None:
    """Print recall, precision and seconds of each rule: the mean over the seeds and the least."""
    reduced, labels, units = read(folder)
    print(f"{len(labels):,} images, {rate:.0%} of the labels changed, seeds {', '.join(map(str, seeds))}")
    for name, rule in rules().items():
        scores, started = [], time.perf_counter()
        for seed in seeds:
            noisy, wrong = changed(labels, rate, seed)
            named = rule(reduced, noisy, units)
            scores.append((wrong[named].sum() / wrong.sum(), wrong[named].mean() if len(named) else 1.0))
        taken = (time.perf_counter() - started) / len(seeds)
        (recall, precision), (least, lowest) = np.mean(scores, axis=0), np.min(scores, axis=0)
        print(
            f"{name:48}recall {recall:.1%} (least {least:.1%}), precision {precision:.1%} (least {lowest:.1%}), "
            f"{taken:.1f} s",
            flush=True,
        )
    for name, rule in rules().items():
        print(f"{name:48}nothing changed: {len(rule(reduced, labels, units)):,} named", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="PHOTOS", help="folder of images")
    parser.add_argument("--rate", type=float, default=0.05, metavar="X", help="share of the labels that is changed")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2, 3, 4], metavar="N")
    asked = parser.parse_args()
    if not 0 < asked.rate < 1:
        parser.error(f"--rate takes a number between 0 and 1. Received: {asked.rate}")
    main(asked.data, asked.rate, asked.seeds)

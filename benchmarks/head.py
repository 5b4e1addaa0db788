"""The head that we train against scikit-learn's logistic regression with C tuned on validation, on the same features.

    python benchmarks/head.py --data DIR [--seeds 0 1 2]

Another seed is another split. Prints validation accuracy and cross-entropy of both, and the seconds of training.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

MODEL, SIZE = "efficientnet_lite", 224
GRID = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def main(data: str, seeds: list[int]) -> None:
    """Print one line a seed and side, then the means."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    from models.parts.head import head
    from models.parts.weights import build_backbone
    from study.fit.loop import run_stage
    from study.inference.features import embed
    from study.inference.frozen import FrozenBackbone
    from study.settings.source import load_dataset, store_of
    from study.settings.stages import stages_of
    from study.settings.train import TrainSettings
    from study.train.embed import feature_spec

    reached: dict[str, list[float]] = {"ours": [], "scikit-learn": []}

    def note(side: str, seed: int, probabilities: np.ndarray, labels: np.ndarray, seconds: float, more: str) -> None:
        accuracy = float((probabilities.argmax(axis=1) == labels).mean())
        reached[side].append(accuracy)
        loss = log_loss(labels, probabilities.astype(np.float64))
        print(
            f"seed {seed}  {side:<13} {100 * accuracy:.2f} %  cross-entropy {loss:.4f}  {seconds:.1f} s{more}",
            flush=True,
        )

    for seed in seeds:
        settings = TrainSettings.of(
            model=MODEL, image_size=SIZE, learning="transfer", weights="imagenet", data=data, augment={}, seed=seed
        )
        store = store_of(settings.data)
        examples = load_dataset(settings, store).examples()
        features, _ = embed(
            FrozenBackbone(build_backbone(MODEL, SIZE, "imagenet"), store), examples, feature_spec(settings)
        )
        train, val = (features.indices[split] for split in ("train", "val"))
        x, y = features.inputs, features.labels
        started = time.perf_counter()
        ours = head(x.shape[1], int(y.max()) + 1, settings.regularization.dropout)
        outcome = run_stage(ours, stages_of(settings.optimization, "transfer")[0], features, settings)
        seconds = time.perf_counter() - started
        note("ours", seed, ours.predict(x[val], verbose=0), y[val], seconds, f", {len(outcome.history)} epochs")
        started, tried = time.perf_counter(), []
        for c in GRID:
            fitted = LogisticRegression(C=c, max_iter=1000, tol=1e-3).fit(x[train], y[train])
            tried.append((log_loss(y[val], fitted.predict_proba(x[val])), c, fitted))
        _, c, best = min(tried, key=lambda values_text: values_text[0])
        seconds = time.perf_counter() - started
        note("scikit-learn", seed, best.predict_proba(x[val]), y[val], seconds, f", C = {c:g} of {len(GRID)}")
    for side, accuracies in reached.items():
        print(f"{side:<13} mean {100 * np.mean(accuracies):.2f} % over {len(seeds)} seeds")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="DIR", help="folder with one sub-folder of photos a class")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.seeds)

"""What is the advice of `--find-learning-rate` worth: trainings with it and with the default, over models and seeds.

    python benchmarks/find_learning_rate.py [--models lenet original head] [--seeds 0 1 2] [--epochs 6] [--data DIR]

`head` is that of `efficientnet_lite` on the features of photos, and needs `--data`; the others learn the drawings from
scratch. A seed is that of the weights and the batches; the split is the same for all. For each prints the rate that is
advised, and the validation loss after training at the default and at the steepest descent; then, for each model, the
mean with the advice and with the default, and whether the advice was ever worse by more than the default's spread.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

if TYPE_CHECKING:
    import keras

    from data.batches import Examples
    from study.settings.train import TrainSettings

SIZES = {"head": 224}


def examples_of(name: str, data: str | None) -> tuple[TrainSettings, Examples]:
    """Return the settings of a model, and what it learns from: images, or of a head features."""
    from data.augment.pipeline import DEFAULT_AUGMENT
    from models import get
    from models.parts.weights import build_backbone
    from study.inference.features import embed
    from study.inference.frozen import FrozenBackbone
    from study.settings.resolve import resolve
    from study.settings.source import load_dataset, store_of
    from study.train.embed import feature_spec

    given = {"split_seed": 0, "precision": "float32"}
    if name == "head":
        given |= {"model": "efficientnet_lite", "image_size": SIZES["head"], "learning": "transfer"}
        settings = resolve(given | {"weights": "imagenet", "data": data, "augment": {}}, {})
    else:
        spec = get(name).SPEC
        given |= {"model": name, "learning": "scratch", "image_size": spec.image_size, "augment": DEFAULT_AUGMENT}
        settings = resolve(given, spec.defaults)
    store = store_of(settings.data)
    examples = load_dataset(settings, store).examples()
    if name == "head":
        backbone = build_backbone("efficientnet_lite", SIZES["head"], "imagenet")
        examples, _ = embed(FrozenBackbone(backbone, store), examples, feature_spec(settings))
    return settings, examples


def fresh(name: str, settings: TrainSettings, examples: Examples, seed: int) -> keras.Model:
    """Return a network of new weights: the same ones for a seed."""
    import keras

    from models.parts.head import head, head_on
    from models.parts.weights import build_backbone
    from study.settings.resolve import options_of

    keras.utils.set_random_seed(seed)
    classes, dropout = int(examples.labels.max()) + 1, settings.regularization.dropout
    if name == "head":
        return head(examples.inputs.shape[1], classes, dropout)
    recipe = options_of(settings.network, settings.regularization)
    return head_on(build_backbone(name, settings.data.image_size, "none", recipe), classes, dropout)


def measure(name: str, settings: TrainSettings, examples: Examples, seed: int, epochs: int) -> tuple[float, float]:
    """Search and train; print a line; return validation loss with the advised rate and with the default."""
    from study.fit.loop import run_stage
    from study.fit.lr_search import search
    from study.settings.stages import stages_of

    settings = settings.with_values(seed=seed, keep_diverged=True)
    *_, stage = stages_of(settings.optimization, settings.learning.kind)
    stage = replace(stage, epochs=min(epochs, stage.epochs))
    found, losses = search(fresh(name, settings, examples, seed), stage, examples, settings), {}
    for rate in {stage.learning_rate, found.sweep.steepest, found.advised}:
        trained = replace(stage, learning_rate=rate)
        outcome = run_stage(fresh(name, settings, examples, seed), trained, examples, settings)
        losses[rate] = min(row["val_loss"] for row in outcome.history)
    tried = ", ".join(f"{losses[rate]:.4f} at {rate:g}" for rate in found.losses)
    print(
        f"{name:<9} seed {seed}  advised {found.advised:<8g} validation loss, default and steepest: {tried}",
        flush=True,
    )
    return losses[found.advised], losses[stage.learning_rate]


def main(models: list[str], seeds: list[int], epochs: int, data: str | None) -> None:
    """Print one line for each model and seed, then one for each model."""
    for name in models:
        settings, examples = examples_of(name, data)
        pairs = [measure(name, settings, examples, seed, epochs) for seed in seeds]
        advised, default = zip(*pairs, strict=True)
        spread = statistics.stdev(default) if len(seeds) > 1 else 0.0
        worst = max(own - other for own, other in pairs)
        print(
            f"{name:<9} mean {statistics.mean(advised):.4f} advised, {statistics.mean(default):.4f} default; spread of "
            f"the default over seeds {spread:.4f}, advice at worst {worst:+.4f}: "
            f"{'never worse by more' if worst <= spread else 'worse by more'}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["lenet", "original"], metavar="NAME", help="models, and head")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--epochs", type=int, default=6, metavar="N", help="most epochs of a training; default 6")
    parser.add_argument("--data", metavar="DIR", help="folder with one sub-folder of photos a class, for head")
    asked = parser.parse_args()
    if "head" in asked.models and not asked.data:
        parser.error("head needs --data DIR, a folder with one sub-folder of photos for each class")
    backend.start()
    main(asked.models, asked.seeds, asked.epochs, asked.data)

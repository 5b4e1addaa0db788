"""What larger frozen backbones bring, and several side by side: heads on EfficientNet-Lite0, Lite1, Lite2 and joins.

    python benchmarks/backbones.py --data PHOTOS [--seeds 0 1 2] [--models NAME …]

Each model, and each part of those that are joined by +, sees its own image size. For each seed another split, the same
for all models, `train`'s own embedding, in float32 so that no two models differ
in precision, and its own head. Prints mistakes on validation and test and the cross-entropy, then over the test images
of all seeds, paired with the first model: the difference in cross-entropy with its 95 % interval (percentiles of a
bootstrap over images, near duplicates and repetitions drawn together), the mistakes that only one of the two makes, and
the p of McNemar's exact test (each image once, in the first seed that tests it).

Core-milliseconds an image are CPU time of this process, of all its threads, while 512 decoded photos go through the
engine that `train` takes, in each precision that this processor computes in: without decoding, the least of three
rounds, in which the models take turns. Other programs beside it stretch them less than the time on the clock, but some.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from study.runtime import backend

if TYPE_CHECKING:
    import keras

    from data.batches import Examples
    from data.dataset import Dataset
    from study.inference.engine import FrozenBackbone
    from study.settings.train import TrainSettings

LITES = ("efficientnet_lite", "efficientnet_lite1", "efficientnet_lite2")
MODELS = (*LITES, *("+".join(pair) for pair in combinations(LITES, 2)), "+".join(LITES))
TIMED, ROUNDS = 512, 3


@dataclass(frozen=True)
class Tested:
    """What a head says of the test images of a seed: whose they are, whether it errs, and its losses, each (n,)."""

    names: np.ndarray
    wrong: np.ndarray
    losses: np.ndarray


@dataclass(frozen=True)
class Learned:
    """A head that has learned from the features of a data set, and what they came from."""

    dataset: Dataset
    frozen: FrozenBackbone
    features: Examples
    network: keras.Model

    def answers(self, split: str) -> np.ndarray:
        """Return the probabilities of the images of a split, (n, classes)."""
        return np.asarray(self.network(self.features.inputs[self.features.indices[split]], training=False))


def main(data: str, models: Sequence[str], seeds: Sequence[int]) -> None:
    """Print the table of each seed, the paired differences, and the cost."""
    from study.runtime import console

    console.console.quiet = True  # what a training says by the way
    tested: dict[str, list[Tested]] = {name: [] for name in models}
    for seed in seeds:
        for name in models:
            tested[name].append(of_seed(data, name, seed))
    first = joined(tested[models[0]])
    for name in models[1:]:
        compare(name, joined(tested[name]), models[0], first)
    cost(data, models)


def settings_for(data: str, name: str, seed: int, **more: object) -> TrainSettings:
    """Return the settings of a training of a head, at the model's own image size unless another is given."""
    import models
    from study.settings.train import TrainSettings

    spec = models.get(name).SPEC
    size = None if spec.parts else spec.image_size
    given = {"model": name, "image_size": size, "learning": "transfer", "weights": "imagenet", "augment": {}} | more
    return TrainSettings.of(**given, data=data, seed=seed, precision="float32")


def of_seed(data: str, name: str, seed: int) -> Tested:
    """Train a head on the split of a seed, print how good it is, and return what it says of the test images."""
    settings = settings_for(data, name, seed)
    head = learned(name, settings)
    answers = {split: head.answers(split) for split in ("val", "test")}
    return judged(f"seed {seed}  {name:<55} {size_text(settings)} px", head, answers)


def learned(name: str, settings: TrainSettings) -> Learned:
    """Train a head on the features of a frozen backbone."""
    import keras

    from models.parts.head import head
    from models.parts.weights import build_backbone
    from study.fit.loop import run_stage
    from study.inference.engine import FrozenBackbone
    from study.inference.joined import embed
    from study.settings.source import load_dataset, store_of
    from study.settings.stages import stages_of
    from study.train.embed import feature_spec

    store = store_of(settings.data)
    dataset = load_dataset(settings, store)
    frozen = FrozenBackbone(build_backbone(name, settings.data.image_size, "imagenet"), store)
    features, _ = embed(frozen, dataset.examples(), feature_spec(settings))
    keras.utils.set_random_seed(settings.data.seed)
    network = head(features.inputs.shape[1], len(dataset.class_names), settings.regularization.dropout)
    run_stage(network, stages_of(settings.optimization, "transfer")[0], features, settings)
    return Learned(dataset, frozen, features, network)


def judged(title: str, head: Learned, answers: Mapping[str, np.ndarray]) -> Tested:
    """Print mistakes and cross-entropy of the probabilities of each split; return what is said of the test images."""
    wrong, losses = {}, {}
    for split, found in answers.items():
        labels = head.features.labels[head.features.indices[split]]
        wrong[split] = found.argmax(axis=1) != labels
        losses[split] = -np.log(np.maximum(found[np.arange(len(found)), labels], 1e-12)).astype(np.float64)
    told = "  ".join(f"{split}: {wrong[split].sum()} of {len(wrong[split])} wrong" for split in wrong)
    print(f"{title}  {told}, cross-entropy {losses['test'].mean():.4f}", flush=True)
    names = np.array(head.dataset.units)[head.features.indices["test"]]
    return Tested(names, wrong["test"], losses["test"])


def size_text(settings: TrainSettings) -> str:
    """`224`, or `260+224` of several."""
    from data.squares import sides_of
    from study.settings.resolve import size_of

    return "+".join(map(str, sides_of(size_of(settings))))


def joined(tested: Sequence[Tested]) -> Tested:
    """Return what is said in all seeds, one after the other."""
    return Tested(*(np.concatenate([getattr(one, of) for one in tested]) for of in ("names", "wrong", "losses")))


def compare(name: str, of_model: Tested, reference: str, of_reference: Tested) -> None:
    """Print what sets a model apart from the reference on the same test images."""
    from study.folds.out_of_fold import DRAWS, bootstrap
    from study.runs.difference import mcnemar

    if not np.array_equal(of_model.names, of_reference.names):
        raise ValueError(f"{name} and {reference} were tested on different images")
    _, once, units = np.unique(of_reference.names, return_index=True, return_inverse=True)
    apart = of_model.losses - of_reference.losses
    low, high = np.percentile(bootstrap(apart, units, DRAWS, 0), [2.5, 97.5])
    mine, theirs = of_model.wrong[once], of_reference.wrong[once]
    only_mine, only_theirs = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    print(f"{name} beside {reference}, {len(apart):,} tests of {len(once):,} units of images: cross-entropy", end=" ")
    print(f"{of_model.losses.mean():.4f} beside {of_reference.losses.mean():.4f}, ", end="")
    print(f"difference {apart.mean():+.4f} ({low:+.4f} to {high:+.4f}); mistakes ", end="")
    print(f"{of_model.wrong.sum()} beside {of_reference.wrong.sum()}; ", end="")
    print(
        f"only its own {only_mine}, only the other's {only_theirs}, McNemar's p = {mcnemar(only_theirs, only_mine):.2g}"
    )


def cost(data: str, models: Sequence[str]) -> None:
    """Print core-milliseconds an image of each model's embedding, in each precision."""
    from models.parts.weights import build_backbone
    from study.inference.engine import FrozenBackbone, resolve_engine
    from study.runtime import hardware
    from study.settings.source import load_dataset, store_of

    engine, _ = resolve_engine("auto")
    precisions = ("float32", "bfloat16") if engine == "openvino" and hardware.has_bfloat16() else ("float32",)
    runs, took = {}, {}
    for name in models:
        settings = settings_for(data, name, 0)
        store = store_of(settings.data)
        examples = load_dataset(settings, store).examples()
        frozen = FrozenBackbone(build_backbone(name, settings.data.image_size, "imagenet"), store)
        pixels = examples.inputs[np.arange(min(TIMED, len(examples.labels)))]
        for precision in precisions:
            runs[name, precision] = frozen.runner(engine, precision), pixels
            runs[name, precision][0](pixels[:64])  # allocates memory
    for _ in range(ROUNDS):
        for key, (run, pixels) in runs.items():
            started = time.process_time()
            run(pixels)
            took.setdefault(key, []).append(1000 * (time.process_time() - started) / len(pixels))
    for (name, precision), each in took.items():
        print(f"{name:<55} {engine} {precision:<9} {min(each):.2f} core-milliseconds an image (to {max(each):.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, metavar="PHOTOS", help="folder with one sub-folder of photos a class")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2], metavar="SEED", help="default 0 1 2")
    parser.add_argument("--models", nargs="+", default=MODELS, metavar="NAME", help="the first is compared with")
    asked = parser.parse_args()
    backend.start()
    main(asked.data, asked.models, asked.seeds)

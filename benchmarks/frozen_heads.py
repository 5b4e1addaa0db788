"""Heads on the features of a frozen backbone, and how two of them differ on the same test images: for benchmarks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import keras

    from data.batches import Examples
    from data.dataset import Dataset
    from study.inference.frozen import FrozenBackbone
    from study.settings.train import TrainSettings


@dataclass(frozen=True)
class Tested:
    """What a head says of the test images of a seed: which, near duplicates of one unit, if it errs, losses: (n,)."""

    images: np.ndarray
    units: np.ndarray
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


def settings_for(data: str, name: str, seed: int, **more: object) -> TrainSettings:
    """Return the settings of a training of a head, at the model's own image size unless another is given."""
    import models
    from study.settings.train import TrainSettings

    spec = models.get(name).SPEC
    size = None if spec.parts else spec.image_size
    given = {"model": name, "image_size": size, "learning": "transfer", "weights": "imagenet", "augment": {}} | more
    return TrainSettings.of(**given, data=data, seed=seed, precision="float32")


def learned(name: str, settings: TrainSettings) -> Learned:
    """Train a head on the features of a frozen backbone."""
    import keras

    from models.parts.head import head
    from models.parts.weights import build_backbone
    from study.fit.loop import run_stage
    from study.inference.frozen import FrozenBackbone
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
    images = np.array([entry.path for entry in head.dataset.entries])
    images, units = (of_all[head.features.indices["test"]] for of_all in (images, np.array(head.dataset.units)))
    return Tested(images, units, wrong["test"], losses["test"])


def joined(tested: Sequence[Tested]) -> Tested:
    """Return what is said in all seeds, one after the other."""
    return Tested(
        *(np.concatenate([getattr(one, of) for one in tested]) for of in ("images", "units", "wrong", "losses"))
    )


def compare(name: str, of_model: Tested, reference: str, of_reference: Tested) -> None:
    """Print what sets a model apart from the reference on the same test images."""
    from study.runs.difference import mcnemar
    from study.tasks.intervals import DRAWS, bootstrap

    if not np.array_equal(of_model.images, of_reference.images):
        raise ValueError(f"{name} and {reference} were tested on different images")
    _, once, units = np.unique(of_reference.units, return_index=True, return_inverse=True)
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

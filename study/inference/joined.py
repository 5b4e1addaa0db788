"""Features of backbones side by side: each part is embedded as if it were alone, and the store shares its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from data.batches import Examples
from data.pixels import Squares
from models.parts.joined import SIGN, parts_of
from study.inference import features
from study.inference.engine import PRECISIONS, EngineChoice
from study.inference.features import FeatureSpec
from study.inference.frozen import FrozenBackbone

if TYPE_CHECKING:
    import keras

    from data.augment.pipeline import Augment
    from data.store.rows import Features


class SideBySide:
    """An array of the features of several backbones, float32 (n, features of all).

    Args:
        parts: the features of each, (n, its features).
    """

    dtype = np.dtype(np.float32)

    def __init__(self, parts: Sequence[np.ndarray | Features]) -> None:
        self.parts, self.shape = parts, (len(parts[0]), sum(part.shape[1] for part in parts))

    def __len__(self) -> int:
        """Return the number of examples."""
        return self.shape[0]

    def __getitem__(self, indices: np.ndarray) -> np.ndarray:
        """Return some examples' features, float32 (m, features of all)."""
        return np.concatenate([part[indices] for part in self.parts], axis=1)

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return all features at once, for NumPy."""
        return self[np.arange(len(self))].astype(dtype or self.dtype, copy=False)


def embed(
    frozen: FrozenBackbone, examples: Examples, spec: FeatureSpec, augment: Augment | None = None, views: int = 0
) -> tuple[Examples, EngineChoice]:
    """Run a frozen backbone once over every image, as `features.embed` does, and each of several by itself.

    Augmented views go through all of them together: each part must see the same ones.
    """
    parts = parts_of(frozen.network) if frozen.network else []
    if not parts:
        return features.embed(frozen, examples, spec, augment, views)
    names = spec.model.split(SIGN)
    names = names if len(names) == len(parts) else [spec.model] * len(parts)  # of backbones that runs brought
    found, choices = [], []
    for name, part in zip(names, parts, strict=True):
        alone = FrozenBackbone(part, frozen.store)
        seen = replace(examples, inputs=inputs_of(part, examples))
        embedded, choice = features.embed(alone, seen, replace(spec, model=name, image_size=size_of(part, spec)))
        alone.release()
        found.append(embedded.inputs)
        choices.append(choice)
    clean = Examples(SideBySide(found), examples.labels, examples.indices, units=examples.units, seen=examples.seen)
    choice = one_choice(names, choices)
    if not views:
        return clean, choice
    features.calibrate(frozen, examples)
    run = frozen.runner(choice.engine, choice.precision_of_all)
    return features.add_views(clean, examples, run, augment, views), choice


def inputs_of(part: keras.Model, examples: Examples) -> object:
    """Return the images as a part takes them."""
    inputs = examples.inputs
    return inputs.pixels.get(part.input_shape[1], inputs) if isinstance(inputs, Squares) else inputs


def size_of(part: keras.Model, spec: FeatureSpec) -> int | tuple[int, ...]:
    """Return the side of the images that a part takes: one of several, or that of all."""
    side = part.input_shape[1]
    return side if isinstance(spec.image_size, tuple) and side in spec.image_size else spec.image_size


def one_choice(names: Sequence[str], choices: Sequence[EngineChoice]) -> EngineChoice:
    """Return what runs all parts; of the figures of their probes, the worst similarity and the time of all together."""
    named = list(zip(names, choices, strict=True))
    precision = " and ".join(dict.fromkeys(choice.precision for choice in choices))
    if precision not in PRECISIONS:
        each = "; ".join(f"{name} in {choice.precision_and_why}" for name, choice in named)
        return EngineChoice(choices[0].engine, precision, each, {}, None)
    same = len({choice.reason for choice in choices}) == 1
    reason = choices[0].reason if same else "; ".join(f"{name}: {choice.reason}" for name, choice in named)
    if not all(choice.images_per_second and choice.cosine is not None for choice in choices):
        return EngineChoice(choices[0].engine, precision, reason, {}, None)
    rates = {
        one: round(1 / sum(1 / max(choice.images_per_second[one], 0.1) for choice in choices), 1)
        for one in choices[0].images_per_second
    }
    return EngineChoice(choices[0].engine, precision, reason, rates, min(choice.cosine for choice in choices))

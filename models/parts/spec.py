"""The contract of a model file: its facts, as one frozen dataclass, and a check that they make sense."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

LEARNING_TYPES = ("scratch", "transfer", "finetune")
WITH_A_VALUE = ("activation", "init", "norm", "depth", "width")  # options of which a model has a value of its own
OPTIONS = (*WITH_A_VALUE, "dropout_at", "coordinates")
TASKS = ("classify", "segment")


@dataclass(frozen=True)
class Spec:
    """What the road needs to know about a model before it is built.

    Args:
        image_size: side of the square input in pixels.
        learning: the learning types that the model allows, the one it is meant for first.
        weights: names of pretrained weights that `backbone` understands; empty where there are none.
        source: address of the paper.
        summary: one line for the table of models.
        weights_source: where pretrained weights come from, in words.
        smallest_image_size: below this side the feature map is empty.
        defaults: settings, by their name on the command line, that suit this model better than the general default.
        supports: which `OPTIONS` the network follows; its own values stand in `defaults`.
        defaults_from_scratch: settings that suit it better where it learns from a folder of images, from random
            weights.
        check_installed: raises UserError where pretrained weights come with a package that is not installed.
        parts: names of the models that this one joins; of a model of one file none.
        image_sizes: of parts that take different sizes by themselves, these, the largest first.
        task: "classify": `backbone` gives one vector of features for an image; "segment": one for every pixel.
    """

    image_size: int
    learning: tuple[str, ...]
    source: str
    summary: str
    weights: tuple[str, ...] = ()
    weights_source: str = "none: trained from random weights"
    smallest_image_size: int = 32
    defaults: Mapping[str, Any] = field(default_factory=dict)
    supports: tuple[str, ...] = ()
    defaults_from_scratch: Mapping[str, Any] = field(default_factory=dict)
    check_installed: Callable[[], object] | None = None
    task: str = "classify"
    parts: tuple[str, ...] = ()
    image_sizes: tuple[int, ...] = ()

    def size(self, image_size: int | None) -> int | tuple[int, ...]:
        """Return the side of the images in pixels: the one asked for, else its own, or those of its parts."""
        if image_size:
            return image_size
        return self.image_sizes if len(self.image_sizes) > 1 else self.image_size

    def __post_init__(self) -> None:
        """Raise ValueError for facts that contradict each other, so that a new model file fails at import."""
        unknown = set(self.learning) - set(LEARNING_TYPES)
        if unknown or not self.learning:
            raise ValueError(f"Spec.learning takes some of {LEARNING_TYPES}. Received: {self.learning}")
        if self.task not in TASKS:
            raise ValueError(f"Spec.task takes one of {TASKS}. Received: {self.task}")
        if self.image_size < self.smallest_image_size:
            raise ValueError(f"Spec.image_size is below smallest_image_size. Received: {self.image_size}")
        if not self.weights and self.learning != ("scratch",):
            raise ValueError(f"A model without pretrained weights learns from scratch only. Received: {self.learning}")
        if strange := set(self.supports) - set(OPTIONS):
            raise ValueError(f"Spec.supports takes some of {OPTIONS}. Received: {sorted(strange)}")
        if lacking := {*WITH_A_VALUE} & {*self.supports} - {*self.defaults}:
            raise ValueError(
                f"Spec.defaults lacks the model's own value of {sorted(lacking)}, which Spec.supports names"
            )

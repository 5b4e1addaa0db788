"""What of the network learns, and from where it begins."""

from __future__ import annotations

from dataclasses import dataclass

from models.parts.saved import NO_RUN
from study.settings.declare import Settings, setting


@dataclass(frozen=True)
class LearningSettings(Settings):
    """What of the network learns, and from where it begins."""

    kind: str = setting(
        "auto",
        "scratch: all from random weights; transfer: the head on a frozen backbone; finetune: head, then all; "
        "auto: by images per class",
        group="learning",
        choices=("auto", "scratch", "transfer", "finetune"),
        name="learning",
        basic=True,
        inspected=False,
    )
    weights: str | None = setting(
        None,
        "imagenet, none, a .weights.h5 or .keras file, or a run folder (default: the model's pretrained ones)",
        group="learning",
        metavar="WEIGHTS",
        basic=True,
        path=True,
        given=True,
        words=NO_RUN,
    )
    first_layer: str = setting(
        "random",
        "the filters of the first convolution. random: they begin by --init; pca: with the principal components of the "
        "training images, each with both signs (default of original with --data: pca)",
        group="network",
        choices=("random", "pca"),
        with_weights="refused",
    )

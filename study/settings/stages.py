"""The stages of a training, with their epochs, batch size and learning rate, and the phases of rising image sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from study.settings.optimization import OptimizationSettings

if TYPE_CHECKING:
    from study.settings.train import TrainSettings

LAST_SIZE_SHARE = 0.15  # of the epochs: in a last phase of a fifth validation stopped improving half-way
AUGMENTED_VIEWS = 2  # of each training image, beside the clean one
STAGES = {"scratch": ("scratch",), "transfer": ("head",), "finetune": ("head", "finetune")}
EPOCHS = {"scratch": 20, "head": 100, "finetune": 8}
BATCH_SIZE = {"scratch": 32, "head": 256, "finetune": 16}
# A head's loss is lowest after 5 to 10 epochs, on features of 6,500 photos; at 2e-3 it was as low after 18 to 32.
ADAM_RATE = {"scratch": 2e-3, "head": 5e-3, "finetune": 5e-5}
LEARNING_RATE = {
    "sgd": {"scratch": 1e-1, "head": 1e-1, "finetune": 1e-2},
    "momentum": {"scratch": 2e-2, "head": 1e-2, "finetune": 1e-3},
    "nesterov": {"scratch": 2e-2, "head": 1e-2, "finetune": 1e-3},
    "adam": ADAM_RATE,
    "adamw": ADAM_RATE,
    "rmsprop": ADAM_RATE,
    "adagrad": {"scratch": 2e-2, "head": 5e-2, "finetune": 1e-3},
    "muon": ADAM_RATE,  # Keras scales Muon's steps to the length of Adam's (https://arxiv.org/abs/2502.16982)
}


def augmented_views(settings: TrainSettings) -> int:
    """Return the augmented views of each training image that a head learns from; fine-tuning makes them as it goes."""
    augmented = settings.regularization.augment or settings.regularization.augment_with
    return AUGMENTED_VIEWS if augmented and settings.learning.kind == "transfer" else 0


@dataclass(frozen=True)
class Stage:
    """One call of Keras' `fit`: the head on features, the unfrozen network, or all from scratch."""

    name: str
    epochs: int
    batch_size: int
    learning_rate: float


@dataclass(frozen=True)
class ResolutionPhase:
    """Epochs of a stage at one size of the images: those from `first` to before `end`, counted from 0.

    Args:
        size: side of the training images in pixels.
        first: its first epoch.
        end: the epoch after its last one.
        last: whether it is the stage's last phase.
        mixing: whether images may be mixed with others: not in the last of several, which shows whole ones, as they
            will be judged, nor in the first of three or more, in which there is much to learn and little by heart
            (stronger regularisation at larger sizes: https://arxiv.org/abs/2104.00298).
    """

    size: int
    first: int
    end: int
    last: bool
    mixing: bool


def phases(epochs: int, sizes: tuple[int, ...], image_size: int) -> list[ResolutionPhase]:
    """Divide epochs among sizes: the last has `LAST_SIZE_SHARE`, one at least, the others share the rest alike.

    Without sizes all are at `image_size`. A size for which no epoch is left is passed over.
    """
    if not sizes:
        return [ResolutionPhase(image_size, 0, epochs, last=True, mixing=True)]
    before = epochs - max(1, round(LAST_SIZE_SHARE * epochs)) if len(sizes) > 1 else 0
    ends = [round(before * number / (len(sizes) - 1)) for number in range(1, len(sizes))] + [epochs]
    starts = [0, *ends[:-1]]
    spans = [(size, first, end) for size, first, end in zip(sizes, starts, ends, strict=True) if end > first]
    final = len(spans) - 1
    return [
        ResolutionPhase(size, first, end, last=number == final, mixing=0 < number < final if final > 1 else number == 0)
        for number, (size, first, end) in enumerate(spans)
    ]


def decay_of(optimizer: str, weight_decay: float | None) -> float:
    """Return the weight decay: that asked for, else the optimiser's own."""
    if weight_decay is not None:
        return weight_decay
    return 0.004 if optimizer == "adamw" else 0.0


def stages_of(optimization: OptimizationSettings, learning: str) -> list[Stage]:
    """Return the stages of a learning type with every value settled.

    `--learning-rate` is that of the last stage: a head in front of fine-tuning keeps its own.
    """
    stages = []
    for name in STAGES[learning]:
        asked = optimization.learning_rate if name == STAGES[learning][-1] else None
        rate = asked or LEARNING_RATE[optimization.optimizer][name]
        stages.append(
            Stage(name, optimization.epochs or EPOCHS[name], optimization.batch_size or BATCH_SIZE[name], rate)
        )
    return stages

"""What keeps a network from learning its training images by heart."""

from __future__ import annotations

from dataclasses import dataclass

from data.augment import custom
from data.augment.pipeline import STRENGTHS, parse_augment
from models.parts.options import DROPOUT_PLACES
from study.settings.declare import Settings, setting
from study.settings.parsers import parse_class_weight


@dataclass(frozen=True)
class RegularizationSettings(Settings):
    """What keeps a network from learning its training images by heart."""

    l1: float = setting(
        0.0,
        "penalty: this times the sum of the absolute weights, biases not; with --l2 an elastic net",
        group="regularisation",
        kind=float,
        low=0,
        high=10,
    )
    l2: float = setting(
        1e-4,
        "penalty: this times the sum of squared weights, biases not",
        group="regularisation",
        kind=float,
        low=0,
        high=10,
    )
    weight_decay: float | None = setting(
        None,
        "share of each weight taken off in an iteration, times the learning rate; biases and normalisation not "
        "(default: adamw 0.004, others 0)",
        group="regularisation",
        kind=float,
        low=0,
        high=10,
    )
    label_smoothing: float = setting(
        0.0,
        "share of each label that is spread over all classes",
        group="regularisation",
        kind=float,
        low=0,
        high=0.99,
    )
    dropout: float = setting(
        0.2,
        "dropout rate: the share of values set to 0 in training, where --dropout-at says",
        group="regularisation",
        kind=float,
        low=0,
        high=0.95,
    )
    dropout_at: str = setting(
        "head",
        "head: before the last layer; blocks: inside the network, whole maps of each block or, where there are some, "
        "values of hidden dense layers; both",
        group="regularisation",
        choices=DROPOUT_PLACES,
        unused_under=("dropout", lambda dropout: float(dropout) == 0),
    )
    augment: dict[str, float] | None = setting(
        None,
        f"none, or some of {', '.join(STRENGTHS)}, each with =STRENGTH if wanted "
        "(default: flip,translation; transfer none)",
        group="regularisation",
        kind=parse_augment,
        metavar="LIST",
        inspected=False,
        basic=True,
    )
    augment_with: str | None = setting(
        None,
        "a function of your own, package.module:function or path/to/file.py:function: gets each training batch after "
        "--augment, float32 (n, side, side, 3) 0..255, and returns the same shape",
        group="regularisation",
        kind=custom.parse,
        metavar="FUNCTION",
        inspected=False,
    )
    class_weight: str | dict[str, float] = setting(
        "none",
        "none, balanced (rarer classes count more; the mean over all images is 1), or cat=1,dog=0.3 (others count 1; "
        "taken as they are, not scaled to a mean of 1: large ones act as a larger learning rate, and L2 weighs less; a "
        "name with a comma in quotation marks)",
        group="regularisation",
        kind=parse_class_weight,
        metavar="WEIGHTS",
        inspected=False,
    )
    sampler: str = setting(
        "natural",
        "balanced: every class is drawn equally often, all its images before one comes again, across epochs",
        group="regularisation",
        choices=("natural", "balanced"),
        inspected=False,
    )
    patience: int = setting(
        8,
        "epochs without a better validation loss before training ends; 0: never",
        group="optimisation",
        kind=int,
        low=0,
        inspected=False,
    )

    def describe(self, weight_decay: float, open_l2: bool) -> list[tuple[str, str]]:
        """Return what the plan says of it, as (key, text); `weight_decay` is settled, L2 may be chosen later."""
        l2 = "as it is chosen below" if open_l2 else f"{self.l2:g}"
        penalty = f"{f'L1 {self.l1:g}, ' if self.l1 else ''}L2 {l2}, weight decay {weight_decay:g}"
        places = {"head": "", "blocks": " inside the network", "both": " inside the network and before the last layer"}
        dropout = f"dropout {self.dropout:g}{places[self.dropout_at] if self.dropout else ''}"
        stopping = f"after {self.patience} epochs without a better validation loss" if self.patience else "off"
        return [
            (
                "against overfitting",
                f"{penalty}, label smoothing {self.label_smoothing:g}, {dropout}, early stopping {stopping}",
            )
        ]

"""What training makes small."""

from __future__ import annotations

from dataclasses import dataclass

from study.settings.declare import Settings, setting

LOSSES = ("crossentropy", "focal", "dice", "crossentropy+dice")


@dataclass(frozen=True)
class LossSettings(Settings):
    """What training makes small."""

    name: str = setting(
        "crossentropy",
        "the loss that training minimises; the loss that is reported and evaluated is cross-entropy always; a class "
        "that is absent from a batch costs Dice the same whatever is predicted, so give batches that hold every class",
        group="loss",
        choices=LOSSES,
        name="loss",
    )
    focal_gamma: float = setting(
        2.0,
        "of --loss focal: how little images count that are right already; 0: cross-entropy",
        group="loss",
        kind=float,
        low=0,
        high=10,
        requires=("loss", ("focal",)),
    )
    dice_weight: float = setting(
        0.5,
        "of --loss crossentropy+dice: the share of Dice, the rest is cross-entropy",
        group="loss",
        kind=float,
        low=0,
        high=1,
        requires=("loss", ("crossentropy+dice",)),
    )

    def describe(self) -> list[tuple[str, str]]:
        """Return what the plan says of it, as (key, text): nothing of plain cross-entropy."""
        detail = {"focal": f", gamma {self.focal_gamma:g}", "crossentropy+dice": f", Dice {self.dice_weight:g}"}
        return [("loss", self.name + detail.get(self.name, ""))] if self.name != "crossentropy" else []

"""What is learned of an image."""

from __future__ import annotations

from dataclasses import dataclass

from data.mask_values import ignores, parse
from study import tasks
from study.settings.declare import Settings, setting


def is_none(auxiliary: str) -> bool:
    """Say whether there is no auxiliary task."""
    return auxiliary == "none"


def is_no_mask(auxiliary: str) -> bool:
    """Say whether the auxiliary task reads no masks."""
    return auxiliary != "mask"


@dataclass(frozen=True)
class TaskSettings(Settings):
    """What is learned of an image."""

    name: str = setting(
        "classify",
        "classify: what is the image of; multilabel: which of several labels it has; segment: what is every pixel of, "
        "which takes masks and -m unet",
        group="task",
        choices=tasks.available(),
        name="task",
        inspected=False,
        varied=False,
    )
    masks: str | None = setting(
        None,
        "folder with a mask for each image of --data: a PNG of the same path and size, 0 for background",
        group="task",
        metavar="DIR",
        inspected=False,
        varied=False,
        path=True,
        unused_under=("auxiliary", is_no_mask),
    )
    mask_values: str = setting(
        "own",
        "what the values of --masks mean; own: 0 background, any other the image's own class; index: 0 background, 1 "
        "the first class, 2 the second, in the order of their names; or each value with background, own, a class or "
        "ignore, whose pixels count nowhere: 1=own,2=background,3=ignore",
        group="task",
        kind=parse,
        metavar="own|index|VALUE=CLASS",
        inspected=False,
        varied=False,
        unused_under=("auxiliary", is_no_mask),
    )
    auxiliary: str = setting(
        "none",
        "an auxiliary task, learned beside the class and not saved: none, coat (of the drawings), mask (of the "
        "drawings or --masks), or a CSV file path,label with a second label of some images",
        group="task",
        metavar="coat|mask|FILE",
        inspected=False,
        path=True,
        words=("none", "coat", "mask"),
    )
    auxiliary_weight: float = setting(
        0.3,
        "of the auxiliary task's loss; the class's has 1",
        group="task",
        kind=float,
        low=0,
        high=100,
        inspected=False,
        unused_under=("auxiliary", is_none),
    )

    @property
    def ignores(self) -> bool:
        """Whether pixels of the masks may not count."""
        return ignores(self.mask_values)

    def describe(self) -> list[tuple[str, str]]:
        """Return what the plan says of it, as (key, text)."""
        if self.auxiliary == "none":
            return []
        return [("auxiliary task", f"{self.auxiliary}, weight {self.auxiliary_weight:g} of its loss")]

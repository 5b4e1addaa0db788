"""What a stage of a training did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from study.fit.training_copy import PrecisionChoice


@dataclass(frozen=True)
class Outcome:
    """What a stage did: a history row an epoch, which epoch's weights were kept, why it ended, in what precision."""

    history: list[dict[str, float | int | str]]
    kept_epoch: int
    ended: str
    precision: PrecisionChoice | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Outcome:
        """Make one of its plain values, as `dataclasses.asdict` gives them."""
        precision = PrecisionChoice(**values["precision"]) if values["precision"] else None
        return cls(**{**values, "precision": precision})

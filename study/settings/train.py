"""The settings of a training, in groups: name, default, range and help of each stand in its group, and only there.

The command line, its checks and `run.json` know no groups: there every setting goes by its own name. Which flag wins
over which default stands in `study.settings.resolve`, what goes with what in `study.settings.conflicts`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields, replace
from typing import Any

from study.settings.data import DataSettings
from study.settings.declare import flag, name_of
from study.settings.learning import LearningSettings
from study.settings.loss import LossSettings
from study.settings.network import NetworkSettings
from study.settings.optimization import OptimizationSettings
from study.settings.regularization import RegularizationSettings
from study.settings.run import RunSettings
from study.settings.task import TaskSettings


@dataclass(frozen=True)
class TrainSettings:
    """`python main.py train`."""

    network: NetworkSettings = NetworkSettings()
    run: RunSettings = RunSettings()
    data: DataSettings = DataSettings()
    learning: LearningSettings = LearningSettings()
    optimization: OptimizationSettings = OptimizationSettings()
    regularization: RegularizationSettings = RegularizationSettings()
    loss: LossSettings = LossSettings()
    task: TaskSettings = TaskSettings()

    @classmethod
    def of(cls, **values: Any) -> TrainSettings:  # noqa: ANN401
        """Return the settings with some values by their names on the command line, the others at their defaults.

        Raises:
            UserError: a value outside its choices or range.
        """
        return cls().with_values(**values)

    def with_values(self, **values: Any) -> TrainSettings:  # noqa: ANN401
        """Return the same settings with other values, by their names on the command line."""
        changed: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            group, attribute = PLACES[name]
            changed.setdefault(group, {})[attribute] = value
        return replace(self, **{group: replace(getattr(self, group), **own) for group, own in changed.items()})

    def as_dict(self) -> dict[str, Any]:
        """Return name on the command line -> value."""
        return {name: getattr(getattr(self, group), attribute) for name, (group, attribute) in PLACES.items()}


def _places() -> Iterator[tuple[str, tuple[str, str], Field]]:
    for group in fields(TrainSettings):
        for entry in fields(group.default):
            yield name_of(entry), (group.name, entry.name), entry


PLACES: Mapping[str, tuple[str, str]] = {name: place for name, place, _ in _places()}  # name -> group and attribute
FIELDS: Mapping[str, Field] = {name: entry for name, _, entry in _places()}
DEFAULTS: Mapping[str, Any] = {name: entry.default for name, entry in FIELDS.items()}


def names_where(key: str, value: Any = True) -> tuple[str, ...]:  # noqa: ANN401
    """Return the names of the settings that are declared with `key` at some value."""
    return tuple(name for name, entry in FIELDS.items() if entry.metadata[key] == value)


def with_flags(text: str) -> str:
    """Return a message of a lower room, which names settings as `split_file`, with flags instead: --split-file."""
    return re.sub(r"`(\w+)`", lambda name: flag(name[1]) if name[1] in FIELDS else name[0], text)

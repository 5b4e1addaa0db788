"""What `tune` was asked for: settled and refused before anything runs, and the folder that it is kept in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.dataset import Dataset
from errors import UserError
from study.experiments import crossval
from study.experiments.contents import beside_data
from study.experiments.plan import digest, without_unused
from study.runs.folder import with_folders
from study.search.space import Choice, Space, check_grid, default_space, depends_on, read_space
from study.settings import declare
from study.settings.commands import TuneSettings
from study.settings.resolve import as_json
from study.settings.stages import stages_of
from study.settings.train import DEFAULTS, FIELDS, TrainSettings, names_where

SEEDS = 3  # with which the best setting is trained anew
IRRELEVANT = ("runs", "store", "store_limit", "keep_diverged")  # they change no trial
BACKBONE = ("model", "weights", "learning", "image_size", "resize", "engine", "precision", "augment", "augment_with")


@dataclass(frozen=True)
class Asked:
    """What was asked for: settings of the search, flags of train that all share, what is searched, the command."""

    own: TuneSettings
    texts: Mapping[str, str]
    settings: TrainSettings
    space: Space
    command: str

    def shared(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Return the flags that all trainings share, but for those that say nothing beside what was chosen."""
        return saying_something(self.texts, self.space.names, chosen)

    def settled(self, chosen: Mapping[str, str]) -> TrainSettings:
        """Return the settings of a training with some of what is searched. Raise UserError where `train` would."""
        return crossval.settled({**self.shared(chosen), **chosen}, "tune")

    def flags(self, chosen: Mapping[str, str]) -> dict[str, str]:
        """Return the flags of a training beside what was chosen; `train` might settle model and learning otherwise."""
        settings = self.settled(chosen)
        own = {"model": settings.run.model, "learning": settings.learning.kind}
        return {name: text for name, text in {**self.shared(chosen), **own}.items() if name not in chosen}


def saying_something(texts: Mapping[str, str], searched: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Leave out what says nothing beside what was chosen, and beside the defaults of what is searched but was not."""
    return without_unused(texts, {name: str(DEFAULTS[name]) for name in searched} | dict(chosen))


def settle(own: TuneSettings, texts: Mapping[str, str], command: str) -> Asked:
    """Settle what is searched. Raise UserError, before any image is read, for what one of the trials would refuse."""
    texts = with_folders(texts, own.runs)
    space = read_space(own.space) if own.space else Space(())
    for name in space.names:
        if name in texts:
            raise UserError(
                f"{declare.flag(name)} is given twice: for all trials and in --space {own.space}. Leave one of the two "
                "out."
            )
    reject_unused(space, texts)
    settings = crossval.settled(saying_something(texts, space.names, {}), "tune")
    if not own.space:
        rate = stages_of(settings.optimization, settings.learning.kind)[-1].learning_rate
        searched = default_space(settings, rate).entries
        space = Space.of([entry for entry in searched if entry.name not in texts])
        if not space.entries:
            raise UserError("Nothing is left to search: every setting that tune varies is given. Leave one out.")
    if own.sampler == "grid":
        check_grid(space)
    asked = Asked(own, texts, settings, space, command)
    last = {"seed": str(settings.data.seed + SEEDS)}  # with which the best setting is trained anew
    for corner in [last, *space.corners()]:
        try:
            asked.settled(corner)
        except UserError as error:
            raise UserError(f"--space {own.space}: {error}" if own.space and corner != last else str(error)) from error
    return asked


def reject_unused(space: Space, texts: Mapping[str, str]) -> None:
    """Raise UserError for a flag that says nothing under any of the choices that are searched."""
    choices = {entry.name: entry.choices for entry in space.entries if isinstance(entry, Choice)}
    for name in texts:
        other = depends_on(name) if name in FIELDS else None
        if other in choices and not any(without_unused({name: texts[name]}, {other: text}) for text in choices[other]):
            raise UserError(
                f"{declare.flag(name)} says nothing with any of the {other.replace('_', '-')} that are searched: "
                f"{', '.join(choices[other])}. Leave it out."
            )


def folder_for(asked: Asked, dataset: Dataset) -> Path:
    """Return the folder that the same command finds again.

    Other images, split, settings or space have another, and so has what else is held by files that flags name.
    """
    paths = {name for name in names_where("path") if not FIELDS[name].metadata["given"]}  # the images tell of those
    values = as_json(asked.settings)
    for name in asked.texts.keys() - asked.shared({}).keys():  # these say something in some trials
        values[name] = asked.texts[name]
    same = {name: value for name, value in values.items() if name not in paths | {*IRRELEVANT}}
    chosen = [{one.name: text} for one in asked.space.entries if isinstance(one, Choice) for text in one.choices]
    beside = beside_data([asked.texts, *chosen])
    lines = sorted(f"{entry.sha256} {entry.label} {entry.split}" for entry in dataset.entries)
    images = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    code = digest([same, asked.space.described(), images, *beside])
    return Path(asked.own.runs) / f"{asked.settings.run.model}-{code}-tune"


def reason_against(names: Sequence[str], settings: TrainSettings) -> str:
    """Say why the heads cannot all learn on the same features in this process; nothing where they can.

    A head with averaged weights, or whose rate follows the loss, is judged as only its own training does.
    """
    if changed := [name for name in names if name in BACKBONE]:
        return f"{changed[0].replace('_', '-')} changes the features"
    if settings.run.backend != "tensorflow":
        return f"{settings.run.backend} trains one head after the other"
    return ""

"""What `compare` will train: every combination of the varied settings, with several seeds, and where it is kept."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import models
from errors import UserError, did_you_mean
from study.runs.folder import with_folders
from study.settings import commands, conflicts, declare
from study.settings.commands import CompareSettings
from study.settings.parsers import split_outside_quotes
from study.settings.resolve import as_json, defaults_of, resolve, with_model
from study.settings.train import DEFAULTS, FIELDS, TrainSettings, names_where

NOT_VARIED = (*names_where("varied", False), "seed")  # which images and classes, how it is computed, which seeds
CONDITIONAL = tuple(
    name for name, entry in FIELDS.items() if entry.metadata["requires"] or entry.metadata["unused_under"]
)
IRRELEVANT = ("seed", "split_seed", "store", "store_limit")  # they change no run, or stand elsewhere
LONGEST_NAME = 80
TRAIN_FIELDS = {declare.name_of(entry): entry for entry in commands.compare_fields()}
VARIED = [name.replace("_", "-") for name in TRAIN_FIELDS if name not in NOT_VARIED]


@dataclass(frozen=True)
class Combination:
    """One value of each varied setting: pairs of the field's name and the text as for its flag."""

    texts: tuple[tuple[str, str], ...]

    @property
    def label(self) -> str:
        """`optimizer=sgd l2=0`; of one setting that is told by words, the word."""
        if len(self.texts) != 1:
            return self.full
        ((name, text),) = self.texts
        return text if TRAIN_FIELDS[name].metadata["choices"] or name == "model" else self.full

    @property
    def full(self) -> str:
        """`optimizer=sgd l2=0`; `defaults` where nothing is varied."""
        return " ".join(f"{name.replace('_', '-')}={text}" for name, text in self.texts) or "defaults"

    @property
    def folder(self) -> str:
        """Return a name that any file system takes; two combinations never share one."""
        name = re.sub(r"[^\w.=+,-]+", "_", self.full)
        if name == self.full and len(name) <= LONGEST_NAME:
            return name
        return f"{name[: LONGEST_NAME - 10]}-{digest(self.full)}"


@dataclass(frozen=True)
class Plan:
    """All that is to be trained.

    Args:
        combinations: in the order they were asked for.
        seeds: one training of each combination for each.
        fixed: flags that all share, as text, the split's seed among them.
        same: what must be equal for earlier runs in the folder to count: the fixed settings that matter.
        out: where everything is kept.
        task: of all.
        contents: of the images and the files that flags name: a hash of each, which must be equal too.
    """

    combinations: tuple[Combination, ...]
    seeds: range
    fixed: Mapping[str, str]
    same: Mapping[str, Any]
    out: Path
    task: str
    contents: Mapping[str, str] = field(default_factory=dict)

    def folder_of(self, combination: Combination, seed: int) -> Path:
        """Return the folder of run folders of one training."""
        return self.out / combination.folder / f"seed-{seed}"

    def arguments(self, combination: Combination, seed: int) -> list[str]:
        """Return the arguments of one training."""
        texts = flag_texts(combination, self.fixed) | {
            "seed": str(seed),
            "runs": str(self.folder_of(combination, seed)),
        }
        return part_arguments(texts)


def train_arguments(texts: Mapping[str, str]) -> list[str]:
    """Return the arguments of a training with these flags, in the form that a value with a dash in front survives."""
    switches = [name for name in texts if is_switch(name)]
    given = [declare.flag(name) for name in switches if texts[name] == "on"]
    valued = (f"{declare.flag(name)}={texts[name]}" for name in texts if name not in switches)
    return ["train", *given, *valued]


def part_arguments(texts: Mapping[str, str]) -> list[str]:
    """Return the arguments of a training that is a part of something: one that was killed goes on where it was."""
    command, *arguments = train_arguments(with_run_folders(texts))
    return [command, "--resume=auto", *arguments]


def make_plan(settings: CompareSettings, fixed: Mapping[str, str]) -> Plan:
    """Settle what to train. Raise UserError, before anything runs, for whatever one of the trainings would refuse.

    Args:
        settings: of the comparison.
        fixed: flags of train that were given for all, as typed.
    """
    varied = read_vary(settings.vary)
    for name in varied.keys() & fixed.keys():
        raise UserError(f"{declare.flag(name)} is given twice: for all and in --vary. Leave one of the two out.")
    first = read_value("seed", fixed.get("seed", str(DEFAULTS["seed"])))
    fixed = {"split_seed": str(first)} | {name: text for name, text in fixed.items() if name != "seed"}
    reject_unused(varied, fixed)
    all_texts = (dict(zip(varied, texts, strict=True)) for texts in itertools.product(*varied.values()))
    # Those that differ only in what says nothing are one.
    combinations = tuple(dict.fromkeys(Combination(tuple(without_unused(texts, texts).items())) for texts in all_texts))
    task_of: dict[str, str] = {}  # of each model
    for combination, seed in itertools.product(combinations, (first, first + settings.seeds - 1)):
        resolved = resolve_texts(flag_texts(combination, fixed) | {"seed": str(seed)})
        task_of[resolved.run.model] = resolved.task.name
    check_one_task(task_of)
    # Of the last combination; what says nothing under that stands in `fixed`.
    unused_names = fixed.keys() - flag_texts(combinations[-1], fixed).keys()
    values = as_json(resolved.with_values(**{name: read_value(name, fixed[name]) for name in unused_names}))
    same = {name: values[name] for name in sorted({"model", *fixed} - varied.keys() - {*IRRELEVANT} | {"split_seed"})}
    name = "models" if "model" in varied else resolved.run.model
    out = Path(settings.out) if settings.out else Path("compares") / f"{name}-{digest([same, varied])}"
    return Plan(combinations, range(first, first + settings.seeds), fixed, same, out, resolved.task.name)


def check_one_task(task_of: Mapping[str, str]) -> None:
    """Raise UserError where models are for several tasks: the accuracy of pixels and of images cannot be ranked."""
    if len(set(task_of.values())) > 1:
        told = " and ".join(f"-m {model} is for --task {task}" for model, task in task_of.items())
        raise UserError(f"compare ranks runs of one task, and {told}. Vary models of one task.")


def reject_unused(varied: Mapping[str, Sequence[str]], fixed: Mapping[str, str]) -> None:
    """Raise UserError for a flag that says nothing under any value of the setting that is varied."""
    for name, entry in TRAIN_FIELDS.items():
        other, values = entry.metadata["requires"] or ("", ())
        if name in {**varied, **fixed} and other in varied and not set(varied[other]) & set(values):
            raise UserError(
                f"{declare.flag(name)} goes with {declare.flag(other)} {', '.join(values)}, which --vary "
                f"{other.replace('_', '-')}={','.join(varied[other])} does not try. Leave one of the two out."
            )


def flag_texts(combination: Combination, fixed: Mapping[str, str]) -> dict[str, str]:
    """Return the flags of one training, without those that say nothing under what was varied.

    `--vary loss=crossentropy,focal --focal-gamma 1` is to try both, and `train` refuses the second with the first.
    """
    varied = dict(combination.texts)
    return without_unused({**fixed, **varied}, varied)


def without_unused(texts: Mapping[str, str], varied: Mapping[str, str]) -> dict[str, str]:
    """Leave out of `texts` what says nothing under one of the values in `varied`."""
    return {name: text for name, text in texts.items() if not is_unused(name, varied)}


def is_unused(name: str, varied: Mapping[str, str]) -> bool:
    """Say whether a setting says nothing under one of the values in `varied`."""
    meta = TRAIN_FIELDS[name].metadata if name in TRAIN_FIELDS else {}
    if requires := meta.get("requires"):
        other, values = requires
        return other in varied and varied[other] not in values
    if unused := meta.get("unused_under"):
        other, is_unused_under = unused
        return other in varied and is_unused_under(varied[other])
    return False


def read_vary(items: Sequence[str]) -> dict[str, list[str]]:
    """Read `optimizer=sgd,adam` and so on into name of the field -> values, each spelled in one way.

    Raises:
        UserError: none, no such setting, one that must be the same for all, no value, or a value twice.
    """
    if not items:
        raise UserError("--vary is missing: name a flag of train and the values to try, such as optimizer=sgd,adam.")
    varied: dict[str, list[str]] = {}
    for item in items:
        name, equals, texts = item.partition("=")
        field = name.strip().lstrip("-").replace("-", "_")
        if not equals or field not in TRAIN_FIELDS:
            hint = did_you_mean(field.replace("_", "-"), VARIED)
            raise UserError(f"--vary takes FLAG=A,B with a flag of train: {', '.join(VARIED)}. {hint}Received: {item}")
        if field in NOT_VARIED:
            why = why_not_varied(field)
            raise UserError(f"--vary cannot take {name.strip()}: {why}. Give {declare.flag(field)} once for all.")
        for text in values_of(field, texts):
            if text in varied.setdefault(field, []):
                raise UserError(f"--vary {item}: {text} is named twice. Name each value once.")
            varied[field].append(text)
    return varied


def why_not_varied(field: str, each: str = "run") -> str:
    """Say why a setting has one value for each run of a comparison, or each "trial" of a search."""
    if field == "seed":
        return "--seeds says how many there are"
    if TRAIN_FIELDS[field].metadata["group"] in ("data", "task"):
        return f"every {each} is evaluated on the same images"
    return f"every {each} is computed in the same way"


def values_of(field: str, texts: str) -> list[str]:
    """Divide the text behind `=`, outside quoted names: at ; where there is one or the values are lists, else at ,.

    Raises:
        UserError: one is no value of the setting, with what divides values that hold commas themselves.
    """
    entry = TRAIN_FIELDS[field]
    lists = any(kind in str(entry.type) for kind in ("dict", "tuple"))
    separator = ";" if ";" in texts or lists else ","
    pieces = split_outside_quotes(texts.removesuffix(separator), separator)
    try:
        return [normalise(field, text.strip()) for text in pieces]
    except UserError as error:
        if len(pieces) > 1 or separator == "," or "," not in texts:
            raise
        raise UserError(f"{error}. {texts} was read as one value: several have ; between them.") from error


def normalise(field: str, text: str) -> str:
    """Check a value as its flag would, and return a number in one spelling: `1e-3` -> `0.001`."""
    if not text:
        raise UserError(f"--vary {field.replace('_', '-')} has an empty value: give a value or leave it out.")
    value = read_value(field, text)
    declare.check(TRAIN_FIELDS[field], value)
    if is_switch(field):
        return text
    return repr(value).removesuffix(".0") if isinstance(value, int | float) else text


def is_switch(field: str) -> bool:
    """Say whether a flag of train takes no value: here it is `on` or `off`."""
    return field in TRAIN_FIELDS and TRAIN_FIELDS[field].metadata["kind"] is bool


def read_value(field: str, text: str) -> Any:  # noqa: ANN401 - each field has its own type
    """Turn the text of a setting into its value. Raise UserError where it is none."""
    if not is_switch(field):
        return declare.read(TRAIN_FIELDS[field], text)
    if text not in ("on", "off"):
        raise UserError(f"--vary {field.replace('_', '-')} takes on, off. Received: {text}")
    return text == "on"


def resolve_texts(texts: Mapping[str, str]) -> TrainSettings:
    """Read the flags of one training as `train` would. Raise UserError where it would."""
    values = {name: read_value(name, text) for name, text in with_run_folders(texts).items()}
    values = with_model(values)
    spec = models.get(values["model"]).SPEC
    settings = resolve(values, defaults_of(spec, values))
    conflicts.check_flags(settings, spec)
    return settings


def with_run_folders(texts: Mapping[str, str]) -> dict[str, str]:
    """Return flags with the folders of runs in place of their names, which each training would look for in its own.

    Raises:
        UserError: several runs have the name.
    """
    return with_folders(texts, DEFAULTS["runs"])


def digest(content: object) -> str:
    """Return eight characters that stand for some content."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]

"""From explicit flags and a model's own values to the settings of a training.

Precedence, field by field: explicit flag; then, where a network learns from photos and random weights, the model's
`SPEC.photos`; then its `SPEC.defaults`; then the default in `study.settings.train`. A default of None means that the
value follows from the model or the learning type; `resolve` and `study.settings.stages` fill it in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from errors import UserError
from models.parts.recipe import DETAILS, Recipe, check_obeyed
from models.parts.spec import OPTIONS
from study import tasks
from study.settings.declare import Settings, flag
from study.settings.stages import phases
from study.settings.train import SCHEDULES, WITHOUT_WARMUP, NetworkSettings, TrainSettings

if TYPE_CHECKING:
    from models.parts.spec import Spec

# Settings that say something only under some values of another one.
ONLY_UNDER = {
    "focal_gamma": ("loss", ("focal",)),
    "dice_weight": ("loss", ("crossentropy+dice",)),
    "engine": ("learning", ("auto", "transfer", "finetune")),
    "store_limit": ("store", ("on",)),
    "init_std": ("init", ("normal",)),
    "init_value": ("init", ("constant",)),
}
FIRST_WEIGHTS = ("init", "first_layer")  # these say how random weights begin
SHAPING = ("activation", "norm", "depth", "width", "coordinates")  # what a network stays once it has learned
SEEN_BY = ("image_size", "resize")  # how it saw pictures


def with_model(explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Add the model to the explicit flags where none is named: the one for their task."""
    task = explicit.get("task", TrainSettings.task)
    model = tasks.get(task).MODEL if task in tasks.available() else TrainSettings.model  # what is no task is told later
    return {"model": model, **explicit}


def resolve(explicit: Mapping[str, Any], spec_defaults: Mapping[str, Any]) -> TrainSettings:
    """Explicit flags over the model's own defaults over the general ones.

    A model's own warm-up is dropped where a schedule was asked for that knows none, and its learning rate and weight
    decay, which belong together, where another optimiser was.

    Raises:
        UserError: values that do not go together.
    """
    dropped: dict[str, Any] = {"warmup": 0.0} if explicit.get("schedule") in WITHOUT_WARMUP else {}
    own_optimizer = spec_defaults.get("optimizer", "adam")
    if explicit.get("optimizer", own_optimizer) != own_optimizer:
        dropped |= {"learning_rate": None, "weight_decay": None}
    settings = TrainSettings(**{**spec_defaults, **dropped, **explicit})
    if settings.warmup and settings.schedule in WITHOUT_WARMUP:
        raise UserError(
            f"--warmup goes with --schedule {', '.join(name for name in SCHEDULES if name not in WITHOUT_WARMUP)}. "
            f"Received: --schedule {settings.schedule} --warmup {settings.warmup:g}"
        )
    refuse_idle(settings, explicit)
    if settings.find_learning_rate and "learning_rate" in explicit:
        raise UserError("--find-learning-rate looks for what --learning-rate says. Leave one of the two out.")
    if settings.find_learning_rate and settings.augment_preview:
        raise UserError("--find-learning-rate and --augment-preview each end the command. Leave one of the two out.")
    sizes, size = settings.progressive, settings.image_size
    if sizes and size and sizes[-1] > size:
        raise UserError(
            f"--progressive takes sizes up to the image size, {size}. Received: {','.join(map(str, sizes))}"
        )
    if {"progressive", "epochs"} <= explicit.keys() and len(phases(settings.epochs, sizes, 0)) < len(sizes):
        raise UserError(
            f"--progressive leaves no epoch for one of its {len(sizes)} sizes. Received: --epochs {settings.epochs}; "
            "give more epochs or fewer sizes."
        )
    return settings


def refuse_idle(settings: Settings, explicit: Mapping[str, Any]) -> None:
    """Raise UserError for an explicit flag that says nothing under the value of another one."""
    for name in explicit.keys() & ONLY_UNDER.keys():
        other, values = ONLY_UNDER[name]
        if getattr(settings, other) not in values:
            given = getattr(settings, other)
            raise UserError(
                f"{flag(name)} goes with {flag(other)} {', '.join(values)}. "
                f"Received: {f'{flag(other)} {given}' if given else f'no {flag(other)}'}; leave {flag(name)} out."
            )


def defaults_of(spec: Spec, explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Return what suits a model, given the explicit flags; `resolve` lays those over it.

    Its settings for photos are for learning from random weights, and so are its learning rate and its dropout inside
    the network. An earlier run, as weights, brings the shape of its network and how that saw pictures.

    Raises:
        UserError: an option of the network that the model cannot obey, or that weights have settled already.
    """
    asked = {name: explicit[name] for name in (*OPTIONS, *DETAILS) if name in explicit and name != "dropout"}
    if asked.get("dropout_at") == "head":
        del asked["dropout_at"]  # every model has that
    check_obeyed(explicit.get("model", TrainSettings.model), spec, asked)
    chosen = {"image_size": spec.image_size, **spec.defaults}
    pretrained = spec.weights[0] if spec.weights and explicit.get("learning") != "scratch" else "none"
    begins = explicit.get("weights", pretrained)
    if begins != "none":
        if idle := [flag(name) for name in FIRST_WEIGHTS if name in explicit]:
            raise UserError(f"{idle[0]} is for random weights. Received: --weights {begins}; leave one of the two out.")
        chosen = {name: value for name, value in chosen.items() if name not in ("learning_rate", "dropout_at")}
        if begins not in spec.weights:
            chosen |= _shape_of(Path(begins), spec, explicit.get("model", TrainSettings.model))
    elif explicit.get("data") is not None:
        chosen |= spec.photos
    if "progressive" in explicit:
        chosen["image_size"] = max(chosen["image_size"], *explicit["progressive"], 0)
    elif "progressive" in chosen and "image_size" in explicit:
        chosen["progressive"] = fitted(chosen["progressive"], explicit["image_size"])
    return chosen


def fitted(sizes: tuple[int, ...], image_size: int) -> tuple[int, ...]:
    """Return those of a model's sizes that `image_size` leaves room for; a single one would be no progress."""
    kept = tuple(size for size in sizes if size < image_size)
    if len(kept) < len(sizes):
        kept = (*kept, image_size)
    return kept if len(kept) > 1 else ()


def _shape_of(weights: Path, spec: Spec, model: str) -> dict[str, Any]:
    """Return the settings of a run folder, or of the one that a saved model lies in, that go with its network.

    None where it does not tell, or is of another model.
    """
    run = weights if weights.is_dir() else weights.parent
    try:
        info = json.loads((run / "run.json").read_text(encoding="utf-8"))
        made = info["settings"] if info["model"] == model else {}
        names = (*(name for name in SHAPING if name in spec.obeys), *SEEN_BY)
        return {name: made[name] for name in names if made.get(name) is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def recipe_of(settings: NetworkSettings) -> Recipe:
    """Return what the settings ask of a network."""
    shared = {entry.name: getattr(settings, entry.name) for entry in fields(NetworkSettings)}
    at = getattr(settings, "dropout_at", None)
    dropout = None if at is None else settings.dropout if at != "head" else 0.0
    return Recipe(**shared, dropout=dropout)


def seed_of_split(settings: TrainSettings) -> int:
    """Return what the split goes by."""
    return settings.seed if settings.split_seed is None else settings.split_seed


def as_json(settings: Settings) -> dict[str, Any]:
    """Return the settings as a plain dict for `run.json`; paths absolute, so that another folder finds them."""
    values = asdict(settings)
    for name in ("data", "split_file", "labels", "exclude", "runs", "weights", "masks", "auxiliary"):
        if values.get(name) and (name not in ("weights", "auxiliary") or Path(values[name]).exists()):
            values[name] = str(Path(values[name]).absolute())
    return values

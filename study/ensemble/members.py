"""The members of an ensemble: what each of them answers, and what the run folder tells of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from study.runs import members as told
from study.runtime import console
from study.tasks import crossentropy
from study.tasks.contract import Evaluation

if TYPE_CHECKING:
    import keras

SPLITS = ("val", "test")
MEAN = "mean of the members' probabilities"


@dataclass(frozen=True)
class Member:
    """One classifier of an ensemble.

    `name`: as it is listed. `learned`: how, in a few words. `shares`: split -> its probabilities, float (n, classes);
    "val" and "test" are always there, "train" where that is known. `votes`: whether it names a class and has no
    probabilities; then they are 0 and 1.
    """

    name: str
    learned: str
    shares: Mapping[str, np.ndarray]
    votes: bool = False


@dataclass(frozen=True)
class Ensemble:
    """Members and what they make together.

    `described`: the method in one sentence, without its full stop. `joined`: what is made of the members. `head`:
    features -> probabilities. `first`: a number -> what the first so many members answer together on validation, float
    (n, classes). `l2`: the penalty of the members, where that was chosen for them.
    """

    method: str
    described: str
    joined: str
    members: Sequence[Member]
    head: keras.Model
    first: Callable[[int], np.ndarray]
    l2: float | None = None


def shares_of(head: keras.Model, features: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return split -> probabilities that a head has for its features."""
    import keras

    return {split: keras.ops.convert_to_numpy(head(rows, training=False)) for split, rows in features.items()}


def mean_of_first(members: Sequence[Member]) -> Callable[[int], np.ndarray]:
    """Return the mean of the probabilities of the first members on validation, as a function of their number."""
    return lambda number: np.mean([member.shares["val"] for member in members[:number]], axis=0)


def figures(shares: np.ndarray, truth: np.ndarray, votes: bool = False) -> tuple[float | str, float]:
    """Return cross-entropy and accuracy; of votes there is no cross-entropy."""
    loss = "" if votes else crossentropy.mean(shares[np.arange(len(truth)), truth])
    return loss, float((shares.argmax(axis=1) == truth).mean())


def history(ensemble: Ensemble, truth: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """Return a row for each member: its own figures, and those of it and all before it together on validation."""
    rows = []
    for number, member in enumerate(ensemble.members, 1):
        row: dict[str, Any] = {"member": member.name}
        if "train" in member.shares:
            row["loss"], row["accuracy"] = figures(member.shares["train"], truth["train"], member.votes)
        row["val_loss"], row["val_accuracy"] = figures(member.shares["val"], truth["val"], member.votes)
        together = figures(ensemble.first(number), truth["val"])
        row["ensemble_val_loss"], row["ensemble_val_accuracy"] = together
        rows.append(row)
    return rows


def best_on_validation(ensemble: Ensemble, truth: np.ndarray) -> Member:
    """Return the member of the highest accuracy on validation, of several the one of the lowest cross-entropy."""

    def rank(member: Member) -> tuple[float, float]:
        loss, accuracy = figures(member.shares["val"], truth, member.votes)
        return accuracy, -loss if isinstance(loss, float) else 0.0

    return max(ensemble.members, key=rank)


def describe(
    ensemble: Ensemble,
    evaluations: Mapping[str, Evaluation],
    truth: Mapping[str, np.ndarray],
    units: np.ndarray | None,
) -> dict[str, Any]:
    """Return what `run.json` says of the ensemble: its members, the best of them beside it, and how they differ.

    `units`: of the test images, as `paired` takes them.
    """
    best = best_on_validation(ensemble, truth["val"])
    right = [
        shares.argmax(axis=1) == truth["test"] for shares in (evaluations["test"].predictions, best.shares["test"])
    ]
    return {
        "method": ensemble.method,
        "described": ensemble.described,
        "joined": ensemble.joined,
        "members": [
            {"name": member.name, "learned": member.learned}
            | {f"{split}_accuracy": figures(member.shares[split], truth[split])[1] for split in SPLITS}
            for member in ensemble.members
        ],
        "accuracy": {split: evaluations[split].metrics["accuracy"] for split in SPLITS},
        "best_member": best.name,
        "paired": told.paired(*right, units),
        "disagreement": {
            split: told.disagreement(np.stack([member.shares[split].argmax(axis=1) for member in ensemble.members]))
            for split in SPLITS
        },
    }


def print_members(ensemble: Mapping[str, Any]) -> None:
    """Print the table of members, and what the ensemble brings."""
    console.table("Members", told.SHOWN_HEADER, told.shown(ensemble), left=2)
    console.print(told.diversity(ensemble))
    console.print(told.verdict(ensemble))

"""What is told of the members of an ensemble: each one's accuracy, how different they are, and what they bring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from study.pages.blocks import Block, Heading, Table, Text
from study.runs.difference import CHANCE, MCNEMAR, paired_test
from study.runtime.format import significant

FILE = "members.csv"
HEADER = ("member", "learned", "val_accuracy", "test_accuracy")
ALL = "ensemble"  # the last row
SHOWN_HEADER = ("member", "how it learned", "validation %", "test %")
SPLITS = ("val", "test")


def paired(ensemble: np.ndarray, member: np.ndarray, units: np.ndarray | None = None) -> dict[str, Any]:
    """Compare answers on the same images: whether each is right, bool (n,) of the ensemble and of one member.

    `units`: number of what each image belongs together with, int (n,); None: every image is a unit of its own.
    """
    only_ensemble, only_member = int((ensemble & ~member).sum()), int((member & ~ensemble).sum())
    counts = {"images": len(ensemble), "only_ensemble": only_ensemble, "only_member": only_member}
    p, test = paired_test(ensemble.astype(int) - member.astype(int), units)
    return counts | {"p": p, "test": test}


def disagreement(answers: np.ndarray) -> float:
    """Return the share of images that two members answer differently, the mean over all pairs: int (members, n).

    Of an image that m members answer, c of them alike and so on, the pairs that agree are sum c (c - 1) / 2.
    """
    members = len(answers)
    counts = np.stack([(answers == label).sum(axis=0) for label in np.unique(answers)])
    agreeing = (counts * (counts - 1)).sum(axis=0) / (members * (members - 1))
    return float(1 - agreeing.mean())


def verdict(ensemble: Mapping[str, Any]) -> str:
    """Say in plain words whether the ensemble is better than the member that validation would have taken."""
    found, name = ensemble["paired"], ensemble["best_member"]
    images, better, worse, p = (found[key] for key in ("images", "only_ensemble", "only_member", "p"))
    chosen = f"{name}, the best member on validation"
    if not better + worse:
        return (
            f"The ensemble and {chosen}, are right about the same test images, all {images:,} compared: it brings "
            "nothing here that this member alone would not."
        )
    told = (
        f"The ensemble and {chosen}, differ on {better + worse:,} of {images:,} test images: only the ensemble is "
        f"right about {better:,}, only the member about {worse:,}"
    )
    test = f"({found.get('test', MCNEMAR)}, p = {p:.2g})"
    if p >= CHANCE:
        return f"{told}. That may well be chance {test}: nothing shows that the ensemble is better than this member."
    if better > worse:
        return f"{told}. The ensemble is better, by more than chance {test}."
    return f"{told}. The ensemble is worse, by more than chance {test}: take this member alone."


def diversity(ensemble: Mapping[str, Any]) -> str:
    """Say how far the members' accuracies lie apart, and how often two of them answer differently."""
    accuracies = [100 * member["test_accuracy"] for member in ensemble["members"]]
    val, test = (100 * ensemble["disagreement"][split] for split in SPLITS)
    return (
        f"The members alone reach {min(accuracies):.1f} to {max(accuracies):.1f} % on test. Two of them answer "
        f"differently for {val:.1f} % of the validation images and {test:.1f} % of the test images, on average over "
        "all pairs; where members hardly differ, an ensemble can bring little."
    )


def rows(ensemble: Mapping[str, Any]) -> list[list[str]]:
    """Return the lines of `members.csv`: one a member, then the ensemble."""
    each = [(member["name"], member["learned"], *(member[f"{split}_accuracy"] for split in SPLITS))
            for member in ensemble["members"]]  # fmt: skip
    together = (ALL, ensemble["joined"], *(ensemble["accuracy"][split] for split in SPLITS))
    return [
        [name, learned, significant(val, 6), significant(test, 6)] for name, learned, val, test in (*each, together)
    ]


def shown(ensemble: Mapping[str, Any]) -> list[list[str]]:
    """Return the same for people, in percent."""
    return [
        [name, how, *(f"{100 * float(share):.1f}" for share in accuracy)] for name, how, *accuracy in rows(ensemble)
    ]


def members(info: Mapping[str, Any]) -> list[Block]:
    """Return the section of the report; nothing for a run of a single network."""
    if "ensemble" not in info:
        return []
    ensemble = info["ensemble"]
    described, lines = ensemble["described"], shown(ensemble)
    header = (SHOWN_HEADER[0], *SHOWN_HEADER[2:], SHOWN_HEADER[1])  # figures first: a telephone is narrow
    return [
        Heading("Members"),
        Text(f"{described[0].upper()}{described[1:]}."),
        Text(verdict(ensemble)),
        Table(header, [[name, *accuracy, how] for name, how, *accuracy in lines], (0, 3)),
        Text(diversity(ensemble)),
        Text(
            "Validation names the best member; the test split, on which the two are compared, chooses nothing.", "note"
        ),
    ]

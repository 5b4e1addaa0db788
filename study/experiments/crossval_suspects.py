"""Labels that cross-validation suspects, and the part of its page where a person judges them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import numpy as np

from data import display
from data.dataset import Dataset
from data.fixes import COLUMNS
from study.folds.divide import Labelled
from study.inference import label_errors
from study.inference.label_errors import Suspect
from study.pages import suspects as cards
from study.pages.blocks import Figure
from study.pages.suspects import Card


def find(dataset: Dataset, images: Labelled, probabilities: np.ndarray, features: np.ndarray | None) -> list[Suspect]:
    """Return the images whose label is probably wrong, the least probable label first, but for those decided before.

    Args:
        dataset: the images.
        images: their labels.
        probabilities: out of fold, float (repeats, n, classes).
        features: by which similar images are found, float32 (n, features); from scratch there are none.
    """
    centred = None if features is None else features - features.mean(axis=0)
    found = label_errors.find(images.labels, probabilities.mean(axis=0), images.names, centred)
    decided = dataset.fixed.decided if dataset.fixed else frozenset()
    return [suspect for suspect in found if dataset.entries[suspect.image].path not in decided]


def as_json(dataset: Dataset, found: Sequence[Suspect]) -> list[dict[str, Any]]:
    """Return what `crossval.json` says of all of them."""
    return [
        {
            "path": dataset.entries[suspect.image].path,
            "sha256": dataset.entries[suspect.image].sha256,
            "label": suspect.given,
            "suggested": suspect.suggested,
            "probability_of_label": suspect.own,
            "probability_of_suggested": suspect.other,
        }
        for suspect in found
    ]


def section(dataset: Dataset, found: Sequence[Suspect]) -> dict[str, Any]:
    """Return what `_suspects.html.jinja` shows."""
    contents = [(entry.sha256, entry.label) for entry in dataset.entries]
    earlier = [astuple(fix) for fix in dataset.fixed.rows] if dataset.fixed else []
    shown = [card(dataset, suspect) for suspect in found[: cards.MOST]]
    return cards.section(shown, contents, dataset.class_names, COLUMNS, earlier)


def card(dataset: Dataset, suspect: Suspect) -> Card:
    """Return an image, what is said of it, and those most like it in each of both classes."""
    entry = dataset.entries[suspect.image]
    file = dataset.images.records[suspect.image].path
    large = display.enlarged(file, cards.LARGE_SIDE, dataset.images.ranges)
    pixels = dataset.images.pixels[[suspect.image]][0]
    pairs = ((suspect.given, suspect.like_given), (suspect.suggested, suspect.like_suggested))
    return Card(
        entry.path,
        entry.sha256,
        suspect.given,
        suspect.suggested,
        suspect.own,
        suspect.other,
        cards.judged(large, pixels, pixels.shape[1::-1] if large is None else large.size, entry.path),
        {label: [neighbour(dataset, i) for i in alike] for label, alike in pairs if alike},
    )


def neighbour(dataset: Dataset, index: int) -> tuple[str, Figure]:
    """Return the name of an image, and it as networks see it."""
    path, pixels = dataset.entries[index].path, dataset.images.pixels[[index]][0]
    return path, cards.neighbour(pixels, pixels.shape[1::-1], path)


def describe(found: Sequence[Suspect]) -> str:
    """`12 of the images look like another class to networks that did not learn from them: …`."""
    if not found:
        return "no image looks like another class to networks that did not learn from it"
    return (
        f"{len(found):,} image(s) look like another class to networks that did not learn from them: a wrong label, or "
        "an unusual image"
    )

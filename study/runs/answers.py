"""What the report shows of single images of the test split: plain values, which its template puts into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.pages.blocks import Figure

MAX_IN_A_MATRIX = 40  # classes; of more, the pairs that are confused are listed
MAX_PAIRS = 100


@dataclass(frozen=True)
class Picture:
    """An image of the data set: its name, an address of its file, its label, and what the page shows of it.

    `figure` is None where the file cannot be shown any more, and `gone` says why.
    """

    path: str
    link: str
    label: str
    figure: Figure | None
    gone: str = ""


@dataclass(frozen=True)
class Card:
    """An answer with all that speaks for it.

    `kind`: of verdict, "class", "unsure" or "unlike"; "" where none is given. `heat`: what the network saw, with
    Grad-CAM of the class predicted. `neighbours`: the training images nearest by features, the nearest first.
    """

    picture: Picture
    predicted: str
    probability: float
    kind: str
    heat: Figure | None
    neighbours: Sequence[Picture]


@dataclass(frozen=True)
class Answers:
    """The answers that the page shows.

    Args:
        cards: the mistakes of which the network was surest; of no mistake, the right answers of which it was least.
        mistakes: how many there are in all.
        small: (label, predicted) -> mistakes as small images, each with the number of its card or 0.
        compared: training images among which the nearest were looked for.
        no_heat: why there is no Grad-CAM, if there is none.
    """

    cards: Sequence[Card]
    mistakes: int
    small: Mapping[tuple[str, str], Sequence[tuple[int, Picture]]]
    compared: int
    no_heat: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of the confusion matrix: images of a class that were called another, or their own.

    `share`: of the images of its class. `small`: those that are shown, as in `Answers`. `id`: of its place on the page.
    """

    label: str
    predicted: str
    count: int
    share: float
    id: str
    small: Sequence[tuple[int, Picture]]

    @property
    def right(self) -> bool:
        """Say whether the answer is the label."""
        return self.label == self.predicted

    @property
    def opens(self) -> bool:
        """Say whether there are images to show."""
        return bool(self.small)


def matrix(result: Mapping[str, Any], answers: Answers) -> list[list[Cell]]:
    """Return the cells of the confusion matrix, a row for each true class."""
    numbers = range(len(result["confusion"]))
    return [[_cell(result, answers, row, column) for column in numbers] for row in numbers]


def confused(result: Mapping[str, Any], answers: Answers) -> list[Cell]:
    """Return the cells of mistakes, the fullest first."""
    places = np.argwhere(result["confusion"]).tolist()
    cells = [_cell(result, answers, row, column) for row, column in places if row != column]
    return sorted(cells, key=lambda cell: -cell.count)


def _cell(result: Mapping[str, Any], answers: Answers, row: int, column: int) -> Cell:
    names, counts = list(result["per_class"]), result["confusion"][row]
    label, predicted, count = names[row], names[column], counts[column]
    small = answers.small.get((label, predicted), ())
    return Cell(label, predicted, count, count / max(sum(counts), 1), f"cell-{row}-{column}", small)

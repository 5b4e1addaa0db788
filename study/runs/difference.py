"""Two runs beside each other: which settings differ, and whether one is better by more than chance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from data.connected import components
from data.names import listed
from data.split import read_split, read_units
from errors import UserError
from study import tasks
from study.runs import predictions
from study.runs.folder import Run
from study.runs.listing import MAX_NAMED, figures_of, fingerprint_of, question_of, score, values_of
from study.runtime import console

CHANCE = 0.05  # p from which a difference is put down to chance
NOT_COMPARED = (
    "runs",
    "name",
    "resume",
    "language",
    "crossval",
    "store",
    "store_limit",
)  # settings that change no network
SHOWN = 60  # letters of a value
MCNEMAR = "McNemar's exact test"


@dataclass(frozen=True)
class Verdict:
    """Whether one of two runs is better by more than chance, in words; `better` is "A", "B" or nothing.

    Where the two can be compared: how many test images both have with the same label, about how many of these only A
    or only B is right, and the p of McNemar's exact test.
    """

    sentence: str
    better: str = ""
    images: int = 0
    only_a: int | None = None
    only_b: int | None = None
    p: float | None = None


@dataclass(frozen=True)
class Answer:
    """The label of a test image, and whether the prediction is that."""

    label: str
    right: bool


def show_difference(first: Run, second: Run) -> dict[str, Any]:
    """Print the settings that differ, the figures, and what the images of both test splits say, and return it."""
    differ = differing(first.info, second.info)
    rows = [(name, short(one), short(other)) for name, one, other in differ]
    called = [tasks.get(run.task).SCORE_NAME for run in (first, second)]
    for split, name in (("val", "validation"), ("test", "test")):
        found = [score(run, figures_of(run), split) for run in (first, second)]
        if called[0] == called[1]:
            rows.append((f"{name} {called[0]}", *found))
        else:  # of different things
            rows.append((name, *(f"{figure} ({what})" for figure, what in zip(found, called, strict=True))))
    rows.append(("images and split", fingerprint_of(first), fingerprint_of(second)))
    console.print(f"A: {first.folder}")
    console.print(f"B: {second.folder}")
    console.table("Settings that differ, and figures", ("", "A", "B"), rows, left=3)
    said = verdict(first, second)
    console.print(said.sentence)
    return {
        "a": values_of(first),
        "b": values_of(second),
        "settings": [{"setting": name, "a": one, "b": other} for name, one, other in differ],
        "test_images": said.images,
        "only_a_right": said.only_a,
        "only_b_right": said.only_b,
        "p": said.p,
        "better": said.better.casefold() or None,
        "sentence": said.sentence,
    }


def ahead_on_validation(values: Mapping[str, Any]) -> tuple[str, str]:
    """Return which of "a" and "b" has the higher or an equal figure on validation, and what that is called."""
    task = tasks.get(values["a"]["task"])
    return max(("a", "b"), key=lambda one: values[one]["val"][task.SCORE]), task.SCORE_NAME


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the settings that differ, by name, with both values; None where a run does not know one."""
    one, other = first.get("settings", {}), second.get("settings", {})
    names = [name for name in dict.fromkeys([*one, *other]) if name not in NOT_COMPARED]
    return [(name, one.get(name), other.get(name)) for name in names if one.get(name) != other.get(name)]


def short(value: Any) -> str:  # noqa: ANN401 - whatever JSON may hold
    """Return a value as text, cut where it is long."""
    text = ", ".join(f"{key}={item}" for key, item in value.items()) if isinstance(value, dict) else str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def verdict(first: Run, second: Run) -> Verdict:
    """Say whether one is better by more than chance, by the test images that both have with the same label."""
    if any(run.task != "classify" for run in (first, second)):
        return Verdict("Only classifiers are compared image by image.")
    if question_of(first) != question_of(second):
        told = other_classes(first, second)
        return Verdict(f"{told}: the two answer different questions, and nothing says which is better.")
    answers, other_answers = answers_by_content(first), answers_by_content(second)
    both = answers.keys() & other_answers.keys()
    common = [key for key in both if answers[key].label == other_answers[key].label]
    others = len(both) - len(common)
    if not common:
        but = f", but for {others:,} whose labels differ" if others else ""
        return Verdict(f"The two have no test image in common{but}: nothing says which is better.")
    alike = " with the same label" if others else ""
    left_out = f" Not counted: {others:,} more, which have another label in A than in B." if others else ""
    ahead = np.array([int(answers[key].right) - int(other_answers[key].right) for key in common])
    only_a, only_b = int((ahead > 0).sum()), int((ahead < 0).sum())
    p, test = paired_test(ahead, units_across(common, (first, second)))
    better = "" if p >= CHANCE else "A" if only_a > only_b else "B"
    said = f"{better} is better" if better else "that may well be chance"
    counted = f"Of {len(common):,} test images that both have{alike}"
    found = f"only A is right about {only_a:,}, only B about {only_b:,}: {said} ({test}, p = {p:.2g})"
    return Verdict(f"{counted}, {found}.{left_out}", better, len(common), only_a, only_b, p)


def other_classes(first: Run, second: Run) -> str:
    """Name the classes that only one of two runs has: `Only A tells fox`."""
    one, other = (run.info["class_names"] for run in (first, second))
    own = [("A", [name for name in one if name not in other]), ("B", [name for name in other if name not in one])]
    told = ", ".join(f"only {run} tells {listed(names, MAX_NAMED)}" for run, names in own if names)
    return f"{told[0].upper()}{told[1:]}"


def units_across(contents: Sequence[str], runs: Iterable[Run]) -> np.ndarray:
    """Return the number of what each image belongs together with, in the split of any run, int (n,).

    Raises:
        UserError: a `split.csv` cannot be read.
    """
    first_of: dict[tuple[Path, str], int] = {}
    pairs = []
    for run in runs:
        unit_of = read_units(run.folder / "split.csv")
        named = ((index, unit_of[content]) for index, content in enumerate(contents) if content in unit_of)
        pairs += [(first_of.setdefault((run.folder, unit), index), index) for index, unit in named]
    return components(pairs, len(contents))


def paired_test(ahead: np.ndarray, units: np.ndarray | None) -> tuple[float, str]:
    """Return the p of McNemar's exact test on the same images, and what the test is called.

    Images that belong together say less than as many others, and so a unit counts by how many of its images one is
    ahead: where both are equally good, either sign of that is as likely, and p is how likely so large a sum is. Of
    units of which each is ahead by one image at most, this is McNemar's exact test.

    Args:
        ahead: 1 where only the one is right about an image, -1 where only the other is, else 0, int (n,).
        units: number of what each image belongs together with, int (n,); None: every image is a unit of its own.
    """
    name, by_unit = MCNEMAR, ahead
    if units is not None and len(np.unique(units)) < len(ahead):
        by_unit = np.bincount(np.unique(units, return_inverse=True)[1], ahead).astype(int)
        name = f"{MCNEMAR} by {len(by_unit):,} groups of images that belong together"
    sizes = np.abs(by_unit[by_unit != 0])
    if (sizes == 1).all():
        return mcnemar(int((by_unit > 0).sum()), int((by_unit < 0).sum())), name
    total = int(sizes.sum())
    chances = (np.arange(-total, total + 1) == 0).astype(float)  # of each sum
    for size in sizes.tolist():
        chances = (np.roll(chances, size) + np.roll(chances, -size)) / 2
    return min(1.0, float(chances[np.abs(np.arange(-total, total + 1)) >= abs(by_unit.sum())].sum())), name


def mcnemar(better: int, worse: int) -> float:
    """Return the p of McNemar's exact test: how likely so uneven a division is where both are equally good.

    Images about which both are right, or both wrong, say nothing. Source: McNemar, Psychometrika 12 (1947); exact by
    the binomial distribution.
    """
    total, ways, tail = better + worse, 1, 0
    for count in range(min(better, worse) + 1):  # whole numbers: exact however many images there are
        tail += ways
        ways = ways * (total - count) // (count + 1)
    return min(1.0, float(Fraction(2 * tail, 2**total)))


def answers_by_content(run: Run) -> dict[str, Answer]:
    """Return content hash -> label and prediction, of a run's test images.

    Raises:
        UserError: its tables cannot be read, or do not fit each other.
    """
    hash_of = {entry.path: entry.sha256 for entry in read_split(run.folder / "split.csv") if entry.split == "test"}
    rows = predictions.of_test_images(run)
    if strange := [path for path in rows if path not in hash_of]:
        raise UserError(
            f"{run.folder / 'predictions.csv'} does not fit the split.csv beside it, which has no test image "
            f"{strange[0]}. Train again."
        )
    return {hash_of[path]: Answer(row["label"], row["label"] == row["predicted"]) for path, row in rows.items()}

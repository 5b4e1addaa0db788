"""Whether what a search found beats the defaults, and how much of its lead was the luck of the best of many trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

import numpy as np

from study.tasks.intervals import DRAWS, LEVEL, accuracy_interval, bootstrap

ENOUGH = 6  # units that differ: that all of fewer favour one setting happens in more than 5 % of cases by chance alone


@dataclass(frozen=True)
class Judgement:
    """Two settings on the same images: accuracies 0..1 with intervals, and by how much the first is ahead.

    `interval`, of the difference, is None where both are right about the same images.
    """

    images: int
    units: int
    best: float
    best_interval: Sequence[float]
    defaults: float
    defaults_interval: Sequence[float]
    difference: float
    interval: Sequence[float] | None
    differing: int  # units on which one is right more often than the other

    @property
    def better(self) -> bool:
        """Say whether the first is better by more than chance."""
        return self.interval is not None and self.interval[0] > 0 and self.differing >= ENOUGH

    @property
    def worse(self) -> bool:
        """Say whether the first is worse by more than chance."""
        return self.interval is not None and self.interval[1] < 0 and self.differing >= ENOUGH


@dataclass(frozen=True)
class Retrained:
    """One setting trained anew: the accuracy of each seed on validation, and on test once."""

    val: Mapping[int, float]
    test: Mapping[int, float]


@dataclass(frozen=True)
class Found:
    """All that is known of the best setting and of the defaults.

    Args:
        trials: how many ran to their end or were ended early: of so many the best is the best.
        accuracy: of the best trial on the validation split, which chose it.
        images: of that split.
        best: the best setting trained anew.
        defaults: the default settings, trained with the same seeds.
        test: both on the test split, the mean over the seeds.
        fresh: both on images by which nothing was chosen, where heads could be trained for that; else None.
    """

    trials: int
    accuracy: float
    images: int
    best: Retrained
    defaults: Retrained
    test: Judgement
    fresh: Judgement | None

    @property
    def verdict(self) -> Judgement:
        """Return what decides: of two judgements by images that chose nothing, the one by more of them."""
        return self.fresh or self.test

    @property
    def lead(self) -> float:
        """Return by how much the best trial was ahead of the defaults on the validation split."""
        return self.accuracy - mean(self.defaults.val.values())

    @property
    def noise(self) -> float:
        """Return how much of the lead is not there on images that chose nothing."""
        return self.lead - self.verdict.difference

    def as_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {
            "trials": self.trials,
            "validation": {
                "images": self.images,
                "best_trial": self.accuracy,
                "best_by_seed": dict(self.best.val),
                "defaults_by_seed": dict(self.defaults.val),
                "lead": self.lead,
            },
            "test": asdict(self.test)
            | {"best_by_seed": dict(self.best.test), "defaults_by_seed": dict(self.defaults.test)},
            "fresh": asdict(self.fresh) if self.fresh else None,
            "better": self.verdict.better,
            "selection_noise": self.noise,
        }


def judge(best: np.ndarray, defaults: np.ndarray, units: np.ndarray, seed: int) -> Judgement:
    """Compare two settings by how often each image was right, float (images,): 0 or 1, or a mean over seeds.

    Intervals are percentiles of a bootstrap over whole units; that of the difference is paired, by image.
    """
    apart = best - defaults
    interval = None
    if apart.any():
        drawn = bootstrap(apart, units, DRAWS, seed)
        interval = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2]).tolist()
    return Judgement(
        len(units),
        len(np.unique(units)),
        float(best.mean()),
        accuracy_interval(best, units, seed)[0],
        float(defaults.mean()),
        accuracy_interval(defaults, units, seed)[0],
        float(apart.mean()),
        interval,
        len(np.unique(units[apart != 0])),
    )


def sentences(found: Found, setting: str) -> list[str]:
    """Say whether what was found beats the defaults; how much of its lead was luck; what it is; and what test says."""
    judged = found.verdict
    on = f"{judged.images:,} images by which nothing was chosen" if found.fresh else f"{judged.images:,} test images"
    return [
        f"{outcome(judged, found.trials)}: on {on} it has {percent(judged.best)}, the defaults "
        f"{percent(judged.defaults)} ({difference(judged)}).",
        told_noise(found),
        f"The best of {found.trials:,} trials: {setting}.",
        *told_seed(found),
        told_test(found),
    ]


def outcome(judged: Judgement, trials: int) -> str:
    """Say whether the best setting beats the defaults."""
    if judged.better:
        return f"The best of {trials:,} trials beats the defaults by more than chance"
    if judged.worse:
        return f"The best of {trials:,} trials is worse than the defaults, by more than chance"
    return f"The best of {trials:,} trials does not beat the defaults by more than chance"


def advice(judged: Judgement) -> str:
    """Say what to train next."""
    if judged.better:
        return "train with the best settings"
    return f"train with the defaults, which are {'better' if judged.worse else 'as good a choice'}"


def difference(judged: Judgement) -> str:
    """`difference 0.43 points, 95 % interval 0.12 to 0.74`."""
    if judged.interval is None:
        return "both are right about the same images"
    low, high = judged.interval
    said = f"difference {points(judged.difference)} points, {LEVEL} % interval {points(low)} to {points(high)}"
    few = f"; they differ on {judged.differing:,} only, and fewer than {ENOUGH} may all be luck"
    return said + (few if judged.differing < ENOUGH else "")


def told_noise(found: Found) -> str:
    """Say how much of the lead on the validation split, which chose, is left on images that chose nothing."""
    lead, left, noise = (round(100 * share, 2) for share in (found.lead, found.verdict.difference, found.noise))
    if lead <= 0:
        return "On the validation split, which chose it, it was not ahead in accuracy either."
    begin = f"On the validation split, which chose it, it was {points(found.lead)} points ahead"
    luck = f"selection bias, the luck of the best of {found.trials:,}"
    if noise <= 0:
        return f"{begin}; none of that was {luck}."
    if left <= 0:
        return f"{begin}; all of that was {luck}."
    return f"{begin}; {points(found.noise)} of these points were {luck}, and {points(left / 100)} are left."


def told_seed(found: Found) -> list[str]:
    """Say what part of the best trial's accuracy was the luck of its seed; nothing where it had none."""
    again = mean(found.best.val.values())
    if round(1000 * (found.accuracy - again)) <= 0:
        return []
    return [
        f"Trained anew with other seeds, the same setting has {percent(again)} on the same validation images instead "
        f"of {percent(found.accuracy)}: so much was the luck of the trial's seed."
    ]


def told_test(found: Found) -> str:
    """Say what both have on the test split."""
    test = found.test
    low, high = test.best_interval
    return (
        f"The test split was looked at once, after the search: {percent(test.best)} of {test.images:,} images "
        f"({LEVEL} % interval {100 * low:.1f} to {100 * high:.1f} %), mean of seeds "
        f"{', '.join(map(str, found.best.val))}; the defaults {percent(test.defaults)} ({difference(test)})."
    )


def figures(found: Found) -> list[list[str]]:
    """Return accuracy of the best setting and of the defaults, on what chose, and on what did not: rows of a table."""
    again, base = (mean(one.val.values()) for one in (found.best, found.defaults))
    seeds, images = f"mean of {len(found.best.val)} seeds", f"{found.images:,}"
    rows = [
        [
            "validation, in the search: it chose",
            images,
            percent(found.accuracy),
            percent(base),
            points(found.lead),
            "–",
        ],
        [f"validation, trained anew, {seeds}", images, percent(again), percent(base), points(again - base), "–"],
    ]
    if found.fresh:
        rows.append(judged_row(f"folds of the training split: chose nothing, {seeds}", found.fresh))
    return [*rows, judged_row(f"test, looked at once, {seeds}", found.test)]


def judged_row(name: str, judged: Judgement) -> list[str]:
    """Return the row of a judgement."""
    best, defaults = (
        f"{percent(share)} ({100 * low:.1f} to {100 * high:.1f})"
        for share, (low, high) in ((judged.best, judged.best_interval), (judged.defaults, judged.defaults_interval))
    )
    between = " to ".join(map(points, judged.interval)) if judged.interval else "–"
    return [name, f"{judged.images:,}", best, defaults, points(judged.difference), between]


def percent(share: float) -> str:
    """`98.7 %`."""
    return f"{100 * share:.1f} %"


def points(share: float) -> str:
    """`0.43`, and 0.00 never with a minus: a difference beyond chance may be that small."""
    return f"{round(100 * share, 2) + 0.0:.2f}"

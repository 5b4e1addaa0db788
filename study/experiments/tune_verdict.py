"""Whether what a search found beats the defaults, and how much of its lead was the luck of the best of many trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import mean
from typing import Any

import numpy as np

from study.experiments.out_of_fold import DRAWS, LEVEL, accuracy_interval, bootstrap


@dataclass(frozen=True)
class Judgement:
    """Two settings on the same images: accuracies 0..1 with intervals, and by how much the first is ahead.

    `interval`, of the difference, is None where both answer every image alike.
    """

    images: int
    units: int
    best: float
    best_interval: Sequence[float]
    defaults: float
    defaults_interval: Sequence[float]
    difference: float
    interval: Sequence[float] | None

    @property
    def better(self) -> bool:
        """Say whether the first is better by more than chance."""
        return self.interval is not None and self.interval[0] > 0

    @property
    def worse(self) -> bool:
        """Say whether the first is worse by more than chance."""
        return self.interval is not None and self.interval[1] < 0


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
    )


def sentences(found: Found, setting: str) -> list[str]:
    """Say what was found and whether it beats the defaults; how much of its lead was luck; and the figures behind."""
    judged = found.verdict
    on = f"{judged.images:,} images by which nothing was chosen" if found.fresh else f"{judged.images:,} test images"
    return [
        f"The best of {found.trials:,} trials, {setting}, {outcome(judged)}: on {on} it has {percent(judged.best)}, "
        f"the defaults {percent(judged.defaults)} ({difference(judged)}).",
        told_noise(found, on),
        told_seeds(found),
        told_test(found),
    ]


def outcome(judged: Judgement) -> str:
    """Say whether the best setting beats the defaults."""
    if judged.better:
        return "beats the defaults by more than chance"
    if judged.worse:
        return "is worse than the defaults, by more than chance"
    return "is not distinguishable from the defaults"


def difference(judged: Judgement) -> str:
    """`difference 0.4 points, 95 % interval 0.1 to 0.7`."""
    if judged.interval is None:
        return "both answer every image alike"
    low, high = judged.interval
    return (
        f"difference {points(judged.difference)} points, {LEVEL} % interval {points(low)} to {points(high)}, "
        f"{judged.units:,} units"
    )


def told_noise(found: Found, on: str) -> str:
    """Say how much of the lead on validation is left."""
    first = f"On the validation split, which chose it, it had {percent(found.accuracy)}"
    if round(1000 * found.lead) <= 0:
        return f"{first}, no more than the defaults: the search found nothing better there."
    left = found.verdict.difference
    lead = f"{first}, {points(found.lead)} points more than the defaults"
    if round(1000 * found.noise) <= 0:
        return f"{lead}; on {on} the lead is {points(left)} points, so none of it was selection noise."
    share = "all" if round(1000 * left) <= 0 else f"{points(found.noise)}"
    rest = "" if round(1000 * left) == 0 else f" (it is {points(left)} there)"
    return (
        f"{lead}; of this lead {share}{' of it' if share == 'all' else ' points'} was selection noise, the luck of the "
        f"best of {found.trials:,}: it is not there on {on}{rest}."
    )


def told_seeds(found: Found) -> str:
    """Say what the retrained settings have on the same validation split."""
    seeds = ", ".join(map(str, found.best.val))
    best, defaults = (mean(one.val.values()) for one in (found.best, found.defaults))
    same = (
        f"Trained anew with seeds {seeds}, the best setting has {each(found.best.val)} on the same {found.images:,} "
        f"validation images, {percent(best)} in the mean; the defaults have {percent(defaults)}"
    )
    luck = found.accuracy - best
    return (
        f"{same}. The best trial was {points(luck)} points above that mean by the luck of its seed."
        if (round(1000 * luck) > 0)
        else f"{same}."
    )


def told_test(found: Found) -> str:
    """Say what both have on the test split."""
    test = found.test
    low, high = test.best_interval
    return (
        f"Test split, looked at once, after the search: {percent(test.best)} of {test.images:,} images ({LEVEL} % "
        f"interval {100 * low:.1f} to {100 * high:.1f} %; by seed {each(found.best.test)}), the defaults "
        f"{percent(test.defaults)} ({difference(test)})."
    )


def percent(share: float) -> str:
    """`98.7 %`."""
    return f"{100 * share:.1f} %"


def points(share: float) -> str:
    """`0.4`, and 0.0 never with a minus."""
    return f"{round(100 * share, 1) + 0.0:.1f}"


def each(shares: Mapping[int, float]) -> str:
    """`98.7, 98.9 and 98.6 %`."""
    *first, last = (f"{100 * share:.1f}" for share in shares.values())
    return f"{', '.join(first)} and {last} %" if first else f"{last} %"

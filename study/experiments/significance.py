"""Whether settings differ by more than chance: a paired t-test over the seeds; of several settings with Holm's p.

Paired, since trainings of one seed have something in common (`benchmarks/seeds.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import mean, stdev

CHANCE = 0.05  # p from which a difference is put down to chance
POWER = 0.8  # in this share of cases a difference of the detectable size is found
LEAST_SEEDS = 3  # with fewer there is no verdict
ENOUGH_SEEDS = 5  # the default: fewer seldom find a difference of two standard deviations

Values = Mapping[str, Mapping[int, float]]  # setting -> seed -> accuracy, 0..1; the best first


def differences(first: Mapping[int, float], second: Mapping[int, float]) -> list[float]:
    """Return by how many points the first is ahead, at each seed that both have."""
    return [100 * (first[seed] - second[seed]) for seed in sorted(first.keys() & second.keys())]


def p_value(points: Sequence[float]) -> float | None:
    """Return the p of the paired t-test; None where there are too few seeds, or all differ by the same."""
    from scipy.stats import ttest_1samp

    if len(points) < LEAST_SEEDS or max(points) - min(points) < 1e-9:
        return None
    return float(ttest_1samp(points, 0).pvalue)


def p_values(values: Values) -> dict[tuple[str, str], float]:
    """Return the p of every pair that has one, by Holm's method: it allows for there being so many pairs."""
    tested = {pair: p_value(differences(*(values[name] for name in pair))) for pair in combinations(values, 2)}
    ranked = sorted((p, pair) for pair, p in tested.items() if p is not None)
    allowed, so_far = {}, 0.0
    for i, (p, pair) in enumerate(ranked):
        so_far = max(so_far, min(1.0, (len(ranked) - i) * p))
        allowed[pair] = so_far
    return allowed


def detectable(points: Sequence[float], pairs: int = 1, seeds: int | None = None) -> float:
    """Return the difference that is found with a probability of `POWER`, by the spread that was observed.

    Args:
        points: differences at two seeds or more.
        pairs: that p allows for.
        seeds: for how many; without it, for as many as there are.
    """
    from scipy.optimize import brentq
    from scipy.stats import nct, t

    count = seeds or len(points)
    least = t.isf(CHANCE / 2 / pairs, count - 1)  # from which there is a verdict
    shift = brentq(lambda shift: nct.sf(least, count - 1, shift) - POWER, 0, 10 * least)
    return float(shift * stdev(points) / count**0.5)


def verdict(values: Values) -> str:
    """Say whether the best two of all settings differ by more than chance, and if that is not told, what could be."""
    names = list(values)[:2]
    points = differences(*(values[name] for name in names))
    both = f"{names[0]} and {names[1]}"
    if not points:
        return f"{both}: no seed that both finished."
    ahead, behind = names if mean(points) >= 0 else names[::-1]
    size, seeds = f"{abs(mean(points)):.1f} points", f"{len(points)} seeds"
    if len(points) < LEAST_SEEDS:
        few = f"{seeds} are" if len(points) > 1 else "one seed is"
        return f"{both}: difference {size}; {few} too few to say whether that is chance: give --seeds {ENOUGH_SEEDS}."
    allowed = p_values(values)
    if (p := allowed.get((names[0], names[1]))) is None:
        if abs(mean(points)) < 1e-9:
            return f"{both}: equal at each of {seeds}."
        return (
            f"{ahead} is ahead of {behind} by the same {size} at each of {seeds}: a t-test needs differences that "
            "vary, and says nothing here."
        )
    told = f"at {seeds} (difference {size}, {p_text(p)})"
    if p >= CHANCE:
        return f"{both}: not distinguishable {told}. {what_could_be(points, len(allowed))}"
    said = f"{ahead} is better than {behind} {told}."
    return said if len(points) >= ENOUGH_SEEDS else f"{said} {what_could_be(points, len(allowed))}"


def what_could_be(points: Sequence[float], pairs: int) -> str:
    """Say what size of difference could be seen, and where there are few seeds, what more of them would find."""
    told = f"With this spread, {len(points)} seeds find a difference of {detectable(points, pairs):.1f} points in "
    told += f"{100 * POWER:.0f} % of cases"
    if len(points) >= ENOUGH_SEEDS:
        return f"{told}."
    return f"{told}; --seeds {ENOUGH_SEEDS} would find one of {detectable(points, pairs, ENOUGH_SEEDS):.1f}."


def against_best(values: Values) -> str:
    """Say of every other setting whether it is worse than the best, or better: the best may lack the harder seeds."""
    best, *others = values
    allowed = p_values(values)
    found = {name: allowed.get((best, name)) for name in others}
    apart = [name for name, p in found.items() if p is not None and p < CHANCE]
    ahead = [name for name in apart if sum(differences(values[name], values[best])) > 0]
    groups = {
        f"Worse than {best}": [name for name in apart if name not in ahead],
        f"Better than {best} at the seeds of both": ahead,
        f"Not distinguishable from {best}": [name for name, p in found.items() if p is not None and p >= CHANCE],
        "No verdict": [name for name, p in found.items() if p is None],
    }
    each = {name: "" if p is None else f" ({p_text(p)})" for name, p in found.items()}
    told = [f"{what}: {', '.join(name + each[name] for name in names)}." for what, names in groups.items() if names]
    note = [f"Each p allows for all {len(allowed)} pairs (Holm)."] if allowed else []
    return " ".join(told + note)


def p_text(p: float) -> str:
    """Return `p = 0.012`."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"

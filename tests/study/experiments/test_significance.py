"""Whether settings differ by more than chance, in words and against simulation and SciPy."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp, ttest_rel

from study.experiments.significance import against_best, detectable, p_values, verdict


def by_seed(**accuracies):
    return {name: dict(enumerate(values)) for name, values in accuracies.items()}


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (
            [0.9],
            [0.8],
            "a and b: difference 10.0 points; one seed is too few to say whether that is chance: give --seeds 5.",
        ),
        (
            [0.9, 0.91],
            [0.7, 0.73],
            "a and b: difference 19.0 points; 2 seeds are too few to say whether that is chance: give --seeds 5.",
        ),
        ([0.9, 0.8, 0.85], [0.9, 0.8, 0.85], "a and b: equal at each of 3 seeds."),
        (
            [0.9, 0.8, 0.85],
            [0.89, 0.79, 0.84],
            "a is ahead of b by the same 1.0 points at each of 3 seeds: a t-test needs differences that vary, and says "
            "nothing here.",
        ),
        (
            [0.9, 0.8, 0.85],
            [0.88, 0.82, 0.838],
            "a and b: not distinguishable at 3 seeds (difference 0.4 points, p = 0.77). With this spread, 3 seeds find "
            "a difference of 6.9 points in 80 % of cases; --seeds 5 would find one of 3.6.",
        ),
        (
            [0.9, 0.8, 0.85, 0.9, 0.8],
            [0.88, 0.82, 0.838, 0.88, 0.82],
            "a and b: not distinguishable at 5 seeds (difference 0.2 points, p = 0.81). With this spread, 5 seeds find "
            "a difference of 3.5 points in 80 % of cases.",
        ),
        (
            [0.7, 0.7, 0.71],
            [0.8, 0.81, 0.8],
            "b is better than a at 3 seeds (difference 10.0 points, p = 0.0033). With this spread, 3 seeds find a "
            "difference of 3.3 points in 80 % of cases; --seeds 5 would find one of 1.7.",
        ),
        (
            [0.9, 0.8, 0.85, 0.84, 0.84],
            [0.8, 0.69, 0.76, 0.74, 0.74],
            "a is better than b at 5 seeds (difference 10.0 points, p < 0.001).",
        ),
        ([], [0.5], "a and b: no seed that both finished."),
    ],
)
def test_the_t_test_in_words(first, second, told):
    assert verdict(by_seed(a=first, b=second)) == told


def test_only_seeds_that_both_have_are_paired():
    told = verdict({"a": {0: 0.5, 1: 0.9}, "b": {1: 0.8, 2: 0.1}})
    assert told.startswith("a and b: difference 10.0 points; one seed is too few")


def test_the_detectable_difference_is_found_in_80_of_100_cases():
    rng = np.random.default_rng(0)
    points = np.array([-1.0, 0, 1])  # their standard deviation is 1
    for pairs, seeds in ((1, 3), (1, 5), (10, 5)):
        drawn = rng.normal(detectable(points, pairs, seeds), 1, (20_000, seeds))
        found = ttest_1samp(drawn, 0, axis=1).pvalue < 0.05 / pairs
        assert found.mean() == pytest.approx(0.8, abs=0.01)
    assert detectable(points) == detectable(points, 1, 3)


def test_p_of_several_settings_is_holms():
    values = by_seed(
        a=[0.90, 0.91, 0.92, 0.90, 0.91],
        b=[0.89, 0.91, 0.90, 0.91, 0.90],
        c=[0.70, 0.72, 0.75, 0.71, 0.70],
        d=[0.5, 0.5],
    )
    alone = {pair: ttest_rel(*(list(values[name].values()) for name in pair)).pvalue for pair in ("ab", "ac", "bc")}
    order = sorted(alone, key=alone.get)
    assert order[-1] == "ab"
    found = p_values(values)
    assert found.keys() == {("a", "b"), ("a", "c"), ("b", "c")}
    assert found[tuple(order[0])] == pytest.approx(3 * alone[order[0]])
    assert found[tuple(order[1])] == pytest.approx(max(3 * alone[order[0]], 2 * alone[order[1]]))
    assert found["a", "b"] == pytest.approx(alone["ab"])
    assert against_best(values) == (
        "Worse than a: c (p < 0.001). Not distinguishable from a: b (p = 0.3). No verdict: d. Each p allows for all 3 "
        "pairs (Holm)."
    )


def test_a_setting_that_is_better_at_each_seed_of_both_is_not_called_worse_than_the_best():
    """Its other seeds were harder, and the best has none there."""
    values = {
        "best": {3: 0.90, 4: 0.91, 5: 0.92},
        "second": {0: 0.5, 1: 0.5, 2: 0.5, 3: 0.94, 4: 0.955, 5: 0.96},
        "third": {3: 0.6, 4: 0.61, 5: 0.6},
    }
    assert verdict(values).startswith("second is better than best at 3 seeds")
    told = "Worse than best: third (p < 0.001). Better than best at the seeds of both: second (p = 0.0016)."
    assert against_best(values).startswith(told)


@pytest.mark.slow
def test_among_many_settings_chance_seldom_makes_one_better():
    """Twelve equal settings: by plain p of 0.05 the best would be better than some other more often than not."""
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(100):
        drawn = rng.normal(0.8, 0.02, (12, 5))
        drawn = drawn[np.argsort(-drawn.mean(axis=1))]
        wrong += "Worse than" in against_best(by_seed(**{f"s{i}": list(row) for i, row in enumerate(drawn)}))
    assert wrong <= 12


def test_with_two_seeds_of_three_settings_nothing_is_decided():
    told = against_best(by_seed(a=[0.9, 0.91], b=[0.5, 0.52], c=[0.3, 0.31]))
    assert told == "No verdict: b, c."

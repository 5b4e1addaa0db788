import numpy as np
import pytest
from scipy.stats import beta

from study.confidence import selective


def upper_bound(wrong, answered):
    return beta.ppf(0.95, wrong + 1, answered - wrong)


@pytest.mark.parametrize("allowed", [0.01, 0.05, 0.3])
def test_so_few_mistakes_prove_a_rate_where_the_exact_bound_of_clopper_and_pearson_is_below_it(allowed):
    for answered in (1, 10, 58, 59, 298, 299, 1000, 20_000):
        for wrong in {0, 1, 2, 5, answered // 200, answered // 25, answered - 1}:
            if wrong < answered:
                assert selective.proves(wrong, answered, allowed) == (upper_bound(wrong, answered) <= allowed)
    assert not selective.proves(3, 3, allowed)
    assert not selective.proves(0, 0, allowed)


@pytest.mark.parametrize(("asked", "needed"), [(0.99, 299), (0.95, 59), (0.9, 29)])  # the rule of three, exactly
def test_how_many_answers_without_a_mistake_are_needed(asked, needed):
    assert selective.flawless_needed(asked) == needed
    assert selective.proves(0, needed, 1 - asked)
    assert not selective.proves(0, needed - 1, 1 - asked)


def test_the_threshold_parts_right_answers_from_wrong_ones():
    probability = np.concatenate([np.full(400, 0.99), np.full(100, 0.6)])
    right = np.concatenate([np.ones(400, bool), np.zeros(100, bool)])
    threshold = selective.choose_threshold(probability, right, 0.99)
    assert 0.6 < threshold <= 0.99
    assert selective.choose_threshold(probability, np.ones(500, bool), 0.99) == selective.THRESHOLDS[-1]


def test_too_few_images_prove_nothing_and_the_rate_that_they_do_prove_is_named():
    probability, right = np.full(100, 0.9), np.ones(100, bool)
    assert selective.choose_threshold(probability, right, 0.99) is None
    assert selective.reachable(probability, right, 0.99) == (0.97, 100)  # 0.05 ** (1 / 100) = 0.9705
    assert selective.reachable(probability[:3], right[:3], 0.99) is None


def test_a_failure_ends_the_search_though_a_looser_threshold_would_pass():
    probability = np.repeat([0.99, 0.8], [300, 3000])
    right = np.arange(3300) >= 2  # two of the surest are wrong: 2 of 300 prove nothing, 2 of 3,300 would
    assert selective.choose_threshold(probability, right, 0.99) is None


def test_the_answered_are_right_as_often_as_asked_but_for_one_draw_in_twenty():
    """Where p is the chance to be right, answers from t on are right (1 + t) / 2 of the time: 0.95 from 0.9 on."""
    rng, broken, runs = np.random.default_rng(0), 0, 400
    for _ in range(runs):
        probability = rng.random(600)
        threshold = selective.choose_threshold(probability, rng.random(600) < probability, 0.95)
        broken += threshold is not None and (1 + threshold) / 2 < 0.95
    assert 0 < broken <= 0.05 * runs + 2 * np.sqrt(0.05 * 0.95 * runs)

"""What a search found: figures against an independent computation, and the sentences that they make."""

from statistics import mean

import numpy as np
import pytest
from scipy.stats import bootstrap

from study.search.verdict import Found, Judgement, Retrained, advice, figures, judge, points, sentences


def judgement(difference, interval, images=1000, defaults=0.95):
    best = defaults + difference
    return Judgement(
        images, images - 5, best, (best - 0.01, best + 0.01), defaults, (defaults - 0.01, defaults + 0.01), difference,
        interval, 20,
    )  # fmt: skip


def found(accuracy=0.98, again=(0.97, 0.96, 0.965), base=(0.95, 0.95, 0.95), test=None, fresh=None):
    best = Retrained(dict(enumerate(again, 1)), dict(enumerate((0.96, 0.95, 0.97), 1)))
    defaults = Retrained(dict(enumerate(base, 1)), dict(enumerate((0.95, 0.95, 0.95), 1)))
    return Found(100, accuracy, 200, best, defaults, test or judgement(0.004, (-0.01, 0.02), 300), fresh)


def test_the_paired_interval_is_that_of_scipy():
    rng = np.random.default_rng(0)
    best = rng.integers(0, 4, 400) / 3  # means over three seeds
    defaults = np.clip(best - (rng.random(400) < 0.1) / 3, 0, 1)
    found_here = judge(best, defaults, np.arange(400), 0)
    independent = bootstrap((best - defaults,), np.mean, n_resamples=20_000, method="percentile", random_state=1)
    assert found_here.difference == pytest.approx(mean(best) - mean(defaults))
    np.testing.assert_allclose(found_here.interval, independent.confidence_interval, atol=0.002)
    assert (found_here.images, found_here.units, found_here.better, found_here.worse) == (400, 400, True, False)


def test_copies_of_an_image_count_as_one_unit():
    rng = np.random.default_rng(1)
    best, defaults = (rng.random((2, 60)) < [[0.9], [0.8]]).astype(float)
    once = judge(best, defaults, np.arange(60), 0)
    copied = judge(np.repeat(best, 9), np.repeat(defaults, 9), np.repeat(np.arange(60), 9), 0)
    assert (copied.images, copied.units) == (540, 60)
    assert copied.difference == pytest.approx(once.difference)
    np.testing.assert_allclose(copied.interval, once.interval, atol=1e-9)


def test_settings_that_answer_alike_have_no_interval_and_no_verdict():
    right = np.array([1.0, 0.0, 1.0, 1.0])
    alike = judge(right, right, np.arange(4), 0)
    assert (alike.interval, alike.better, alike.worse, alike.difference) == (None, False, False, 0.0)
    told, *_ = sentences(found(fresh=alike), "l2 0")
    assert told.endswith("has 75.0 %, the defaults 75.0 % (both are right about the same images).")


@pytest.mark.parametrize(("differing", "better"), [(1, False), (5, False), (6, True)])
def test_a_few_images_prove_nothing_however_they_differ(differing, better):
    best = np.repeat([1.0, 1.0], [differing, 20])
    judged = judge(best, np.repeat([0.0, 1.0], [differing, 20]), np.arange(len(best)), 0)
    assert (judged.differing, judged.better) == (differing, better)
    assert judge(1 - best, np.ones(len(best)), np.arange(len(best)), 0).better is False
    told, *_ = sentences(found(fresh=judged), "l2 0")
    assert (f"they differ on {differing} only, and fewer than 6 may all be luck" in told) != better
    assert not judge(np.ones(2), np.zeros(2), np.arange(2), 0).better


def test_the_lead_is_divided_into_what_is_left_and_selection_noise():
    # By hand: the trial 98 % against 95 %, a lead of 3 points; 1.2 are left on fresh images; 1.8 were noise.
    one = found(fresh=judgement(0.012, (0.004, 0.02)))
    assert (one.lead, one.noise) == (pytest.approx(0.03), pytest.approx(0.018))
    first, second, third, fourth, fifth = sentences(one, "dropout 0.4, l2 0.001")
    assert first == (
        "The best of 100 trials beats the defaults by more than chance: on 1,000 images by which nothing was chosen it "
        "has 96.2 %, the defaults 95.0 % (difference 1.20 points, 95 % interval 0.40 to 2.00)."
    )
    assert second == (
        "On the validation split, which chose it, it was 3.00 points ahead; 1.80 of these points were selection bias, "
        "the luck of the best of 100, and 1.20 are left."
    )
    assert third == "The best of 100 trials: dropout 0.4, l2 0.001."
    assert fourth.startswith("Trained anew with other seeds, the same setting has 96.5 % on the same validation images")
    assert fifth == (
        "The test split was looked at once, after the search: 95.4 % of 300 images (95 % interval 94.4 to 96.4 %), "
        "mean of seeds 1, 2, 3; the defaults 95.0 % (difference 0.40 points, 95 % interval -1.00 to 2.00)."
    )


@pytest.mark.parametrize(
    ("one", "verdict", "noise"),
    [
        (found(), "does not beat the defaults by more than chance: on 300 test images", "2.60 of these points were"),
        (found(fresh=judgement(-0.02, (-0.03, -0.01))), "is worse than the defaults, by more", "; all of that was"),
        (found(fresh=judgement(0.04, (0.03, 0.05))), "beats the defaults", "; none of that was selection bias"),
        (found(accuracy=0.95), "does not beat", "it was not ahead in accuracy either."),
    ],
)
def test_each_outcome_is_told_in_words(one, verdict, noise):
    first, second, *_ = sentences(one, "l2 0")
    assert verdict in first
    assert noise in second


def test_no_luck_of_the_seed_is_told_where_there_was_none():
    assert len(sentences(found(accuracy=0.96), "l2 0")) == 4


def test_the_table_has_what_chose_and_what_did_not():
    rows = figures(found(fresh=judgement(0.012, (0.004, 0.02))))
    assert [row[1] for row in rows] == ["200", "200", "1,000", "300"]
    assert rows[0][2:] == ["98.0 %", "95.0 %", "3.00", "–"]
    assert rows[2][2:] == ["96.2 % (95.2 to 97.2)", "95.0 % (94.0 to 96.0)", "1.20", "0.40 to 2.00"]
    assert len(figures(found())) == 3


def test_no_minus_stands_before_nothing():
    assert [points(share) for share in (-0.00001, 0.0, -0.0002, 0.0123)] == ["0.00", "0.00", "-0.02", "1.23"]


@pytest.mark.parametrize(
    ("interval", "told"),
    [
        ((0.01, 0.05), "train with the best settings"),
        ((-0.05, -0.01), "train with the defaults, which are better"),
        ((-0.01, 0.01), "train with the defaults, which are as good a choice"),
        (None, "train with the defaults, which are as good a choice"),
    ],
)
def test_what_is_advised_follows_from_the_verdict(interval, told):
    assert advice(judgement(0.0 if interval is None else sum(interval) / 2, interval)) == told

"""What is told of the members of an ensemble: McNemar's test and disagreement by hand, and in plain words."""

import itertools

import numpy as np
import pytest

from study.runs.members import disagreement, diversity, members, paired, rows, verdict


def of(**changes):
    found = {
        "method": "bagging",
        "described": "2 heads vote",
        "joined": "mean of both",
        "members": [
            {"name": "member 1", "learned": "seed 0", "val_accuracy": 0.9, "test_accuracy": 0.85},
            {"name": "member 2", "learned": "seed 1", "val_accuracy": 0.95, "test_accuracy": 0.875},
        ],
        "accuracy": {"val": 0.95, "test": 0.9},
        "best_member": "member 2",
        "paired": {"images": 40, "only_ensemble": 2, "only_member": 1, "p": 1.0},
        "disagreement": {"val": 0.05, "test": 0.125},
    }
    return found | changes


def test_the_paired_test_is_mcnemars_by_hand():
    """Six images that only the ensemble gets right, one that only the member does: p = 2 (C(7,0) + C(7,1)) / 2^7."""
    ensemble = np.array([True] * 6 + [False] + [True] * 20 + [False] * 3)
    member = np.array([False] * 6 + [True] + [True] * 20 + [False] * 3)
    found = paired(ensemble, member)
    assert found["test"] == "McNemar's exact test"
    counts = {name: found[name] for name in ("images", "only_ensemble", "only_member", "p")}
    assert counts == {"images": 30, "only_ensemble": 6, "only_member": 1, "p": pytest.approx(2 * (1 + 7) / 2**7)}
    assert paired(ensemble, ensemble)["p"] == 1


def test_images_that_belong_together_are_one_observation():
    ensemble, member = np.array([True] * 12 + [True] * 8), np.array([False] * 12 + [True] * 8)
    one_clip = np.array([0] * 12 + list(range(1, 9)))
    found = paired(ensemble, member, one_clip)
    assert (found["only_ensemble"], found["only_member"], found["p"]) == (12, 0, 1.0)  # either sign is as likely
    assert "by 9 groups of images that belong together, p = 1): nothing shows" in verdict(of(paired=found))
    assert paired(ensemble, member)["p"] < 0.001


def test_p_by_units_is_that_of_all_signs():
    rng = np.random.default_rng(0)
    for _ in range(20):
        units = rng.integers(0, 9, 30)
        ensemble, member = rng.random(30) < 0.7, rng.random(30) < 0.5
        ahead = np.bincount(units, ensemble.astype(int) - member.astype(int), minlength=9)
        sums = [np.dot(signs, ahead) for signs in itertools.product((1, -1), repeat=9)]
        expected = np.mean(np.abs(sums) >= abs(ahead.sum()))
        assert paired(ensemble, member, units)["p"] == pytest.approx(expected)
    singles = np.arange(30)
    assert paired(ensemble, member, singles) == paired(ensemble, member)


def test_disagreement_is_the_mean_over_all_pairs():
    answers = np.random.default_rng(0).integers(0, 3, (5, 40))
    pairs = [(one != other).mean() for one, other in itertools.combinations(answers, 2)]
    assert disagreement(answers) == pytest.approx(np.mean(pairs))
    assert disagreement(np.array([[0, 1], [0, 1]])) == 0
    assert disagreement(np.array([[0, 1], [1, 0]])) == 1


def test_a_difference_that_may_be_chance_is_called_so():
    assert verdict(of()) == (
        "The ensemble and member 2, the best member on validation, differ on 3 of 40 test images: only the ensemble is "
        "right about 2, only the member about 1. That may well be chance (McNemar's exact test, p = 1): nothing shows "
        "that the ensemble is better than this member."
    )


@pytest.mark.parametrize(
    ("better", "worse", "said"),
    [
        (9, 0, "The ensemble is better, by more than chance (McNemar's exact test, p = 0.0039)."),
        (
            0,
            9,
            "The ensemble is worse, by more than chance (McNemar's exact test, p = 0.0039): take this member alone.",
        ),
    ],
)
def test_a_difference_beyond_chance_is_said_either_way(better, worse, said):
    both = np.array([True] * better + [False] * worse), np.array([False] * better + [True] * worse)
    assert verdict(of(paired=paired(*both))).endswith(said)


def test_an_ensemble_that_brings_nothing_is_told_so():
    nothing = paired(np.array([True, False]), np.array([True, False]))
    assert verdict(of(paired=nothing)) == (
        "The ensemble and member 2, the best member on validation, are right about the same test images, all 2 "
        "compared: it brings nothing here that this member alone would not."
    )


def test_spread_and_disagreement_are_said():
    assert diversity(of()).startswith(
        "The members alone reach 85.0 to 87.5 % on test. Two of them answer differently for 5.0 % of the validation "
        "images and 12.5 % of the test images"
    )


def test_the_table_ends_with_the_ensemble():
    assert rows(of()) == [
        ["member 1", "seed 0", "0.900000", "0.850000"],
        ["member 2", "seed 1", "0.950000", "0.875000"],
        ["ensemble", "mean of both", "0.950000", "0.900000"],
    ]


def test_the_report_of_a_single_network_has_no_members():
    assert members({"model": "original"}) == []
    heading, described, *_ = members({"ensemble": of()})
    assert (heading.text, described.text) == ("Members", "2 heads vote.")

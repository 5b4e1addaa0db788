"""The best member on validation, and the rows of history.csv."""

import numpy as np
import pytest

from study.ensemble.members import Ensemble, Member, best_on_validation, history, mean_of_first

TRUTH = np.array([0, 1, 1, 0])


def certain(answers, share=0.9):
    """Probabilities of two classes that give these answers."""
    return np.where(np.array(answers)[:, None] == np.arange(2), share, 1 - share)


def member(name, answers, share=0.9, **more):
    shares = certain(answers, share)
    return Member(name, "", {"train": shares, "val": shares, "test": shares}, **more)


def ensemble_of(*members):
    return Ensemble("seeds", "", "", members, None, mean_of_first(members))


def test_accuracy_names_the_best_member_and_cross_entropy_breaks_ties():
    wrong, unsure, sure = member("wrong", [1, 0, 1, 0]), member("unsure", TRUTH, 0.6), member("sure", TRUTH, 0.99)
    assert best_on_validation(ensemble_of(wrong, unsure, sure), TRUTH).name == "sure"
    assert best_on_validation(ensemble_of(sure, unsure, wrong), TRUTH).name == "sure"


def test_of_votes_the_first_of_the_best_is_named():
    votes = [member(name, TRUTH, 1.0, votes=True) for name in ("one", "two")]
    assert best_on_validation(ensemble_of(*votes), TRUTH).name == "one"


def test_history_has_each_member_and_the_first_ones_together():
    one, two = member("one", [0, 1, 0, 0]), member("two", [0, 1, 1, 1], 0.7)
    first, second = history(ensemble_of(one, two), dict.fromkeys(("train", "val", "test"), TRUTH))
    assert [first["member"], first["accuracy"], first["val_accuracy"]] == ["one", 0.75, 0.75]
    assert first["ensemble_val_loss"] == first["val_loss"] == pytest.approx(-np.log([0.9, 0.9, 0.1, 0.9]).mean())
    # Together: the surer one is right about the last image, and wrong about the third.
    assert second["ensemble_val_accuracy"] == 0.75
    assert second["ensemble_val_loss"] == pytest.approx(-np.log([0.8, 0.8, 0.4, 0.6]).mean())


def test_votes_have_no_cross_entropy_and_runs_no_training_figures():
    voter = member("voter", TRUTH, 1.0, votes=True)
    run = Member("run", "", {split: certain(TRUTH) for split in ("val", "test")})
    truth = dict.fromkeys(("train", "val", "test"), TRUTH)
    (row,) = history(ensemble_of(voter), truth)
    assert (row["loss"], row["val_loss"], row["val_accuracy"]) == ("", "", 1)
    (row,) = history(ensemble_of(run), truth)
    assert "loss" not in row

"""The sentence of the report that says what to do next."""

import copy

import pytest

from study.runs.advice import Advice, Commands, next_step

INFO = {
    "task": "classify",
    "data": {"drawn": False, "folder": "/my photos", "counts": {"train": {"cat": 900, "dog": 90}}},
    "stages": [{"epochs": 20, "epochs_run": 20, "kept_epoch": 12}],
}
COMMANDS = Commands(
    "python main.py check --data photos",
    "python main.py train --epochs 40",
    "python main.py crossval",
    "train",
    "python main.py train",
)
CLASS = {"cat": {"recall": 0.97, "support": 500}, "dog": {"recall": 0.96, "support": 500}}
GOOD = {"n": 1000, "accuracy": 0.965, "accuracy_interval": [0.952, 0.975], "per_class": CLASS}
HISTORY = [{"accuracy": 0.5}] * 19 + [{"accuracy": 0.98}]


def told(history=HISTORY, commands=COMMANDS, **changes):
    """What is advised after changes of `val`, `test` and the last stage."""
    info, results = copy.deepcopy(INFO), {"val": copy.deepcopy(GOOD), "test": copy.deepcopy(GOOD)}
    for where, change in changes.items():
        (info["stages"][-1] if where == "stage" else results[where]).update(change)
    return next_step(info, results, history, commands)


def test_where_nothing_is_wrong_it_says_so():
    assert told().sentence.startswith("Stop here, unless the mistakes below show labels to mend")
    assert told().command == ""


@pytest.mark.parametrize(
    ("changes", "sentence", "command"),
    [
        ({"val": {"accuracy": 0.5}}, "Nothing was learned that helps: ", COMMANDS.check),
        ({"stage": {"kept_epoch": 20}}, "Train longer: the last epoch was the best", COMMANDS.longer),
        (
            {"val": {"per_class": CLASS | {"dog": {"recall": 0.71, "support": 500}}}},
            "Add images of dog, of which it finds too few (recall 0.71 on 500 validation images) and has learned from",
            COMMANDS.check,
        ),
        (
            {"test": {"accuracy_interval": [0.9, 0.99], "n": 40}},
            "Measure on all images before comparing this with anything: 40 test images leave an interval of 9 points; ",
            COMMANDS.crossval,
        ),
        ({"history": [{"accuracy": 1.0}] * 20, "val": {"accuracy": 0.88}}, "Add images or augmentation: ", ""),
    ],
)
def test_the_plainest_fault_comes_first(changes, sentence, command):
    advice = told(**changes)
    assert advice.sentence.startswith(sentence)
    assert advice.command == command
    assert bool(advice.short) == bool(command)


def test_what_a_time_limit_ended_while_it_was_still_learning_gets_more_time():
    info = copy.deepcopy(INFO) | {"settings": {"time_limit": "20m"}}
    info["stages"][-1] |= {"epochs_run": 7, "kept_epoch": 7}
    results = {"val": GOOD, "test": GOOD}
    advice = next_step(info, results, HISTORY[-7:], COMMANDS)
    assert (advice.sentence[:18], advice.command) == ("Give it more time:", "python main.py train")
    info["stages"][-1] |= {"kept_epoch": 5}
    assert next_step(info, results, HISTORY[-7:], COMMANDS).sentence.startswith("Stop here")


@pytest.mark.parametrize(
    ("entry", "classes", "is_weak"),
    [
        ({"recall": 0.0, "support": 2}, 2, False),  # two odd images are no class
        ({"recall": 0.0, "support": 5}, 2, True),
        ({"recall": 0.8, "support": 5}, 2, False),  # one mistake
        ({"recall": 0.8, "support": 10}, 2, False),  # two mistakes
        ({"recall": 0.7, "support": 10}, 2, True),
        ({"recall": 0.7, "support": 10}, 100, False),  # of 100 such classes, one is so low by chance
        ({"recall": 0.7, "support": 40}, 100, True),
        ({"recall": 0.0, "support": 40, "units": 2}, 2, False),  # twenty copies of two images
        ({"recall": None, "support": 0}, 2, False),
    ],
)
def test_a_class_is_weak_where_it_has_enough_images_to_be_so_by_more_than_chance(entry, classes, is_weak):
    others = {f"cat {number}": {"recall": 0.97, "support": 10} for number in range(classes - 1)}
    advice = told(val={"per_class": {**others, "dog": entry}})
    assert advice.sentence.startswith("Add images of dog" if is_weak else "Stop here")


def test_a_class_of_two_images_does_not_hide_one_that_is_weak():
    few = {"recall": 0.0, "support": 2}
    advice = told(val={"per_class": CLASS | {"horse": few, "dog": {"recall": 0.6, "support": 500}}})
    assert advice.sentence.startswith("Add images of dog")


def test_a_small_class_that_is_low_by_chance_does_not_hide_a_large_one_that_is_weak():
    others = {f"cat {number}": {"recall": 0.93, "support": 200} for number in range(8)}
    small, large = {"recall": 0.4, "support": 5}, {"recall": 0.5, "support": 200}
    advice = told(val={"accuracy": 0.88, "per_class": {**others, "horse": small, "dog": large}})
    assert advice.sentence.startswith("Add images of dog")


def test_overfitting_is_that_of_the_epoch_that_was_kept():
    later = [{"accuracy": 0.9}] * 12 + [{"accuracy": 1.0}] * 8
    fair = {"val": {"accuracy": 0.88}, "test": {"accuracy": 0.88}}
    assert told(later, **fair).sentence.startswith("Stop here")
    assert told(later[::-1], stage={"kept_epoch": 5}, **fair).sentence.startswith("Add images or augmentation: ")
    assert told(later, stage={"kept_epoch": 0}, **fair).sentence.startswith("Stop here")


def test_the_figures_of_members_are_not_those_of_an_ensemble():
    info = INFO | {"stages": [], "ensemble": {}}
    weak = GOOD | {"accuracy": 0.88}
    advice = next_step(info, {"val": weak, "test": weak}, [{"accuracy": 1.0}] * 3, COMMANDS)
    assert advice.sentence.startswith("Stop here")


def test_images_that_cannot_be_divided_are_not_to_be_cross_validated():
    rough = {"accuracy_interval": [0.9, 0.99], "n": 40}
    assert told(commands=Commands("check", "train", "", "unweighted"), test=rough) == told()


def test_what_the_test_split_shows_is_not_mended():
    rare = {"per_class": CLASS | {"dog": {"recall": 0.1, "support": 500}}}
    assert told(test=rare) == told()


def test_another_task_has_no_such_figures():
    assert next_step(INFO | {"task": "segment"}, {}, HISTORY, COMMANDS) == Advice()


def test_it_is_one_sentence():
    for changes in ({}, {"val": {"accuracy": 0.5}}, {"test": {"accuracy_interval": [0.9, 0.99], "n": 40}}):
        assert told(**changes).sentence.count(". ") == 0


WEIGHED = {
    **INFO,
    "settings": {"class_weight": {"cat": 1e6}},
    "classes": {name: {"drawn_per_epoch": 90, "weight": 0.0} for name in ("cat", "dog", "horse")},
}


@pytest.mark.parametrize(
    ("weights", "confusion", "named"),
    [
        ({"cat": 1e6}, [[6, 0, 0], [4, 0, 2], [6, 0, 0]], "as much in the loss as one of dog, horse,"),
        ({"dog": 1e-6}, [[6, 0, 0], [3, 0, 3], [0, 0, 6]], "as much in the loss as one of dog,"),
        ({"cat": 1e6}, [[6, 0, 0], [0, 6, 0], [0, 0, 6]], ""),  # large, and harmless
        ({"cat": 2.0}, [[6, 0, 0], [6, 0, 0], [6, 0, 0]], ""),
        ("balanced", [[6, 0, 0], [6, 0, 0], [6, 0, 0]], ""),
    ],
)  # fmt: skip
def test_weights_that_leave_classes_unfound_are_named(weights, confusion, named):
    per_class = {
        name: {"recall": confusion[at][at] / 6, "support": 6} for at, name in enumerate(("cat", "dog", "horse"))
    }
    right = sum(confusion[at][at] for at in range(3)) / 18
    val = GOOD | {"n": 18, "accuracy": right, "per_class": per_class, "confusion": confusion}
    advice = next_step(WEIGHED | {"settings": {"class_weight": weights}}, {"val": val, "test": val}, HISTORY, COMMANDS)
    assert named in advice.sentence
    assert bool(named) == (advice.command == COMMANDS.unweighted)
    assert bool(named) == ("--class-weight" in advice.short)


def test_a_weight_of_a_class_without_an_image_is_not_blamed():
    val = GOOD | {"accuracy": 0.5, "per_class": CLASS | {"horse": CLASS["dog"]}, "confusion": [[6, 0, 0]] * 3}
    for drawn in ({"drawn_per_epoch": 0}, {}):
        info = WEIGHED | {"classes": WEIGHED["classes"] | {"cat": drawn}}
        assert "weight" not in next_step(info, {"val": val, "test": val}, HISTORY, COMMANDS).short


def test_a_weight_that_balances_a_rare_class_is_not_blamed():
    info = WEIGHED | {"settings": {"class_weight": {"cat": 20.0}}, "classes": copy.deepcopy(WEIGHED["classes"])}
    info["classes"]["cat"]["drawn_per_epoch"] = 5
    val = GOOD | {"accuracy": 0.5, "per_class": CLASS | {"horse": CLASS["dog"]}, "confusion": [[6, 0, 0]] * 3}
    assert "weight" not in next_step(info, {"val": val, "test": val}, HISTORY, COMMANDS).short


def test_the_report_has_it(run):
    page = " ".join((run / "report.html").read_text(encoding="utf-8").split())
    assert "<b>What next?</b> " in page

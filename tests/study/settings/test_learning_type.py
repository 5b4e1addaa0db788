import pytest

from errors import UserError
from study.settings.learning_type import advise, choose_learning, start_weights

ALL = ("transfer", "finetune", "scratch")


def never(learning):
    raise AssertionError(f"{learning} was measured though nothing depends on it")


def minutes(estimate):
    return lambda learning: estimate


# ---- the table -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rarest", "learning", "reason"),
    [
        (1, "transfer", "the rarest class has 1 training images, fewer than 1,000: enough for the head only"),
        (999, "transfer", "the rarest class has 999 training images, fewer than 1,000: enough for the head only"),
        (1000, "finetune", "the rarest class has 1,000 training images, 1,000 to 5,000: enough to fine-tune"),
        (5000, "finetune", "the rarest class has 5,000 training images, 1,000 to 5,000: enough to fine-tune"),
        (5001, "scratch", "the rarest class has 5,001 training images, more than 5,000: enough to learn from scratch"),
    ],
)
def test_the_table(rarest, learning, reason):
    assert advise(rarest) == (learning, reason)
    choice = choose_learning("auto", "imagenet", ALL, rarest, minutes(2.4))
    assert choice.learning == learning
    assert choice.reason == (reason if learning == "transfer" else f"{reason} (about 2 minutes)")


def test_learning_from_scratch_drops_the_pretrained_weights():
    assert choose_learning("auto", "imagenet", ALL, 6000, minutes(1)).weights == "none"
    assert choose_learning("auto", "imagenet", ALL, 2000, minutes(1)).weights == "imagenet"
    assert choose_learning("auto", "imagenet", ALL, 20, never).weights == "imagenet"


@pytest.mark.parametrize("rarest", [3, 2000, 9000])
def test_without_weights_there_is_only_scratch(rarest):
    choice = choose_learning("auto", "none", ALL, rarest, never)
    assert (choice.learning, choice.weights) == ("scratch", "none")
    assert choice.reason == "there are no pretrained weights to begin with"


def test_a_model_that_cannot_learn_from_scratch_is_fine_tuned():
    choice = choose_learning("auto", "imagenet", ("transfer", "finetune"), 9000, minutes(3))
    assert (choice.learning, choice.weights) == ("finetune", "imagenet")
    assert "but it begins from weights here" in choice.reason


@pytest.mark.parametrize(("rarest", "learning"), [(2000, "finetune"), (9000, "scratch")])
def test_what_would_take_too_long_becomes_transfer_and_says_so(rarest, learning):
    measured = []
    choice = choose_learning("auto", "imagenet", ALL, rarest, lambda name: measured.append(name) or 83.2)
    assert measured == [learning]
    assert (choice.learning, choice.weights) == ("transfer", "imagenet")
    assert choice.reason.startswith(advise(rarest)[1])
    assert choice.reason.endswith(
        f"; but {learning} would take about 83 minutes on this machine, more than 10: the head only. "
        f"--learning {learning} does it all the same"
    )


def test_ten_minutes_are_not_too_long():
    assert choose_learning("auto", "imagenet", ALL, 2000, minutes(10)).learning == "finetune"
    assert choose_learning("auto", "imagenet", ALL, 2000, minutes(10.01)).learning == "transfer"


@pytest.mark.parametrize("asked", ALL)
@pytest.mark.parametrize("rarest", [3, 2000, 9000])
def test_what_is_asked_for_is_never_overridden(asked, rarest):
    weights = "none" if asked == "scratch" else "imagenet"
    choice = choose_learning(asked, weights, ALL, rarest, never)
    assert (choice.learning, choice.weights, choice.reason) == (asked, weights, "as asked for")


# ---- weights to begin with -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pretrained", "learning", "weights", "expected"),
    [
        (("imagenet",), "auto", None, "imagenet"),
        (("imagenet",), "transfer", None, "imagenet"),
        (("imagenet",), "finetune", None, "imagenet"),
        (("imagenet",), "scratch", None, "none"),
        (("imagenet", "other"), "auto", None, "imagenet"),
        (("imagenet",), "auto", "none", "none"),
        (("imagenet",), "scratch", "none", "none"),
        (("imagenet",), "transfer", "my.keras", "my.keras"),
        ((), "auto", None, "none"),
        ((), "scratch", None, "none"),
        ((), "transfer", "runs/1", "runs/1"),
        ((), "auto", "runs/1", "runs/1"),
    ],
)
def test_weights_to_begin_with(pretrained, learning, weights, expected):
    assert start_weights("resnet", pretrained, learning, weights) == expected


@pytest.mark.parametrize("learning", ["transfer", "finetune"])
@pytest.mark.parametrize(("pretrained", "weights"), [((), None), ((), "none"), (("imagenet",), "none")])
def test_a_learning_type_that_needs_weights_says_so(learning, pretrained, weights):
    with pytest.raises(UserError) as caught:
        start_weights("original", pretrained, learning, weights)
    assert str(caught.value) == (
        f"--learning {learning} needs pretrained weights and original starts from random ones here. "
        "Give --weights FILE or a run folder, or --learning scratch."
    )


@pytest.mark.parametrize("weights", ["imagenet", "runs/1"])
def test_scratch_with_weights_says_so(weights):
    with pytest.raises(UserError) as caught:
        start_weights("resnet", ("imagenet",), "scratch", weights)
    assert str(caught.value) == (
        f"--learning scratch begins with random weights. Received: --weights {weights}; leave it out."
    )

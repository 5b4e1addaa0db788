"""What `tune` searches: default ranges, a file of one's own, points of a grid, and what is refused."""

import math

import pytest
from helpers import message

from study.search.space import Choice, Range, Space, check_grid, default_space, read_space
from study.settings.train import TrainSettings


def space_of(tmp_path, text):
    file = tmp_path / "space.toml"
    file.write_text(text, encoding="utf-8")
    return read_space(str(file))


def test_a_file_gives_ranges_and_choices(tmp_path):
    text = """
[learning-rate]
low = 1e-4
high = 1e-1
log = true
[batch-size]
low = 16
high = 128
log = true
points = 4
[dropout]
choices = [0, 0.2, 0.5]
[augment]
choices = ["none", "flip,translation"]
[coordinates]
choices = [true, false]
[focal-gamma]
low = 0
high = 5
[loss]
choices = ["crossentropy", "focal"]
"""
    entries = {entry.name: entry for entry in space_of(tmp_path, text).entries}
    assert entries["learning_rate"] == Range("learning_rate", 1e-4, 0.1, log=True)
    assert entries["batch_size"] == Range("batch_size", 16, 128, log=True, points=4)
    assert entries["dropout"].choices == ("0", "0.2", "0.5")
    assert entries["augment"].choices == ("none", "flip,translation")
    assert entries["coordinates"].choices == ("on", "off")
    assert list(entries)[-1] == "focal_gamma"  # after the loss on which it depends


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "is empty: give it a table a flag"),
        ("[dropout", "is no TOML: "),
        ("dropout = 0.2", "[dropout] takes a table with low and high"),
        ("[droput]\nlow = 0\nhigh = 1", "[droput] is no flag of train that may be searched. There are: model, "),
        ("[runs]\nchoices = ['a']", "[runs] is no flag of train that may be searched."),
        ("[split]\nchoices = ['8:1:1']", "[split] cannot be searched: every trial is evaluated on the same images."),
        ("[backend]\nchoices = ['jax']", "[backend] cannot be searched: every trial is computed in the same way."),
        ("[depth]\nchoices = [8, 9]", "[depth]: --depth takes 6n + 2, such as 8, 14, 20, 32, 44, 56, 110. Received: 9"),
        ("[depth]\nlow = 8\nhigh = 20", "[depth] takes no range: give choices = [A, B]."),  # which has a 9 in it
        ("[seed]\nlow = 1\nhigh = 3", "[seed] cannot be searched: every trial has the same. Give --seed once for all."),
        ("[dropout]\nlow = 0", "[dropout] has no high: give low and high"),
        ("[batch-size]\nchoices = [1]\n[batch_size]\nchoices = [2]", " names batch-size twice. Name each flag once."),
        ("[dropout]\nlow = 0\nhigh = 2", "[dropout]: --dropout takes 0 to 0.95. Received: 2.0"),
        ("[dropout]\nlow = 0.5\nhigh = 0.5", "[dropout] takes a low below its high. Received: low 0.5, high 0.5"),
        ("[dropout]\nlow = '0'\nhigh = 1", "[dropout] takes numbers as low and high. Received: '0'"),
        ("[dropout]\nlow = 0\nhigh = 0.5\nlog = true", "[dropout] takes a low above 0 on a log scale. Received: 0"),
        ("[dropout]\nlow = 0\nhigh = 0.5\nlog = 1", "[dropout] takes log = true or false. Received: 1"),
        ("[dropout]\nlow = 0\nhigh = 0.5\npoints = 1", "[dropout] takes points = N, 2 at least. Received: 1"),
        (
            "[dropout]\nlow = 0\nhigh = 0.5\nstep = 0.1",
            "[dropout] takes low and high (with log = true, or points = N for",
        ),
        ("[dropout]\nchoices = [0]\nlow = 0", "[dropout] has choices and low: leave one of the two out."),
        ("[dropout]\nchoices = []", "[dropout] takes choices = [A, B], at least one. Received: []"),
        ("[dropout]\nchoices = [0.2, '0.20']", "[dropout] names 0.2 twice. Name each value once."),
        ("[dropout]\nchoices = [true]", "[dropout] takes numbers or texts as choices. Received: True"),
        ("[coordinates]\nchoices = ['on']", "[coordinates] takes true and false as choices. Received: 'on'"),
        ("[optimizer]\nchoices = ['lion']", "[optimizer]: --optimizer takes sgd, momentum, "),
        ("[optimizer]\nlow = 1\nhigh = 2", "[optimizer] takes no range: give choices = [A, B]."),
        ("[epochs]\nlow = 1.5\nhigh = 3", "[epochs]: --epochs takes a whole number. Received: 1.5"),
    ],
)
def test_a_file_that_will_not_do_is_told_by_the_entry(tmp_path, text, error):
    told = message(space_of, tmp_path, text)
    assert told.startswith(f"--space {tmp_path / 'space.toml'}")
    assert error in told


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert message(read_space, str(tmp_path / "no.toml")).endswith("no.toml cannot be read: No such file or directory.")


def test_by_default_rate_and_penalty_are_searched_on_a_log_scale_around_the_default():
    names = {}
    for kind, rate in (("transfer", 5e-3), ("scratch", 2e-3), ("finetune", 5e-5)):
        space = default_space(TrainSettings.of(learning=kind), rate)
        names[kind] = space.names
        by_name = {entry.name: entry for entry in space.entries}
        searched = by_name["learning_rate"]
        assert (searched.low, searched.high, searched.log) == (rate / 50, rate * 20, True)
        assert by_name["l2"].log
        assert not by_name["dropout"].log
    assert names["transfer"] == names["finetune"] == ("dropout", "l2", "label_smoothing", "learning_rate")
    assert names["scratch"] == ("batch_size", *names["transfer"])
    assert "weight_decay" in default_space(TrainSettings.of(optimizer="adamw"), 1e-3).names


def test_a_number_is_trained_as_it_is_written_and_stays_within_its_range():
    rate = Range("learning_rate", 1e-4, 0.0999, log=True)
    assert rate.text(0.00123456) == "0.00123"
    assert rate.text(0.09996) == "0.0999"
    assert Range("batch_size", 16, 128).text(33) == "33"
    assert Range("dropout", 0.0, 0.6).text(0.0) == "0"


def test_the_grid_has_every_combination_once_and_none_of_what_says_nothing():
    space = Space.of(
        [
            Choice("loss", ("crossentropy", "focal")),
            Range("focal_gamma", 1.0, 3.0, points=3),
            Range("learning_rate", 1e-4, 1e-1, log=True, points=4),
        ]
    )
    texts = [space.texts(point) for point in space.grid()]
    assert len(texts) == 4 * (1 + 3)
    assert [one["learning_rate"] for one in texts if one["loss"] == "crossentropy"] == [
        "0.0001",
        "0.001",
        "0.01",
        "0.1",
    ]
    assert {one["focal_gamma"] for one in texts if one["loss"] == "focal"} == {"1", "2", "3"}
    assert all(("focal_gamma" in one) == (one["loss"] == "focal") for one in texts)


def test_whole_numbers_of_a_grid_are_whole_and_none_comes_twice():
    assert Range("batch_size", 2, 4, points=5).grid() == [2, 3, 4]
    found = Range("batch_size", 16, 256, log=True, points=5).grid()
    assert found == [16, 32, 64, 128, 256]
    assert all(math.log2(value) == round(math.log2(value)) for value in found)


def test_a_grid_needs_points_for_every_range():
    space = Space.of([Range("dropout", 0.0, 0.5), Choice("l2", ("0",))])
    assert message(check_grid, space) == (
        "--sampler grid needs points = N for the range of dropout, or choices, in --space FILE. Give them, or another "
        "--sampler."
    )

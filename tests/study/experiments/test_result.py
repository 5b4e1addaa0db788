"""What `compare` makes of the figures: order, table, t-test, curves, and words of caution."""

import csv
import shutil

import pytest

from data import split
from data.split import SplitEntry
from study.experiments import report as compare_report
from study.experiments.figures import MAX_DRAWN, curves, mean_and_spread
from study.experiments.result import Line, Result, rank, ranking_table, resolved_settings, verdict, write_csv
from study.runs import folder as run_folder
from study.settings.resolve import as_json
from study.settings.train import TrainSettings


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ([0.9], [0.8], "a and b: difference 10.0 points; one seed says nothing about chance"),
        ([0.9, 0.8, 0.85], [0.9, 0.8, 0.85], "a and b: equal at each of 3 seeds"),
        (
            [0.9, 0.8, 0.85],
            [0.89, 0.79, 0.84],
            "a is ahead of b by the same 1.0 points at each of 3 seeds: a t-test needs differences that vary, and says "
            "nothing here",
        ),
        (
            [0.9, 0.8, 0.85],
            [0.88, 0.82, 0.838],
            "a and b: not distinguishable at 3 seeds (difference 0.4 points, p = 0.77)",
        ),
        ([0.9, 0.8, 0.85], [0.8, 0.69, 0.76], "a is better than b at 3 seeds (difference 10.0 points, p = 0.0033)"),
        ([0.7, 0.7, 0.71], [0.8, 0.81, 0.8], "b is better than a at 3 seeds (difference 10.0 points, p = 0.0033)"),
        ([0.9, 0.9001, 0.9], [0.1, 0.1, 0.1], "a is better than b at 3 seeds (difference 80.0 points, p < 0.001)"),
        ([], [0.5], "a and b: no seed that both finished"),
    ],
)
def test_the_t_test_in_words(first, second, told):
    assert verdict(("a", "b"), dict(enumerate(first)), dict(enumerate(second))) == told


def test_only_seeds_that_both_have_are_paired():
    assert verdict(("a", "b"), {0: 0.5, 1: 0.9}, {1: 0.8, 2: 0.1}).startswith(
        "a and b: difference 10.0 points; one seed"
    )


def result(folder, accuracy, epochs=1, **changes):
    settings = as_json(TrainSettings.of(**changes))
    info = {
        "settings": settings,
        "seconds": {"train": 2.0},
        "learning": {"type": "scratch"},
        "stages": [{"precision": None}],
    }
    rows = [{"val_loss": 1 / (i + 1), "val_accuracy": accuracy} for i in range(epochs)]
    return Result(run_folder.Run(folder, info), accuracy, accuracy - 0.1, 50, 2.0, rows)


def lines_of(folder, **accuracies):
    return [
        Line(name, {seed: result(folder, value, optimizer=name) for seed, value in enumerate(values)})
        for name, values in accuracies.items()
    ]


def test_the_best_by_validation_comes_first_and_one_without_runs_last(tmp_path):
    lines = rank(lines_of(tmp_path, sgd=[0.5, 0.7], adagrad=[], adam=[0.9, 0.8], rmsprop=[0.65]))
    assert [line.label for line in lines] == ["adam", "rmsprop", "sgd", "adagrad"]
    write_csv(tmp_path / "compare.csv", lines)
    with (tmp_path / "compare.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {
        "combination": "adam",
        "val_accuracy": "0.85",
        "val_accuracy_std": "0.070711",
        "val_macro_f1": "0.75",
        "val_macro_f1_std": "0.070711",
        "seconds": "2.0",
        "n": "2",
    }
    assert (rows[1]["val_accuracy_std"], rows[1]["n"]) == ("", "1")
    assert (rows[3]["val_accuracy"], rows[3]["n"]) == ("", "0")
    assert ranking_table(lines)[1][0] == ["adam", "85.0", "7.1", "0.750", "0.071", "2.0", "2"]
    assert ranking_table(lines)[1][3][1:] == ["–"] * 5 + ["0"]


def test_a_default_that_followed_from_what_was_varied_is_told(tmp_path):
    lines = [
        Line("sgd", {0: result(tmp_path, 0.5, optimizer="sgd", learning_rate=0.1)}),
        Line("adam", {0: result(tmp_path, 0.6, optimizer="adam", learning_rate=0.002)}),
    ]
    same, follows = resolved_settings(lines, ["optimizer"])
    assert follows == {"learning_rate": {"sgd": 0.1, "adam": 0.002}}
    assert same["model"] == "original"
    assert not {"optimizer", "seed", "runs", "learning_rate"} & same.keys()


def test_what_spoils_a_comparison_is_told(tmp_path):
    lines = []
    for i, name in enumerate(("sgd", "adam")):
        one = result(tmp_path / name, 0.5, optimizer=name)
        (tmp_path / name).mkdir()
        split.write_split(tmp_path / name / "split.csv", [SplitEntry("a.png", f"hash {i}", "a", "train")])
        one.run.info["stages"][0]["precision"] = {"precision": ("float32", "bfloat16")[i]}
        lines.append(Line(name, {0: one}))
    told = " ".join(compare_report.summary_sentences(lines, ["optimizer"]))
    assert "Careful: the runs have 2 different splits" in told
    assert "Careful: runs were trained in different precision (bfloat16, float32)" in told
    shutil.copy(tmp_path / "sgd" / "split.csv", tmp_path / "adam" / "split.csv")
    assert "different splits" not in " ".join(compare_report.summary_sentences(lines, ["optimizer", "precision"]))
    assert compare_report.summary_sentences(lines[:1], ["optimizer"])[0].startswith("Only sgd was trained")


def test_curves_of_unequal_length(tmp_path):
    middle, width = mean_and_spread([[1.0, 2.0, 3.0], [3.0]])
    assert middle == [2.0, 2.0, 3.0]
    assert width == [pytest.approx(2**0.5), 0.0, 0.0]
    drawn = {
        f"l2={i}" * (1 + 30 * (i == 3)): [result(tmp_path, 0.5, epochs).epochs for epochs in (1 + i, 4)]
        for i in range(MAX_DRAWN + 2)
    }
    curves(drawn, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert compare_report.caption(MAX_DRAWN + 2).endswith("the best 8; 2 more are in the table.")
    assert "Drawn are" not in compare_report.caption(MAX_DRAWN)

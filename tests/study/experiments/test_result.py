"""What `compare` makes of the figures: order, table, curves, and words of caution."""

import csv
import json
import shutil
from dataclasses import replace

import pytest
from helpers import message

from data import split
from data.split import SplitEntry
from study.experiments import report as compare_report
from study.experiments.figures import MAX_DRAWN, curves, mean_and_spread
from study.experiments.result import Line, Result, rank, ranking_table, read_result, resolved_settings, write_csv
from study.runs import folder as run_folder
from study.settings.resolve import as_json
from study.settings.train import TrainSettings


def result(folder, accuracy, epochs=1, iou=None, **changes):
    settings = as_json(TrainSettings.of(**changes))
    info = {
        "settings": settings,
        "task": settings["task"],
        "seconds": {"train": 2.0},
        "learning": {"type": "scratch"},
        "stages": [{"precision": None}],
    }
    rows = [{"val_loss": 1 / (i + 1), "val_accuracy": accuracy, "val_mean_iou": iou} for i in range(epochs)]
    return Result(run_folder.Run(folder, info), accuracy, accuracy - 0.1, 50, 2.0, rows, own_score=iou)


def lines_of(folder, **accuracies):
    return [
        Line(name, {seed: result(folder, value, optimizer=name) for seed, value in enumerate(values)})
        for name, values in accuracies.items()
    ]


VAL = {"accuracy": 0.5, "macro_f1": 0.4, "n": 8, "per_class": {"cat": {"support": 8}}}
METRICS = json.dumps({"val": VAL, "test": {}})
INFO = {"seconds": {"train": 2.0}, "settings": {}, "stages": [{"precision": None}]}
HISTORY = "epoch,val_loss,val_accuracy\n1,0.7,0.5\n"


def run_of(folder, metrics=METRICS, history=HISTORY, info=INFO):
    (folder / "metrics.json").write_text(metrics)
    (folder / "history.csv").write_bytes(history.encode("latin-1"))
    return run_folder.Run(folder, info)


def test_of_a_run_only_the_figures_of_validation_are_read(tmp_path):
    run = run_of(tmp_path)
    wanted = Result(run, 0.5, 0.4, 8, 2.0, [{"val_loss": 0.7, "val_accuracy": 0.5}], ("cat", 1.0))
    assert repr(read_result(run)) == repr(wanted)  # a loss that is no number is not equal to itself


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ({"metrics": "[" * 100_000}, "metrics.json cannot be read: maximum recursion depth exceeded"),
        ({"metrics": "{"}, "metrics.json cannot be read: Expecting property name"),
        ({"metrics": "[]"}, "metrics.json cannot be read: list indices must be integers"),
        ({"metrics": '{"val": {"accuracy": 1}}'}, "metrics.json cannot be read: it has no macro_f1. Train again."),
        (
            {"metrics": json.dumps({"val": VAL | {"n": 1e999}})},
            "metrics.json cannot be read: cannot convert",
        ),
        ({"metrics": json.dumps({"val": VAL | {"accuracy": "good"}})}, "metrics.json cannot be read: could"),
        ({"history": ""}, "history.csv cannot be read: it has no epoch. Train again."),
        ({"history": HISTORY.replace("0.7", "low")}, "history.csv cannot be read: could not convert string to float"),
        ({"history": HISTORY.replace(",0.5", "")}, "history.csv cannot be read: float() argument must be"),
        ({"history": HISTORY.replace("val_loss", "loss")}, "history.csv cannot be read: it has no val_loss."),
        ({"history": HISTORY.replace("1,", "\xff,")}, "history.csv cannot be read: 'utf-8' codec can't decode"),
        ({"history": HISTORY + "1" * 200_000}, "history.csv cannot be read: field larger than field limit"),
        ({"info": {"settings": {}, "stages": []}}, "run.json cannot be read: it has no seconds. Train again."),
        ({"info": INFO | {"stages": []}}, "run.json cannot be read: list index out of range. Train again."),
    ],
)
def test_a_damaged_run_is_told_in_one_line_that_names_the_file(tmp_path, damage, told):
    assert message(read_result, run_of(tmp_path, **damage)).startswith(f"{tmp_path}/{told}")


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


@pytest.mark.parametrize(
    ("task", "names", "note"),
    [
        ({}, ("accuracy", "macro F1"), "One of the 50 validation images is 2.0 points. "),
        ({"task": "multilabel"}, ("exact match", "macro F1"), "Exact match is the share of the 50 validation images "),
        (
            {"task": "segment", "model": "unet", "iou": 0.4},
            ("mean IoU", "pixel accuracy", "mean Dice"),
            "Ranked by mean IoU, of which 0.01 is a point. Pixel accuracy is the share of the pixels of the 50 ",
        ),
    ],
)
def test_figures_are_called_as_the_report_of_the_task_calls_them(tmp_path, task, names, note):
    """The accuracy of pixels is none of images."""
    (tmp_path / "split.csv").write_text("path,sha256,label,part\n")
    lines = [Line(name, {0: result(tmp_path, 0.5, **task, width=8)}) for name in ("one", "other")]
    header, _ = ranking_table(lines)
    assert [title.removesuffix(" %") for title in header[1 : 2 * len(names) : 2]] == list(names)
    assert any(sentence.startswith(note) for sentence in compare_report.summary_sentences(lines, ["width"]))
    compare_report.write(tmp_path, "compare", lines, ["said"], ["width"], {})
    page = (tmp_path / "compare.html").read_text(encoding="utf-8")
    assert f"Validation loss and {names[0]} over the epochs" in page
    assert all(f">{title}</th>" in page for title in header)


def test_masks_are_ranked_by_their_mean_iou(tmp_path):
    """One class of most pixels: who calls every pixel that has the higher pixel accuracy."""
    shares = {"blind": [(0.95, 0.475), (0.95, 0.47), (0.95, 0.48)], "sees": [(0.93, 0.8), (0.93, 0.79), (0.94, 0.82)]}
    lines = [
        Line(
            name,
            {
                seed: result(tmp_path, right, iou=iou, task="segment", model="unet", width=8)
                for seed, (right, iou) in enumerate(values)
            },
        )
        for name, values in shares.items()
    ]
    ranked = rank(lines)
    assert [line.label for line in ranked] == ["sees", "blind"]
    header, (first, _) = ranking_table(ranked)
    assert dict(zip(header, first, strict=True))["mean IoU"] == "0.803"
    (tmp_path / "split.csv").write_text("path,sha256,label,part\n")
    assert compare_report.summary_sentences(ranked, ["width"])[0].startswith("sees is better than blind at 3 seeds")
    write_csv(tmp_path / "compare.csv", ranked)
    rows = list(csv.DictReader((tmp_path / "compare.csv").open()))
    assert [float(row["val_mean_iou"]) for row in rows] == [pytest.approx(0.803333), pytest.approx(0.475)]


def test_figures_of_the_test_split_are_not_read(tmp_path):
    val = {"accuracy": 0.8, "macro_f1": 0.7, "n": 50, "per_class": {"cat": {"support": 50}}}
    (tmp_path / "history.csv").write_text("val_loss,val_accuracy\n0.5,0.8\n")
    run = run_folder.Run(tmp_path, INFO)
    found = []
    for metrics in ({"val": val}, {"val": val, "test": {"accuracy": 0.1, "macro_f1": 0.1, "n": 7}}):
        (tmp_path / "metrics.json").write_text(json.dumps(metrics))
        found.append(read_result(run))
    assert repr(found[0]) == repr(found[1])
    assert (found[0].accuracy, found[0].macro_f1, found[0].images) == (0.8, 0.7, 50)


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


@pytest.mark.parametrize(
    ("constant", "sentence"),
    [
        (0.5333, "Always answering dog: 53.3 %."),
        (0.7, "Always answering dog: 70.0 %. The best is no better than that: nothing was learned that helps."),
    ],
)
def test_the_ranking_stands_beside_a_constant_answer(tmp_path, constant, sentence):
    lines = lines_of(tmp_path, adam=[0.6, 0.8], sgd=[0.5, 0.5])
    split.write_split(tmp_path / "split.csv", [SplitEntry("a.png", "hash", "a", "train")])
    for line in lines:
        for seed, one in line.results.items():
            line.results[seed] = replace(one, baseline=("dog", constant))
    assert sentence in compare_report.summary_sentences(lines, ["optimizer"])


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


def test_of_three_settings_all_are_set_against_the_best(tmp_path):
    accuracies = {
        "adam": [0.9, 0.91, 0.89, 0.92, 0.9],
        "sgd": [0.5, 0.52, 0.53, 0.5, 0.54],
        "muon": [0.9, 0.9, 0.9, 0.9, 0.9],
    }
    lines = rank(lines_of(tmp_path, **accuracies))
    split.write_split(tmp_path / "split.csv", [SplitEntry("a.png", "hash", "a", "train")])
    first, second, *_ = compare_report.summary_sentences(lines, ["optimizer"])
    assert first.startswith(
        "adam and muon: not distinguishable at 5 seeds (difference 0.4 points, p = 0.48). With this"
    )
    assert second == (
        "Worse than adam: sgd (p < 0.001). Not distinguishable from adam: muon (p = 0.48). Each p allows for all 3 "
        "pairs (Holm)."
    )

"""The Japanese report of every kind of result: no English is left but names, whatever is advised or missing."""

import re
import shutil

import pytest
from english_left import JAPANESE, Shown, english_left
from helpers import ROOT
from run_files import run_info

from study.pages.language import japanese
from study.runs import report
from study.runs.advice import Commands
from study.runs.answers import Answers, Card, Picture
from study.runs.out_of_fold import out_of_fold_lines
from study.runs.report import LEARNING_TYPES, STEPS, Asked, Repeat

NAMES = ("猫", "dog", "horse")
GOOD, BAD = [[40, 1, 0], [0, 40, 0], [0, 0, 40]], [[0, 40, 0], [0, 40, 0], [0, 2, 0]]
ALL_RIGHT, ONE_WEAK = [[40, 0, 0], [0, 40, 0], [0, 0, 40]], [[40, 0, 0], [0, 40, 0], [20, 10, 10]]
EMPTY_CLASS = [[9, 1, 0], [0, 10, 0], [0, 0, 0]]
LEFT_OUT = [
    {"path": "a/b.txt", "reason": "outside the class folders, and not an image file name (.txt)"},
    {"path": "a/c.png", "reason": "truncated: the PNG file ends before the image does"},
]
AUXILIARY = ({"accuracy": 0.5, "n": 10}, {"accuracy": None, "n": 0}, {"iou": 0.5, "side": 32, "n": 9})


def figures(confusion, names=NAMES, interval=None, **more):
    right, n = sum(row[i] for i, row in enumerate(confusion)), sum(map(sum, confusion))
    per_class = {}
    for i, (name, row) in enumerate(zip(names, confusion, strict=True)):
        score = row[i] / sum(row) if sum(row) else None
        per_class[name] = {"precision": score, "recall": score, "f1": score, "support": sum(row)}
    interval = interval or [right / n - 0.01, right / n + 0.01]
    found = {"n": n, "accuracy": right / n, "accuracy_interval": interval, "loss": 1.0, "macro_f1": 0.5}
    return found | {"per_class": per_class, "confusion": confusion} | more


def picture(gone=""):
    return Picture("dog/1.png", "file:///dog/1.png", "dog", None, gone)


def card(kind, predicted="猫"):
    return Card(picture(report.translated("the file was changed after it was read")), predicted, 0.9, kind, None, [])


def page_of(run, tmp_path, val, test, *, history=None, answers=None, asked=None, crossval="crossval", info=None):
    folder = shutil.copytree(run, tmp_path / "run")
    facts = run_info(run) | {"class_names": list(test["per_class"])} | (info or {})
    facts["settings"] = facts["settings"] | {"language": "ja"}
    asked = asked or Asked(("epochs",), Repeat("python main.py train", ("--seed",), ("--name",)))
    history = history or [{"accuracy": 0.5}] * 9
    answers = answers or Answers([card("class"), card("unsure"), card("unlike", "dog")], 3, {}, 9)
    report.write(
        folder,
        facts,
        {"val": val, "test": test},
        history,
        Commands("check", "train", crossval, "unweighted"),
        asked,
        answers,
    )
    return (folder / "report.html").read_text(encoding="utf-8"), facts


STAGE = {"epochs": 3, "epochs_run": 3, "kept_epoch": 2}
CASES = {
    "nothing learned": (BAD, {}, {}, "有用な学習ができていません"),
    "a weight": (
        [[5, 0, 0], [5, 0, 0], [5, 0, 0]],
        {
            "settings": {"class_weight": {"猫": 1000.0}},
            "classes": {name: {"drawn_per_epoch": 9, "weight": 1.0} for name in NAMES},
        },
        {},
        "の 1,000 倍に数えられ",
    ),
    "longer": (GOOD, {"stages": {"kept_epoch": 9}}, {}, "学習を長くしてください"),
    "a weak class": (ONE_WEAK, {}, {}, "「horse」の画像を追加し"),
    "cross-validation": (GOOD, {}, {"interval": [0.8, 1.0]}, "交差検証では"),
    "overfitted": (GOOD, {"history": [{"accuracy": 1.5}] * 9}, {}, "過学習しています"),
    "stop": (GOOD, {}, {}, "ここで終えてかまいません"),
    "no mistakes": (ALL_RIGHT, {"answers": Answers([card("class", "dog")], 0, {}, 9)}, {}, "誤りはありません"),
    "a class without an image": (EMPTY_CLASS, {}, {}, "画像がないため、評価していません"),
    "not clearly better": (GOOD, {}, {"interval": [0.1, 1.0]}, "明らかに良いとはいえません"),
}


@pytest.mark.parametrize("case", CASES)
def test_whatever_is_advised_or_warned_of_no_english_is_left(run, tmp_path, case):
    confusion, changed, test, expected = CASES[case]
    stages = [stage | STAGE | changed.get("stages", {}) for stage in run_info(run)["stages"]]
    info = {"stages": stages, "classes": changed.get("classes", run_info(run)["classes"])}
    info["settings"] = run_info(run)["settings"] | changed.get("settings", {})
    given = {key: value for key, value in changed.items() if key not in ("stages", "classes", "settings")}
    page, info = page_of(run, tmp_path, figures(confusion), figures(confusion, **test), info=info, **given)
    assert expected in page
    assert not english_left(page, info)


FACTS = {
    "drawn": lambda data: data | {"drawn": True},
    "given splits": lambda data: (
        data | {"ready_made": True, "copies": data["copies"] | {"would_leak": None, "torn": 3, "leaking": 2}}
    ),
    "the same scene": lambda data: data | {"same_scene": {"leaking": 5}, "held_out_but_learned_before": 4},
    "left out": lambda data: data | {"left_out": LEFT_OUT},
}


@pytest.mark.parametrize("case", FACTS)
def test_whatever_is_said_of_the_data_no_english_is_left(run, tmp_path, case):
    data = FACTS[case](run_info(run)["data"])
    page, info = page_of(run, tmp_path, figures(GOOD), figures(GOOD), info={"data": data})
    assert not english_left(page, info)


@pytest.mark.parametrize("second", AUXILIARY)
def test_an_auxiliary_task_is_told_in_japanese(run, tmp_path, second):
    settings = run_info(run)["settings"] | {"auxiliary": "/somewhere/coats.csv", "auxiliary_weight": 0.3}
    result = figures(GOOD, auxiliary=second)
    page, info = page_of(run, tmp_path, result, result, info={"settings": settings})
    assert "補助タスク coats.csv：" in page
    assert not english_left(page, info, "coats")


OUT_OF_FOLD = {
    **{"repeats": 3, "images": 60, "units": 58, "accuracy": 0.9, "accuracy_interval": [0.8, 0.95]},
    **{"baseline": {"class": "circle", "accuracy": 0.4}, "notes": []},
}


def test_the_figure_from_all_images_is_told_in_japanese(run):
    told = out_of_fold_lines(OUT_OF_FOLD, 30)
    assert told[0].startswith("Out of fold: accuracy 90.0 % from all 60 images")
    assert japanese(told[0]).startswith("交差検証：全 60 枚")
    assert not english_left('<html lang="ja">' + "".join(f"<p>{japanese(line)}</p>" for line in told), run_info(run))


def test_verdicts_and_a_temperature_are_told_in_japanese(run, tmp_path):
    known = run_info(run)
    unsure = {"right": 0.99, "threshold": 0.85, "images": 809}
    unsure["test"] = {"images": 809, "answered": 777, "right": 775}
    losses = {"before": 0.5, "after": 0.4}
    calibration = known["calibration"] | {"reason": "fitted on 809 validation images", "loss_on_validation": losses}
    verdicts = known["verdicts"] | {"unsure": unsure}
    page, info = page_of(
        run, tmp_path, figures(GOOD), figures(GOOD), info={"verdicts": verdicts, "calibration": calibration}
    )
    assert "809 枚中 777 枚（96.0%）が判定の対象です（うち 2 枚、0.3% が誤り）。" in page
    assert "検証画像 809 枚で当てはめた値です（検証データの交差エントロピー：適用前 0.5000" in page
    assert not english_left(page, info)


def test_many_classes_without_grad_cam_and_a_training_from_python_are_told_in_japanese(run, tmp_path):
    names = [f"種{i}" for i in range(60)]
    ring = [[5 if i == j else i + 1 if j == (i + 1) % 60 else 0 for j in range(60)] for i in range(60)]
    no_heat = report.translated(
        "Grad-CAM needs a network with a convolution over more than one place; this one has none."
    )
    small = {("種3", "種4"): [(0, picture())]}
    page, info = page_of(
        run, tmp_path, figures(ring, names), figures(ring, names), asked=Asked((), Repeat("python main.py")),
        answers=Answers([card("class")], 5, small, 9, no_heat), info={"command": "", "git_commit": None},
    )  # fmt: skip
    assert "Python から開始されました" in page
    assert not english_left(page, info, "dog")


def test_every_step_and_learning_type_has_a_name_in_japanese():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "study" / "train").glob("*.py"))
    steps = set(re.findall(r'stopwatch\(seconds, "([^"]+)"\)', source))
    assert len(steps) > 6
    assert steps - {"Grad-CAM"} == STEPS.keys()
    assert LEARNING_TYPES.keys() == {"scratch", "transfer", "finetune"}


def test_the_english_page_is_english(run):
    page = (run / "report.html").read_text(encoding="utf-8")
    shown = Shown(page)
    assert shown.language == "en"
    assert not JAPANESE.search("".join(shown.texts))

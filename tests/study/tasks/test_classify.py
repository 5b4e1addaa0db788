import json
import math
import re

import numpy as np
import pytest

from study.tasks.classify import (
    cells,
    describe,
    describe_prediction,
    headline,
    measure_probabilities,
    most_likely,
    per_class_rows,
    print_report,
    warnings,
)
from study.tasks.sentences import few_images_note, never_found

NEVER = "Not one image of defect is found (recall 0)."
FEW_DEFECTS = "Fewer than 20 images of defect: these figures are rough."


def sure(predicted, classes, share=0.8):
    """Probabilities that name the given class with `share` and divide the rest."""
    table = np.full((len(predicted), classes), (1 - share) / (classes - 1), np.float32)
    table[np.arange(len(predicted)), predicted] = share
    return table


def judged(true, predicted, names, share=0.8, units=None, seen=None):
    return measure_probabilities(np.array(true, np.int32), sure(predicted, len(names), share), names, units, seen)


def test_two_classes_by_hand():
    # cat: 6 true, 4 of them found; dog: 4 true, 3 found. 5 answers "cat" (4 right), 5 answers "dog" (3 right).
    result = judged([0] * 6 + [1] * 4, [0, 0, 0, 0, 1, 1, 0, 1, 1, 1], ["cat", "dog"])
    assert result["n"] == 10
    assert result["accuracy"] == pytest.approx(0.7)
    assert result["confusion"] == [[4, 2], [1, 3]]
    cat, dog = result["per_class"]["cat"], result["per_class"]["dog"]
    assert cat == pytest.approx({"precision": 4 / 5, "recall": 4 / 6, "f1": 8 / 11, "support": 6})
    assert dog == pytest.approx({"precision": 3 / 5, "recall": 3 / 4, "f1": 2 / 3, "support": 4})
    assert result["macro_f1"] == pytest.approx((8 / 11 + 2 / 3) / 2)
    assert result["loss"] == pytest.approx(-(7 * math.log(0.8) + 3 * math.log(0.2)) / 10, rel=1e-6)


def test_three_classes_by_hand():
    true = [0, 0, 0, 1, 1, 1, 1, 2, 2]
    predicted = [0, 1, 2, 1, 1, 1, 0, 2, 1]
    result = judged(true, predicted, ["a", "b", "c"])
    assert result["confusion"] == [[1, 1, 1], [1, 3, 0], [0, 1, 1]]
    assert result["accuracy"] == pytest.approx(5 / 9)
    expected = {"a": (1 / 2, 1 / 3, 2 / 5, 3), "b": (3 / 5, 3 / 4, 2 / 3, 4), "c": (1 / 2, 1 / 2, 1 / 2, 2)}
    for name, values in expected.items():
        assert tuple(result["per_class"][name].values()) == pytest.approx(values)
    assert result["macro_f1"] == pytest.approx((2 / 5 + 2 / 3 + 1 / 2) / 3)
    assert result["loss"] == pytest.approx(-(5 * math.log(0.8) + 4 * math.log(0.1)) / 9, rel=1e-6)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [(146, 150, 0.93344, 0.98958), (150, 150, 0.97503, 1.0), (0, 10, 0.0, 0.27753), (5, 10, 0.23659, 0.76341)],
)
def test_wilson_interval(right, n, low, high):
    # p and z = 1.95996 in (p + z²/2n ± z sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n)
    result = judged([0] * n, [0] * right + [1] * (n - right), ["cat", "dog"])
    assert result["accuracy_interval"] == pytest.approx([low, high], abs=1e-5)
    p, z = right / n, 1.959963984540054
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    formula = [(p + z * z / (2 * n) + side * half) / (1 + z * z / n) for side in (-1, 1)]
    assert result["accuracy_interval"] == pytest.approx(formula, abs=1e-9)


@pytest.mark.filterwarnings("error")
def test_a_class_that_is_never_answered_has_zeros_and_no_warning():
    result = judged([0, 1, 2, 2], [0, 1, 0, 1], ["a", "b", "c"])
    assert result["per_class"]["c"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 2}
    assert result["confusion"][2] == [1, 1, 0]


@pytest.mark.filterwarnings("error")
def test_a_class_without_images_in_this_part_keeps_its_place():
    result = judged([0, 0, 2], [0, 1, 2], ["a", "b", "c"])
    assert result["per_class"]["b"] == {"precision": None, "recall": None, "f1": None, "support": 0}
    assert per_class_rows(result)[1] == ["b", "–", "–", "–", "0"]
    assert few_images_note(result) == (
        "Fewer than 20 images of a, c: these figures are rough. No image of b: not evaluated. "
        "Answered although there is none, and 0 in macro F1: b."
    )
    assert result["macro_f1"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert result["confusion"] == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert math.isfinite(result["loss"])


def test_a_class_that_is_neither_there_nor_called_does_not_count():
    assert judged([0, 2, 2], [0, 2, 2], ["a", "b", "c"])["macro_f1"] == 1


@pytest.mark.filterwarnings("error")
def test_a_certain_wrong_answer_has_a_finite_loss():
    result = measure_probabilities(np.array([0, 1]), np.array([[0, 1], [0, 1]], np.float32), ["a", "b"])
    assert 1 < result["loss"] < 100


@pytest.mark.filterwarnings("error")
def test_probabilities_that_sum_to_one_only_nearly_are_no_trouble():
    table = sure([0, 1, 1], 2) * np.float32(1.0001)
    assert measure_probabilities(np.array([0, 1, 0]), table, ["a", "b"])["accuracy"] == pytest.approx(2 / 3)


def test_results_go_into_json_as_they_are():
    result = judged([0, 1, 1], [0, 1, 0], ["猫", "犬"])
    assert json.loads(json.dumps(result)) == result
    assert list(result["per_class"]) == ["猫", "犬"]


def test_images_of_one_class_are_no_reason_to_say_that_nothing_was_learned():
    for one in (judged([1] * 80, [0] * 5 + [1] * 75, ["cat", "dog"]), judged([1] * 80, [1] * 80, ["cat", "dog"])):
        said = warnings(one)[0]
        assert said == (
            "All of these images are of dog: this is the share of them that is found, and says nothing of images that "
            "are wrongly called dog."
        )
    assert warnings(judged([0, 1, 1], [1, 1, 1], ["cat", "dog"]))[0].startswith(
        "This is no better than always answering"
    )


def test_lines_for_the_screen():
    result = judged([0] * 100 + [1] * 50, [0] * 98 + [1] * 2 + [1] * 48 + [0] * 2, ["cat", "dog"])
    assert describe("test", result) == (
        "test: accuracy 97.3 % (146 of 150; 95 % interval 93.3 to 99.0 %), macro F1 0.970; always answering cat: 66.7 %"
    )
    assert per_class_rows(result) == [
        ["cat", "0.980", "0.980", "0.980", "100"],
        ["dog", "0.960", "0.960", "0.960", "50"],
    ]


def test_images_that_belong_together_count_once_and_that_is_said():
    true, units = np.repeat([0] * 5 + [1] * 4, 10), np.repeat(np.arange(9), 10)
    predicted = np.repeat([0] * 5 + [1] * 3 + [0], 10)  # ten copies of one dog are called cats
    result = judged(true, predicted, ["cat", "dog"], units=units)
    assert result["units"] == 9
    assert [entry["units"] for entry in result["per_class"].values()] == [5, 4]
    assert result["accuracy_interval"] == pytest.approx([0.5650, 0.9801], abs=1e-4)  # Wilson's of 8 of 9
    counted = "counted by 9 groups: images that belong together count once"
    assert f"accuracy 88.9 % (80 of 90; 95 % interval 56.5 to 98.0 %, {counted}), macro F1" in describe("test", result)
    assert f"accuracy 88.9 % (95 % interval 56.5 to 98.0 %, {counted}), where" in headline(result)
    assert "（95% 信頼区間 56.5〜98.0%、互いに関連する画像を 1 組と数えて 9 組）です。" in headline(result).ja
    assert "95% 信頼区間 56.5〜98.0%、互いに関連する画像を 1 組と数えて 9 組）、" in describe("test", result).ja
    assert "The images of cat, dog fall into fewer than 20 groups: these figures are rough." in warnings(result)
    assert "This is not clearly better than always answering cat." not in warnings(result)  # 55.6 %


def test_what_is_in_training_too_is_told_beside_the_figure_with_that_of_the_others():
    true, predicted = [0] * 30 + [1] * 30, [0] * 30 + [1] * 27 + [0] * 3
    result = judged(true, predicted, ["cat", "dog"], seen=np.arange(60) < 10)
    also = "10 of the 60 images are also in training or validation, by copies, near duplicates or groups: "
    others = "of the other 50, 47 are right, 94.0 %"
    assert describe("test", result).endswith(f"; always answering cat: 50.0 %; {also}{others}")
    assert headline(result).endswith(f"gives 50.0 %. {also}{others}.")
    ja = "60 枚のうち 10 枚は、同じ画像・近似重複画像・同じグループの画像が訓練データか検証データにもあります。"
    assert describe("test", result).ja.endswith(f"50.0%。{ja}それ以外の 50 枚では 47 枚が正解（94.0%）")
    assert headline(result).ja.endswith(f"50.0% です。{ja}それ以外の 50 枚では 47 枚が正解（94.0%）。")
    assert json.loads(json.dumps(result)) == result
    whole = judged(true, predicted, ["cat", "dog"], seen=np.ones(60, bool))
    assert headline(whole).endswith("or groups: no other image is left to judge by.")
    assert headline(whole).ja.endswith("評価に使える画像はほかにありません。")
    assert judged(true, predicted, ["cat", "dog"], seen=np.zeros(60, bool)) == judged(true, predicted, ["cat", "dog"])


def test_one_group_is_one_in_words():
    result = judged([0, 0, 1], [0, 0, 1], ["cat", "dog"], units=np.zeros(3, int))
    assert "counted by 1 group: images" in describe("test", result)


def test_where_every_image_is_one_of_its_own_nothing_is_said_of_units():
    true, predicted = [0] * 20 + [1] * 20, [0] * 18 + [1] * 22
    alone = judged(true, predicted, ["cat", "dog"], units=np.arange(40))
    assert alone == judged(true, predicted, ["cat", "dog"])
    assert few_images_note(alone) == ""
    assert "units" not in json.dumps(alone)


def test_the_report_shows_every_class_and_the_confusion_matrix(capsys):
    print_report("test", judged([0, 0, 0, 1], [0, 1, 1, 1], ["猫", "[red]dog[/red]"]))
    shown = capsys.readouterr().out
    assert "test: accuracy 50.0 % (2 of 4;" in shown
    assert shown.count("猫") == 6  # two tables, the baseline twice, and the note on few images
    assert "[red]dog[/red]" in shown  # a class name is no markup
    matrix = [line.split() for line in shown.splitlines()]
    assert ["猫", "1", "2"] in matrix


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (0, 0, ["This is no better than always answering normal: nothing was learned that helps.", NEVER]),
        (4, 4, ["This is no better than always answering normal: nothing was learned that helps.", FEW_DEFECTS]),
        (8, 0, [FEW_DEFECTS]),
        (4, 0, ["This is not clearly better than always answering normal.", FEW_DEFECTS]),
    ],
)
def test_what_a_high_accuracy_hides_is_said_in_words(right, wrong, said):
    """600 images of one class, 8 of the other: of these `right` are found, and `wrong` of the others are called so."""
    called = [1] * wrong + [0] * (600 - wrong) + [1] * right + [0] * (8 - right)
    result = judged([0] * 600 + [1] * 8, called, ["normal", "defect"])
    assert "always answering normal: 98.7 %" in describe("test", result)
    assert warnings(result)[: len(said)] == said


def test_where_nothing_is_hidden_nothing_is_said():
    assert warnings(judged([0] * 50 + [1] * 50, [0] * 50 + [1] * 50, ["cat", "dog"])) == []


@pytest.mark.parametrize("classes", [19, 31, 100])
def test_more_classes_than_fit_the_screen_are_told_by_what_is_confused_most(classes, capsys):
    names = [f"class number {i}" for i in range(classes)]
    true = [i for i in range(classes) for _ in range(30)]
    called = [min(1, label) if at % 30 < 12 and label < 3 else label for at, label in enumerate(true)]
    print_report("test", judged(true, called, names))
    shown = capsys.readouterr().out
    assert f"Of {classes} classes, most often confused:" in shown
    assert re.findall(r"class number (\d+) +class number (\d+) +(\d+)", shown) == [("2", "1", "12")]
    assert not re.search(r"\n\n\n\n", shown)
    print_report("test", judged(true, true, names))
    assert "confused" not in capsys.readouterr().out


def test_best_names_the_likeliest_class():
    assert most_likely(["a", "b", "c"], np.array([0.2, 0.5, 0.3], np.float32)) == ("b", 0.5)


def test_of_many_classes_the_first_are_named_and_the_others_counted():
    said = never_found([f"class{i}" for i in range(1000)])
    assert said == f"Not one image of {', '.join(f'class{i}' for i in range(10))} and 990 more is found (recall 0)."
    assert said.ja.startswith("クラス class0、class1、")
    assert "ほか 990 クラス" in said.ja


@pytest.mark.parametrize(("share", "told"), [(0.75, "dog  0.7500"), (0.99996, "dog  0.99996"), (1.0, "dog  1.0000")])
def test_an_answer_that_is_not_certain_is_not_told_as_1(share, told):
    assert describe_prediction(np.array([1 - share, share], np.float32), {"class_names": ["cat", "dog"]}) == told


def test_the_table_of_probabilities_says_1_only_of_1_and_what_it_says_decides_alike():
    """Six places made 1.000000 of all three, and of 0.49999996 and 0.50000004 the same."""
    info = {"class_names": ["cat", "dog"]}
    for shares in ([0.9999997, 3e-7], [0.49999996, 0.50000004], [1.0, 0.0], [2e-8, 1 - 2e-8]):
        label, probability, *others = cells(np.array(shares), info)
        read = [float(text) for text in others]
        assert info["class_names"][int(np.argmax(read))] == label == info["class_names"][int(np.argmax(shares))]
        assert float(probability) == max(read)
        assert (float(probability) == 1) == (max(shares) == 1)

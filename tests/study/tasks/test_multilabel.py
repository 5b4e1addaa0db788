# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import csv
import json
import shutil
from collections import Counter

import numpy as np
import pytest
from helpers import call, message, toy_image
from sklearn.metrics import average_precision_score, f1_score

from data.names import split_labels
from data.split import SplitEntry
from data.table import scan
from study.tasks import multilabel

QUICK = ("-m", "original", "--width", 0, "--image-size", 32, "--batch-size", 16, "--learning-rate", 0.005)


def rows(count=200, seed=0):
    """Images with a frequent, a rarer and a rare class, and some without any."""
    rng = np.random.default_rng(seed)
    drawn = rng.random((count, 3)) < (0.6, 0.3, 0.06)
    names = np.array(["common", "less", "rare"])
    return [SplitEntry(f"{at}.png", f"{at:064x}", "|".join(names[own])) for at, own in enumerate(drawn)]


def test_a_small_threshold_and_what_lies_above_it_are_told_in_digits_that_count():
    names, truth = ("cat", "dog"), np.array([[1, 0], [0, 1], [0, 1]])
    probabilities = np.array([[1.5e-9, 0.1], [2.6e-10, 0.9], [1e-12, 0.99996]], np.float32)
    thresholds = multilabel.choose_thresholds(truth, probabilities, names)
    metrics = multilabel.measure_labels(truth, probabilities, names, thresholds)
    assert [row[:2] for row in multilabel.per_class_rows(metrics)] == [["cat", "8.8e-10"], ["dog", "0.500"]]
    info = {"class_names": names, "thresholds": thresholds}
    assert multilabel.describe_prediction(probabilities[0], info) == "cat 1.5e-09"
    assert multilabel.describe_prediction(probabilities[2], info) == "dog 0.99996"
    assert multilabel.cells(probabilities[0], info) == ["cat", "1.5e-09", "0.100000"]


# ---- dividing --------------------------------------------------------------------------------------------------------


def test_every_class_has_its_share_of_every_part():
    entries = rows()
    divided = multilabel.assign(entries, (8, 1, 1), seed=3)
    assert [(row.path, row.label) for row in divided] == [(row.path, row.label) for row in entries]
    total = Counter(name for row in entries for name in split_labels(row.label))
    for split, share in (("train", 0.8), ("val", 0.1), ("test", 0.1)):
        own = Counter(name for row in divided if row.split == split for name in split_labels(row.label))
        for name in total:
            assert abs(own[name] - share * total[name]) <= 2, (split, name)
            assert own[name] > 0
        assert abs(sum(row.split == split for row in divided) - share * len(entries)) <= 6
    assert divided == multilabel.assign(entries, (8, 1, 1), seed=3)
    assert divided != multilabel.assign(entries, (8, 1, 1), seed=4)


def test_images_that_belong_together_stay_together_and_earlier_parts_are_kept():
    entries = rows(60)
    group_by_hash = {row.sha256: entries[at // 3 * 3].sha256 for at, row in enumerate(entries)}
    divided = multilabel.assign(entries, (8, 1, 1), 0, unit_of=group_by_hash)
    for at in range(0, 60, 3):
        assert len({row.split for row in divided[at : at + 3]}) == 1
    earlier = {row.sha256: "test" for row in entries[:7]}
    assert {row.split for row in multilabel.assign(entries, (8, 1, 1), 0, earlier)[:7]} == {"test"}


def test_one_content_with_two_answers_is_learned_from_only():
    entries = rows(60)
    double = [*entries, SplitEntry("copy.png", entries[0].sha256, "rare|common|less")]
    parts = {row.sha256: row.split for row in multilabel.assign(double, (1, 1, 1), 0)}
    assert parts[entries[0].sha256] == "train"


# ---- measuring -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def predictions():
    rng = np.random.default_rng(0)
    truth = (rng.random((80, 3)) < (0.5, 0.3, 0.1)).astype(float)
    return truth, np.clip(0.5 * truth + rng.random((80, 3)) * 0.6, 0, 1).astype(np.float32)


def test_figures_are_those_of_scikit_learn(predictions):
    truth, probabilities = predictions
    thresholds = {"a": 0.5, "b": 0.4, "c": 0.7}
    found = multilabel.measure_labels(truth, probabilities, "abc", thresholds)
    predicted = probabilities >= np.array(list(thresholds.values()))
    assert found["macro_f1"] == pytest.approx(f1_score(truth, predicted, average="macro"))
    assert found["mean_average_precision"] == pytest.approx(average_precision_score(truth, probabilities))
    assert found["accuracy"] == pytest.approx((predicted == truth).all(axis=1).mean())
    likely = probabilities.astype(float)
    entropy = -(truth * np.log(likely.clip(1e-7)) + (1 - truth) * np.log((1 - likely).clip(1e-7))).mean()
    assert found["loss"] == pytest.approx(entropy)
    assert {name: entry["support"] for name, entry in found["per_class"].items()} == dict(
        zip("abc", truth.sum(axis=0).astype(int).tolist(), strict=True)
    )


def test_the_accuracy_of_an_epoch_is_the_share_of_images_whose_every_label_is_right(predictions):
    truth, probabilities = predictions
    accuracy = multilabel.metrics(3)[0]
    for first in (0, 50):
        accuracy.update_state(truth[first : first + 50], probabilities[first : first + 50])
    halves = dict.fromkeys("abc", 0.5)
    right = multilabel.measure_labels(truth, probabilities, "abc", halves)["accuracy"]
    assert float(accuracy.result()) == pytest.approx(right)
    assert 0.1 < right < 0.9


def test_images_that_belong_together_count_once(predictions):
    truth, probabilities = (np.repeat(values[:30], 3, axis=0) for values in predictions)
    halves = dict.fromkeys("abc", 0.5)
    once = multilabel.measure_labels(truth[::3], probabilities[::3], "abc", halves)
    found = multilabel.measure_labels(truth, probabilities, "abc", halves, np.repeat(np.arange(30), 3))
    assert found["accuracy_interval"] == pytest.approx(once["accuracy_interval"])
    assert "; 95 % interval " in multilabel.describe("test", found)
    assert " %, counted by 30 groups: images that belong together count once); in" in multilabel.describe("test", found)
    assert "、互いに関連する画像を 1 組と数えて 30 組）。" in multilabel.describe("test", found).ja
    assert "counted" not in multilabel.describe("test", once)


def test_what_is_in_training_too_is_told_beside_the_figure(predictions):
    truth, probabilities = predictions
    found = multilabel.measure_labels(
        truth, probabilities, "abc", dict.fromkeys("abc", 0.5), seen=np.arange(len(truth)) < 20
    )
    right = ((probabilities >= 0.5) == truth).all(axis=1)[20:].sum()
    also = "; 20 of the 80 images are also in training or validation, by copies, near duplicates or groups: of the "
    also += "other 60, "
    assert multilabel.describe("test", found).endswith(f"{also}{right} are right, {100 * right / 60:.1f} %")
    assert f"それ以外の 60 枚では {right} 枚が正解" in multilabel.headline(found).ja


def test_few_images_in_an_order_no_better_than_chance_are_told(predictions):
    truth = np.eye(6)[:, :2]
    found = multilabel.measure_labels(
        truth, np.linspace(0, 1, 12, dtype=np.float32).reshape(6, 2), "ab", {"a": 1, "b": 1}
    )
    assert found["mean_average_precision"] > truth.mean()
    assert multilabel.warnings(found)[0].startswith("This is no better than a random order")
    assert "in random order the mean average precision is about 0.408" in multilabel.describe("test", found)


def test_thresholds_are_those_with_the_greatest_f1(predictions):
    truth, probabilities = predictions
    chosen = multilabel.choose_thresholds(truth, probabilities, "abc")
    for at, name in enumerate("abc"):
        scores = [f1_score(truth[:, at], probabilities[:, at] >= value) for value in np.unique(probabilities[:, at])]
        assert f1_score(truth[:, at], probabilities[:, at] >= chosen[name]) == pytest.approx(max(scores))


def test_a_class_without_an_image_has_no_figure(predictions):
    truth, probabilities = predictions
    truth = truth.copy()
    truth[:, 2] = 0
    thresholds = multilabel.choose_thresholds(truth, probabilities, "abc")
    assert thresholds["c"] == 0.5
    found = multilabel.measure_labels(truth, probabilities, "abc", thresholds)
    assert found["per_class"]["c"] == {
        "threshold": 0.5, "precision": None, "recall": None, "f1": None, "average_precision": None, "support": 0
    }  # fmt: skip
    assert multilabel.per_class_rows(found)[2] == ["c", "0.500", "–", "–", "–", "–", "0"]
    assert found["mean_average_precision"] == pytest.approx(average_precision_score(truth[:, :2], probabilities[:, :2]))


# ---- the table -------------------------------------------------------------------------------------------------------


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_both_forms_of_table_say_the_same(tmp_path):
    for name in "abc":
        toy_image("circle", ord(name)).save(tmp_path / f"{name}.png")
    long = write(tmp_path / "long.csv", "path,label", "a.png,red", "a.png,round", "b.png,round", "c.png,")
    wide = write(tmp_path / "wide.csv", "round,path,red", "1,a.png,1", "1,b.png,0", "0,c.png,")
    for table in (long, wide):
        found = scan(table, 1, several_labels=True)
        assert found.class_names == ("red", "round")
        assert {image.name: {*split_labels(image.label)} for image in found.images} == {
            "a.png": {"red", "round"}, "b.png": {"round"}, "c.png": set()
        }  # fmt: skip
    other = write(tmp_path / "other.csv", "path,label", "a.png,round", "a.png,red", "b.png,round", "c.png,")
    texts = {
        tuple(image.label for image in scan(table, 1, several_labels=True).images) for table in (long, wide, other)
    }
    assert texts == {("red|round", "round", "")}  # one order, so that copies and tables agree
    strange = write(tmp_path / "strange.csv", "path,red", "a.png,maybe")
    assert message(scan, strange, 1, True) == f"{strange}: column red takes 0 or 1. Received: maybe for a.png"
    bar = write(tmp_path / "bar.csv", "path,label", "a.png,red|blue")
    assert message(scan, bar, 1, True) == f"{bar}: the label red|blue has a |, which divides labels. Rename it."


# ---- commands --------------------------------------------------------------------------------------------------------


def test_what_is_easy_is_learned_and_written_down(several_run):
    test = json.loads((several_run / "metrics.json").read_text(encoding="utf-8"))["test"]
    assert test["mean_average_precision"] > 0.9
    info = json.loads((several_run / "run.json").read_text(encoding="utf-8"))
    assert info["thresholds"] == test["thresholds"]
    assert info["class_names"] == ["blue", "red"]
    with (several_run / "predictions.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["path", "label", "predicted", "p_blue", "p_red"]
    for line in lines:
        above = [name for name in ("blue", "red") if float(line[f"p_{name}"]) >= info["thresholds"][name]]
        assert line["predicted"] == "|".join(above)
    page = (several_run / "report.html").read_text(encoding="utf-8")
    assert "average precision" in page
    assert "The accuracy of an epoch, in the curves and in history.csv, is exact match by thresholds of 0.5." in page


def test_predict_repeats_the_figures_and_names_every_label_above_its_threshold(several_run, several, tmp_path):
    told = json.loads((several_run / "metrics.json").read_text(encoding="utf-8"))["test"]
    own = call("predict", "--run", several_run)
    assert f"mean average precision {told['mean_average_precision']:.3f}" in own.out
    ran = call("predict", "--run", several_run, several.parent / "0.png", "--csv", tmp_path / "p.csv", "--tta", "flip")
    assert (ran.code, ran.err.count("\n")) == (0, 1)  # which run it is
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        (line,) = csv.DictReader(file)
    names = line["predicted"].split("|") if line["predicted"] else ["none"]
    assert all(name in ran.out for name in names)


def test_a_table_in_blocks_is_that_of_a_plain_start(several_run, several, tmp_path):
    words, more = ("predict", "--run", several_run, several.parent), ("--resume", "--json")
    plain, ran = call(*words, "--csv", tmp_path / "a.csv"), call(*words, "--csv", tmp_path / "b.csv", *more)
    assert (tmp_path / "b.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    counted = ", ".join(f"{name} {count:,}" for name, count in json.loads(ran.out)["counts"].items())
    assert sorted(counted.split(", ")) == sorted(plain.out.splitlines()[-1].split(": ")[1].split(", "))


@pytest.mark.slow
def test_transfer_learns_several_labels_from_features(several, tmp_path):
    words = ("-m", "original", "--width", 0, "--image-size", 32, "--epochs", 2, "--batch-size", 16)
    scratch = call("train", "--task", "multilabel", "--data", several, *words, "--runs", tmp_path / "first")
    assert scratch.code == 0, scratch.err
    (first,) = (tmp_path / "first").iterdir()
    words = ("--weights", first, "--learning", "transfer", "--epochs", 20, "--runs", tmp_path / "runs")
    ran = call("train", "--task", "multilabel", "-m", "original", "--data", several, *words)
    assert ran.code == 0, ran.err
    (run,) = (tmp_path / "runs").iterdir()
    assert json.loads((run / "run.json").read_text(encoding="utf-8"))["learning"]["type"] == "transfer"


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (("--loss", "focal"), "--task multilabel takes --loss crossentropy. Received: focal; leave it out."),
        (("--auxiliary", "mask"), "--auxiliary is for --task classify. Received: mask; leave it out."),
        (("--sampler", "balanced"), "--sampler is for --task classify or segment. Received: balanced; leave it out."),
        (("-m", "unet"), "--task multilabel needs a model that gives one vector of features for an image, such as -m "
                         "original. Received: -m unet"),
    ],
)  # fmt: skip
def test_what_it_does_not_know_is_refused(flags, error):
    ran = call("train", "--task", "multilabel", *flags)
    assert (ran.code, ran.err) == (2, f"error: {error}\n")


def test_an_image_that_is_gone_is_told(several_run, several, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(several.parent, moved)
    info = json.loads((several_run / "run.json").read_text(encoding="utf-8"))
    assert info["data"]["table"] == str(several.resolve())
    assert call("inspect", "--run", several_run).err.startswith("error: inspect is for classifiers, and ")


@pytest.mark.parametrize(
    ("share", "text"), [(0.4999999, "0.4999999"), (0.5, "0.500000"), (0.5000001, "0.500000"), (0.1, "0.100000")]
)
def test_a_probability_is_read_back_on_its_side_of_the_threshold(share, text):
    info = {"class_names": ["cat"], "thresholds": {"cat": 0.5}}
    assert multilabel.cells(np.array([share]), info) == ["cat" if share >= 0.5 else "", text]

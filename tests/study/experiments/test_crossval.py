"""`crossval` as a whole: heads on stored features, a training for each fold, what it leaves, how it goes on."""

import csv
import json
import re
import shutil

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, make_patches

from data.split import read_split, write_split
from study.folds.divide import learned_before
from study.settings.source import load_dataset
from study.settings.train import TrainSettings

HEADS = ("-m", "efficientnet_lite", "--image-size", 32, "--learning", "transfer")
SCRATCH = ("-m", "lenet", "--epochs", 1, "--augment", "none", "--folds", 2)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("crossval") / "images")


@pytest.fixture(scope="module")
def heads(images, tmp_path_factory):
    runs = tmp_path_factory.mktemp("heads") / "runs"
    return runs, call("crossval", "--data", images, *HEADS, "--folds", 4, "--repeats", 2, "--epochs", 3, "--runs", runs)


def table(folder):
    with (folder / "out-of-fold.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_heads_leave_one_new_folder_and_say_what_they_did(heads):
    runs, ran = heads
    assert (ran.code, ran.err) == (0, "")
    (folder,) = runs.iterdir()
    assert re.fullmatch(r"\d{8}-\d{6}-efficientnet_lite-crossval", folder.name)
    assert sorted(path.name for path in folder.iterdir()) == ["crossval.html", "crossval.json", "out-of-fold.csv"]
    assert "a head for each of 8 folds: 3 epochs, as --epochs says\n" in ran.out
    figure = r"out of fold: accuracy \S+ % from all 33 images, each predicted 2 times by networks that did not learn"
    assert re.search(figure, ran.out)
    assert "30 units); always answering circle: 33.3 %" in ran.out
    assert "2 repeats: " in ran.out
    assert "standard deviation" in ran.out
    assert ran.out.endswith(f"look at {folder / 'crossval.html'}; every prediction: {folder / 'out-of-fold.csv'}\n")
    assert "optimistic" not in ran.out


def test_groups_that_are_too_few_for_three_splits_lead_to_the_data(images, tmp_path):
    grouped = tmp_path / "images"
    shutil.copytree(images, grouped)
    for path in sorted(grouped.rglob("*.*")):
        path.rename(path.with_name(f"{'first' if path.stem in '01234' else 'second'} {path.name}"))
    words = ("--data", grouped, "--group", "^[a-z]+", "--runs", tmp_path / "runs", *HEADS[:4], "--epochs", 3)
    ran = call("crossval", *words, "--folds", 2)
    assert ran.code == 0, ran.err
    assert ran.next == (
        "next: a training needs 3 groups of circle, which has 2, look at the data: "
        f"python main.py check --data {grouped} --group '^[a-z]+'\n"
    )
    assert "Class 'circle' has 2 group(s)" in call("train", *words).err


def test_the_table_has_every_image_once_a_repeat_and_copies_share_a_fold(heads, images):
    lines = table(next(heads[0].iterdir()))
    names = sorted(path.relative_to(images).as_posix() for path in images.rglob("*.*"))
    for repeat in ("1", "2"):
        of_repeat = {line["path"]: line for line in lines if line["repeat"] == repeat}
        assert sorted(of_repeat) == names
        for label in TOY_CLASSES:
            assert of_repeat[f"{label}/9.png"]["fold"] == of_repeat[f"{label}/copy.jpg"]["fold"]
    for line in lines:
        shares = {name: float(line[f"p_{name}"]) for name in TOY_CLASSES}
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
        assert line["predicted"] == max(shares, key=shares.get)
        assert (line["label"], len(line["sha256"])) == (line["path"].split("/")[0], 64)


def test_the_json_holds_the_figures_and_what_they_were_made_with(heads):
    folder = next(heads[0].iterdir())
    said, lines = json.loads((folder / "crossval.json").read_text(encoding="utf-8")), table(folder)
    assert said["command"].startswith("python main.py crossval --data ")
    assert (said["crossval"]["folds"], said["crossval"]["repeats"], said["crossval"]["trainings"]) == (4, 2, 8)
    assert (said["settings"]["epochs"], said["settings"]["learning"], said["optimistic"]) == (3, "transfer", False)
    right = np.mean([line["predicted"] == line["label"] for line in lines])
    assert said["results"]["accuracy"] == pytest.approx(right)
    low, high = said["results"]["accuracy_interval"]
    assert low <= right <= high
    assert len(said["results"]["accuracy_of_folds"]["each"]) == 8


def test_suspected_labels_are_counted_kept_and_shown(heads):
    runs, ran = heads
    folder = next(runs.iterdir())
    named = json.loads((folder / "crossval.json").read_text(encoding="utf-8"))["suspected_labels"]
    assert named, "nothing to show"
    assert f"suspected labels: {len(named)} image(s) look like another class to networks that did not learn" in ran.out
    page, lines = (folder / "crossval.html").read_text(encoding="utf-8"), table(folder)
    for suspect in named:
        assert f'data-path="{suspect["path"]}" data-sha256="{suspect["sha256"]}"' in page
        own = [float(line[f"p_{suspect['label']}"]) for line in lines if line["path"] == suspect["path"]]
        assert suspect["probability_of_label"] == pytest.approx(np.mean(own), abs=1e-5)
    assert page.count("<article") == len(named)
    assert page.count("Save fixes.csv") == 1


def test_the_page_shows_the_mistakes_and_needs_no_network(heads):
    folder = next(heads[0].iterdir())
    page, lines = (folder / "crossval.html").read_text(encoding="utf-8"), table(folder)
    wrong = {line["path"] for line in lines if line["predicted"] != line["label"]}
    assert wrong, "nothing to show"
    assert f"{len(wrong)} image(s) are wrong in at least one repeat" in page
    _, mistakes = page.split("<h2>Mistakes</h2>")
    assert mistakes.count("data:image/jpeg;base64,") == len(wrong)
    assert all(f"{path}\n" in page for path in wrong)
    assert "http" not in page
    assert "more are in" not in page


@pytest.mark.slow
def test_early_stopping_is_said_to_be_optimistic_and_mistakes_beyond_those_shown_are_counted(
    images, tmp_path, monkeypatch
):
    monkeypatch.setattr("study.experiments.crossval_report.MOST_SHOWN", 1)
    words = ("--folds", 2, "--repeats", 1, "--early-stopping", "--patience", 1, "--epochs", 2)
    ran = call("crossval", "--data", images, *HEADS, *words, "--runs", tmp_path / "runs")
    assert ran.code == 0
    assert "chooses the epoch, so these figures are optimistic; kept were epochs" in ran.out
    folder = next((tmp_path / "runs").iterdir())
    assert json.loads((folder / "crossval.json").read_text(encoding="utf-8"))["optimistic"] is True
    page = (folder / "crossval.html").read_text(encoding="utf-8")
    assert page.split("<h2>Mistakes</h2>")[1].count("data:image/jpeg;base64,") == 1
    assert re.search(r"Shown are 1; \d+ more are in <code>out-of-fold.csv</code>\.", page)


@pytest.mark.slow
def test_leave_one_out_has_a_fold_for_each_unit_and_goes_by_views_too(images, tmp_path):
    words = ("--leave-one-out", "--epochs", 1, "--augment", "flip")
    ran = call("crossval", "--data", images, *HEADS, *words, "--runs", tmp_path / "runs")
    assert (ran.code, ran.err) == (0, "")
    assert "a head for each of 30 folds" in ran.out
    lines = table(next((tmp_path / "runs").iterdir()))
    assert len({line["fold"] for line in lines}) == 30
    assert len(lines) == 33


@pytest.fixture
def few(images, tmp_path):
    """The images with two of the circles alone."""
    folder = shutil.copytree(images, tmp_path / "few")
    for path in sorted((folder / "circle").iterdir())[2:]:
        path.unlink()
    return folder


@pytest.mark.parametrize("words", [("--leave-one-out",), ("--folds", 2, "--repeats", 1)])
def test_two_images_of_a_class_are_enough_to_hold_one_out(words, few, tmp_path):
    ran = call("crossval", "--data", few, *HEADS, *words, "--epochs", 1, "--runs", tmp_path / "runs")
    assert (ran.code, ran.err) == (0, "")
    lines = table(next((tmp_path / "runs").iterdir()))
    assert sum(line["label"] == "circle" for line in lines) == 2
    assert len({line["fold"] for line in lines if line["label"] == "circle"}) == 2
    assert "no validation image" not in ran.out
    assert ran.next.startswith("next: a training needs 3 images of circle, look at the data: python main.py check ")


def test_what_leave_one_out_needs_is_said_where_a_class_has_less(few, tmp_path):
    next((few / "circle").iterdir()).unlink()
    ran = call("crossval", "--data", few, *HEADS, "--leave-one-out", "--runs", tmp_path / "runs")
    needed = "at least 2 different ones are needed, one to hold out and one to learn from. Add images or take the class"
    assert (ran.code, ran.err) == (2, f"error: Class 'circle' has 1 usable image(s): {needed} out.\n")


@pytest.fixture(scope="module")
def trained(images, tmp_path_factory):
    runs = tmp_path_factory.mktemp("scratch") / "runs"
    words = ("crossval", "--data", images, *SCRATCH, "--jobs", 2, "--runs", runs)
    return runs, words, call(*words)


@pytest.mark.slow
def test_from_scratch_each_fold_is_a_training_that_never_sees_what_it_holds_out(trained, images):
    runs, _, ran = trained
    assert (ran.code, ran.err) == (0, "")
    (folder,) = runs.iterdir()
    assert re.fullmatch(r"lenet-[0-9a-f]{8}-crossval", folder.name)
    assert f"2 trainings, 0 of them done before; 2 at once, in {folder}\n" in ran.out
    lines = {line["path"]: line for line in table(folder)}
    assert len(lines) == 33
    for number in ("1", "2"):
        (run,) = (folder / "repeat-1" / f"fold-{number}").glob("*-lenet")
        splits = {row.path: row.split for row in read_split(run / "split.csv")}
        assert {path for path, split in splits.items() if split == "test"} == {
            path for path, line in lines.items() if line["fold"] == number
        }
        assert 1 <= sum(split == "val" for split in splits.values()) <= 5
        with (run / "predictions.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                assert lines[row["path"]]["p_circle"] == row["p_circle"]
        assert json.loads((run / "run.json").read_text())["settings"]["patience"] == 0
        log = (run.parent / "train.log").read_text(encoding="utf-8")
        assert log.splitlines()[-1].startswith("next: only ")
        assert ": python main.py crossval " in log.splitlines()[-1]


@pytest.mark.slow
def test_the_same_command_trains_only_what_is_missing(trained, monkeypatch):
    runs, words, first = trained
    (folder,) = runs.iterdir()
    table_before = (folder / "out-of-fold.csv").read_bytes()
    (lost,) = (folder / "repeat-1" / "fold-2").glob("*-lenet/model.keras")
    kept = lost.rename(lost.with_suffix(".aside"))
    asked = []
    monkeypatch.setattr("study.experiments.crossval_runs.run_all", lambda jobs, at_once, finished: asked.extend(jobs))
    ran = call(*words, "--repeats", 2)  # more repeats keep the earlier ones
    assert (ran.code, "4 trainings, 1 of them done before" in ran.out) == (2, True)
    assert ran.err.startswith("error: 3 of 4 trainings failed, so not every image was predicted")
    assert [job.label for job in asked] == ["repeat 1, fold 2", "repeat 2, fold 1", "repeat 2, fold 2"]
    kept.rename(lost)
    asked.clear()
    again = call(*words)
    assert (again.code, asked) == (0, [])
    assert again.out.splitlines()[-1] == first.out.splitlines()[-1]
    assert (folder / "out-of-fold.csv").read_bytes() == table_before


def test_a_training_that_fails_is_an_error_and_the_others_are_kept(images, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "study.experiments.crossval_runs.run_all",
        lambda jobs, at_once, finished: [finished(job, "too hot") for job in jobs],
    )
    ran = call("crossval", "--data", images, *SCRATCH, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.out.count("failed: too hot (all it printed: ") == 2
    assert ran.err.startswith(
        "error: 2 of 2 trainings failed, so not every image was predicted: see the reasons above. To train them again: "
        f"python main.py crossval --data {images} "
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--task", "multilabel"), "crossval is for one class an image, --task classify. Received: --task multilabel"),
        (("-m", "unet"), "crossval is for one class an image, --task classify. Received: -m unet, which is for --task"),
        (("--folds", 12), "Class 'circle' has 11 image(s) in 10 unit(s), since near duplicates and the images of a"),
        (("--leave-one-out", "--repeats", 2), "--leave-one-out has one fold for each unit, and one repeat: leave"),
        (("--jobs", 2), "--jobs is for --learning scratch or finetune: heads are all trained in one process."),
        (("--patience", 3), "--patience goes with --early-stopping: without that no fold is looked at before the end."),
        (("--schedule", "plateau"), "--schedule plateau follows a validation loss, which the head of a fold has not."),
        (("--ema", "0.9", "--early-stopping"), "--ema does not go with --early-stopping here."),
        (("--optimizer", "muon"), "--optimizer muon needs --learning scratch or finetune"),
        (("--split", "8:1:1"), "Unrecognized arguments: --split 8:1:1."),
        (("--learning", "finetune", "--early-stopping"), "--early-stopping is for --learning transfer. Received: fine"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(words, error, images, tmp_path):
    ran = call("crossval", "--data", images, *HEADS[:2], "--image-size", 32, *words, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert ran.err.startswith(f"error: {error}")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "runs").exists()


def test_weights_that_learned_from_the_images_are_told(images, tmp_path):
    dataset = load_dataset(TrainSettings.of(data=str(images), image_size=32, seed=1))
    write_split(tmp_path / "split.csv", dataset.entries)
    learned = len({entry.sha256 for entry in dataset.entries if entry.split == "train"})
    for weights in (tmp_path, tmp_path / "model.keras"):
        (told,) = learned_before(str(weights), dataset)
        assert told == f"{weights} has learned from {learned} of the 33 images, which flatters all figures"
    assert learned_before("imagenet", dataset) == []


def test_given_splits_are_kept_by_trainings_so_they_are_refused(images, tmp_path):
    for path in images.rglob("*.*"):
        part = ("train", "val", "test")[int(path.stem) % 3 if path.stem.isdecimal() else 0]
        target = tmp_path / "data" / part / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
    ran = call("crossval", "--data", tmp_path / "data", *SCRATCH, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert "gives train, validation and test in names, to which every training keeps." in ran.err

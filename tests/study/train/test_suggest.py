"""What is suggested after a training: what the command accepts, on the same images, with the same flags."""

import dataclasses

import pytest
from accepted import accept
from helpers import call, make_patches, make_toy

from study.settings.source import load_dataset
from study.settings.train import TrainSettings
from study.train import suggest


def settings_for(folder, **changes):
    return TrainSettings.of(
        **{"model": "efficientnet_lite", "image_size": 32, "data": str(folder), "learning": "transfer", **changes}
    )


def crossval_of(asked, learning="transfer"):
    """The flags behind the model, and what was left out."""
    settings = TrainSettings.of(model=asked["model"], learning=learning)
    values, left_out = suggest.for_crossval(settings, asked)
    command = suggest.as_command("crossval", values)
    accept(command)
    return command.removeprefix(f"python main.py crossval -m {asked['model']}").strip(), left_out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("suggest") / "my photos")


def test_few_images_get_the_command_that_takes_them_all(folder):
    settings = settings_for(folder)
    dataset = load_dataset(settings)
    asked = {"model": "efficientnet_lite", "data": str(folder)}
    assert suggest.crossval(settings, asked, dataset) == (
        f"python main.py crossval -m efficientnet_lite --data '{folder}'",
        f"only {dataset.sizes()['test']} test images, this gives a figure from all 33",
    )
    _, why = suggest.crossval(settings, asked | {"patience": 3}, dataset)
    assert why.endswith("all 33 (without --patience, as its heads learn for a number of epochs that is fixed before)")


@pytest.mark.parametrize(
    ("asked", "flags"),
    [
        ({"augment": {"flip": 1.0, "crop": 0.3}, "l2": 0.001}, "--augment flip,crop=0.3 --l2 0.001"),
        (
            {"augment": {}, "dropout": 0.25, "label_smoothing": 0.1},
            "--augment none --dropout 0.25 --label-smoothing 0.1",
        ),
        ({"epochs": 7, "learning_rate": 0.00123456789}, "--epochs 7 --learning-rate 0.00123456789"),
        ({"range": (-1000.0, 4095.5), "resize": "pad"}, "--range=-1000:4095.5 --resize pad"),
        ({"group": r"(\d+) x", "class_weight": {"x, y": 2.0, "cat": 0.5}}, None),
        ({"fixes": "fixes.csv", "weights": "runs/earlier run"}, "--fixes fixes.csv --weights 'runs/earlier run'"),
        ({"seed": 3, "runs": "elsewhere", "store": "off"}, "--seed 3 --runs elsewhere --store off"),
        ({"split": (6, 2, 2), "split_seed": 1, "name": "a", "verbose": True, "learning": "auto"}, ""),
        ({"learning": "transfer", "optimizer": "adamw", "ema": 0.9}, "--learning transfer --optimizer adamw --ema 0.9"),
    ],
)
def test_what_was_typed_is_carried_on_unless_folds_decide_it(asked, flags):
    found, left_out = crossval_of({"model": "efficientnet_lite", **asked})
    assert left_out == ""
    if flags is None:
        flags = """--group '(\\d+) x' --class-weight '"x, y"=2,cat=0.5'"""
    assert found == flags


def test_what_a_head_of_a_fold_would_refuse_is_left_out_and_said():
    found, left_out = crossval_of({"model": "efficientnet_lite", "schedule": "plateau", "patience": 4, "l2": 0.0})
    assert found == "--l2 0"
    assert left_out.startswith("without --patience and --schedule, as its heads learn for ")
    assert crossval_of({"model": "lenet", "schedule": "plateau", "patience": 4}, "scratch") == (
        "--schedule plateau --patience 4",
        "",
    )


def test_what_auto_became_is_named_where_folds_would_choose_otherwise():
    assert crossval_of({"model": "efficientnet_lite", "learning": "auto"}, "finetune")[0] == "--learning finetune"
    assert crossval_of({"model": "efficientnet_lite"}, "scratch")[0] == "--learning scratch"
    assert crossval_of({"model": "lenet"}, "scratch")[0] == ""


def test_the_commands_of_a_report_carry_the_data_and_no_name_that_is_taken(folder):
    settings = settings_for(folder, epochs=20)
    asked = {"model": "efficientnet_lite", "data": str(folder), "resize": "pad", "name": "spring", "fixes": "f.csv"}
    found = suggest.commands(settings, asked, load_dataset(settings))
    place = f"--data '{folder}' --resize pad"
    assert found.check == f"python main.py check {place} --fixes f.csv"
    assert found.longer == f"python main.py train -m efficientnet_lite {place} --fixes f.csv --epochs 40"
    assert found.crossval == f"python main.py crossval -m efficientnet_lite {place} --fixes f.csv"
    for command in dataclasses.astuple(found):
        accept(command)


def test_weights_that_nothing_else_was_learned_for_come_before_the_cross_validation_of_few_images(folder, tmp_path):
    place = ("--data", folder, "--runs", tmp_path / "runs", "-m", "lenet", "--image-size", 32, "--epochs", 4)
    ran = call("train", *place, "--augment", "none", "--class-weight", "circle=1e6")
    assert ran.next.startswith("next: an image of circle counts 1,000,000 times as much in the loss as one of square, ")
    command = "python main." + ran.next.strip().split(": python main.")[1]
    accept(command)
    assert "--class-weight" not in command
    report = next((tmp_path / "runs").rglob("report.html")).read_text(encoding="utf-8")
    assert "an image of circle counts 1,000,000 times as much" in report


def test_many_images_other_tasks_and_classes_of_too_few_units_get_none(folder, tmp_path):
    settings, asked = settings_for(folder), {"model": "efficientnet_lite"}
    dataset = load_dataset(settings)
    many = dataclasses.replace(
        dataset, entries=dataset.entries * 28, units=tuple(f"{i}" for i in range(28 * len(dataset.entries)))
    )
    assert suggest.crossval(settings, asked, many) is None
    assert suggest.commands(settings, asked, many).crossval
    assert suggest.crossval(settings_for(folder, task="multilabel", loss="crossentropy"), asked, dataset) is None
    alike = settings_for(make_toy(tmp_path / "toy"))  # images of a class that look nearly the same
    assert suggest.crossval(alike, asked, load_dataset(alike)) is None
    assert suggest.commands(alike, asked, load_dataset(alike)).crossval == ""


def test_given_splits_are_for_heads_only(folder, tmp_path):
    for split in ("train", "val", "test"):
        (tmp_path / "given").mkdir(exist_ok=True)
        make_patches(tmp_path / "given" / split, 6)
    heads = settings_for(tmp_path / "given")
    dataset = load_dataset(heads)
    assert dataset.images.records[0].split is not None
    assert suggest.can_be_divided(heads, dataset)
    assert not suggest.can_be_divided(heads.with_values(learning="scratch"), dataset)

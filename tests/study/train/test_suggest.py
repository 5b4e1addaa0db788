"""What is suggested after a training: nothing that the command would refuse, and on the same images."""

import dataclasses

import pytest
from helpers import make_patches, make_toy

from study.settings.source import load_dataset
from study.settings.train import TrainSettings
from study.train import suggest


def settings_for(folder, **changes):
    return TrainSettings.of(
        **{"model": "efficientnet_lite", "image_size": 32, "data": str(folder), "learning": "transfer", **changes}
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("suggest") / "my photos")


def test_few_images_get_the_command_that_takes_them_all(folder):
    settings = settings_for(folder)
    dataset = load_dataset(settings)
    number = dataset.sizes()["test"]
    assert suggest.crossval(settings, dataset) == (
        f"only {number} test images: python main.py crossval --data '{folder}' -m efficientnet_lite gives a figure "
        "from all 33 images"
    )


def test_the_command_is_for_the_same_images_and_the_same_learning(folder):
    settings = settings_for(folder, group=r"\d", resize="pad", range=(0.0, 4095.0), learning="finetune")
    assert suggest.command(settings).partition(" -m ")[2] == (
        r"efficientnet_lite --resize=pad --range=0:4095 '--group=\d' --learning finetune"
    )
    assert suggest.command(settings_for(folder, model="lenet", learning="scratch")).endswith("-m lenet")
    mended = settings_for(folder, fixes="fixes.csv", weights="runs/earlier", learning="transfer")
    assert suggest.command(mended).endswith(" -m efficientnet_lite --fixes=fixes.csv --weights runs/earlier")


def test_drawings_have_no_folder():
    assert suggest.command(TrainSettings.of(model="original", learning="scratch")) == (
        "python main.py crossval -m original"
    )


def test_many_images_other_tasks_and_classes_of_too_few_units_get_none(folder, tmp_path):
    settings = settings_for(folder)
    dataset = load_dataset(settings)
    many = dataclasses.replace(
        dataset, entries=dataset.entries * 28, units=tuple(f"{i}" for i in range(28 * len(dataset.entries)))
    )
    assert suggest.crossval(settings, many) == ""
    assert suggest.crossval(settings_for(folder, task="multilabel", loss="crossentropy"), dataset) == ""
    alike = settings_for(make_toy(tmp_path / "toy"))  # images of a class that look nearly the same
    assert suggest.crossval(alike, load_dataset(alike)) == ""

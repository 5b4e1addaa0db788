"""Labels that cross-validation suspects: which, what its page and JSON say of them, and that decided ones are left."""

import json
import re

import numpy as np
import pytest
from helpers import TOY_CLASSES, make_patches

from study.experiments import crossval_suspects
from study.folds.divide import Labelled
from study.pages import suspects
from study.pages.render import render
from study.settings.source import load_dataset
from study.settings.train import TrainSettings

WRONG = "circle/3.png"  # whose picture all repeats call a square


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("suspects") / "images")


def read(folder, **more):
    """The data set, its labels, and probabilities of two repeats: all right and sure, but for one image."""
    dataset = load_dataset(TrainSettings.of(data=str(folder), image_size=32, **more))
    labels = dataset.examples().labels
    probabilities = np.stack([np.eye(3)[labels] * 0.94 + 0.02] * 2)
    row = [entry.path for entry in dataset.entries].index(WRONG)
    probabilities[:, row] = [[0.03, 0.96, 0.01], [0.01, 0.98, 0.01]]
    return dataset, Labelled(labels, np.arange(len(labels)), dataset.class_names), probabilities, row


def shown(dataset, found):
    return render("_suspects.html.jinja", suspects=crossval_suspects.section(dataset, found))


def test_the_mean_over_the_repeats_names_an_image_and_features_those_like_it(folder):
    dataset, images, probabilities, row = read(folder)
    rng = np.random.default_rng(0)
    features = np.eye(3)[images.labels] * 5 + rng.normal(0, 0.1, (len(images.labels), 3))
    (found,) = crossval_suspects.find(dataset, images, probabilities, features)
    assert (found.image, found.given, found.suggested) == (row, "circle", "square")
    assert (found.own, found.other) == pytest.approx((0.02, 0.97))
    assert len(found.like_given) == len(found.like_suggested) == 3
    assert {dataset.entries[i].label for i in found.like_suggested} == {"square"}
    assert row not in found.like_given
    page = shown(dataset, [found])
    assert "Labelled <b>circle</b> (2.0%), looks like <b>square</b> (97.0%)" in page
    assert page.count("data:image/jpeg;base64,") == 7
    assert crossval_suspects.as_json(dataset, [found]) == [
        {
            "path": WRONG,
            "sha256": dataset.entries[row].sha256,
            "label": "circle",
            "suggested": "square",
            "probability_of_label": found.own,
            "probability_of_suggested": found.other,
        }
    ]


def test_without_features_a_card_has_no_neighbours(folder):
    dataset, images, probabilities, _ = read(folder)
    found = crossval_suspects.find(dataset, images, probabilities, None)
    page = shown(dataset, found)
    assert page.count("data:image/jpeg;base64,") == 1
    assert "most similar" not in page
    assert re.findall(r'data-action="([\w ]+)"', page) == ["keep", "relabel", "leave out"]


def test_what_was_decided_is_not_asked_again_and_saved_again(folder, tmp_path):
    (tmp_path / "fixes.csv").write_text(f"path,action,label\n{WRONG},keep,\n", encoding="utf-8")
    dataset, images, probabilities, _ = read(folder, fixes=str(tmp_path / "fixes.csv"))
    assert crossval_suspects.find(dataset, images, probabilities, None) == []
    data = json.loads(re.search(r'id="fixes-data">(.*?)</script>', shown(dataset, []))[1])
    assert data["earlier"] == [[WRONG, "keep", "", ""]]
    assert data["classes"] == list(TOY_CLASSES)


def test_a_file_that_has_gone_leaves_what_networks_see(folder, tmp_path):
    root = make_patches(tmp_path / "images")
    dataset, images, probabilities, _ = read(root)
    found = crossval_suspects.find(dataset, images, probabilities, None)
    (root / WRONG).unlink()
    assert shown(dataset, found).count("data:image/jpeg;base64,") == 1


def test_of_many_the_first_are_shown(folder):
    dataset, images, probabilities, _ = read(folder)
    (found,) = crossval_suspects.find(dataset, images, probabilities, None)
    assert shown(dataset, [found] * (suspects.MOST + 1)).count("<article") == suspects.MOST
    assert crossval_suspects.describe([]) == "no image looks like another class to networks that did not learn from it"

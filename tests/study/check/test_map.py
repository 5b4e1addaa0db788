"""The map of all images: its outliers, images among those of another class, and how it is drawn."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data.duplicates import Pair
from data.folder import ImageRecord as Entry
from study.check import (
    embedding,
    label_issues,
)
from study.check import figures as check_figures
from study.inference import components, label_errors
from study.pages import palette


def clouds(*labels):
    """Features of one cloud for each class; all images of a cloud look alike."""
    rng = np.random.default_rng(0)
    centres = {label: rng.normal(size=20) for label in sorted(set(labels))}
    features = np.stack([centres[label] + 0.05 * rng.normal(size=20) for label in labels])
    return features, [Entry(Path(f"{i}.png"), f"{label}/{i}.png", label, None) for i, label in enumerate(labels)]


def test_a_picture_among_those_of_another_class_is_named():
    features, images = clouds(*["cat"] * 60, *["dog"] * 60, *["eel"] * 4)  # too few eels to be divided
    rows = np.arange(len(images))
    assert label_issues.find(images, rows, features, []) == []
    features[3] = features[72] + 0.01
    suspects = label_issues.find(images, rows, features, [])
    (found,) = label_issues.as_issues(suspects, images)
    assert (found.path, found.kind, found.severity) == ("cat/3.png", label_issues.SUSPECTED_LABEL_ERROR, "warning")
    assert re.match(r"dog \d+%, cat \d\.\d% to a classifier", found.detail)
    assert found.related_path == "dog/72.png"
    assert {images[i].label for i in suspects[0].like_given} == {"cat"}
    assert 3 not in suspects[0].like_given
    assert len(suspects[0].like_suggested) == label_errors.NEIGHBOURS


def test_a_copy_says_nothing_of_the_label_of_its_original():
    features, images = clouds(*["cat"] * 60, *["dog"] * 60)
    features[3:9] = features[72] + 0.01  # six frames of a dog, all called cat
    rows = np.arange(len(images))
    frames = [Pair(3, i, 1.0) for i in range(4, 9)]
    assert {suspect.image for suspect in label_issues.find(images, rows, features, frames)} == {*range(3, 9)}
    grouped = [replace(image, group="clip" if 3 <= i < 9 else "") for i, image in enumerate(images)]
    assert {suspect.image for suspect in label_issues.find(grouped, rows, features, [])} == {*range(3, 9)}


def test_too_few_pictures_for_a_map():
    for count in range(7):
        features, images = np.eye(8, dtype=np.float32)[:count], clouds(*["cat", "dog"] * 4)[1][:count]
        reduced, shares = components.reduce(features)
        assert len(reduced) == count
        assert reduced.shape[1] >= 2
        assert np.isfinite(reduced).all()
        assert np.isfinite(shares).all()
        assert label_issues.find(images, np.arange(count), features, []) == []
        embedding.outliers(reduced[:, :2], ["cat"] * count)


def test_outliers_are_far_from_their_own_class():
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.uniform(-1, 1, (30, 2)), rng.uniform(9, 11, (30, 2))])
    names = ["cat"] * 30 + ["dog"] * 30
    assert embedding.outliers(places, names) == []
    places[7], places[40] = (10, 10), (-5, -5)
    assert embedding.outliers(places, names) == [40, 7]


@pytest.mark.parametrize("count", [1, 3, 13, 60])
def test_map_is_drawn_whatever_the_classes(count):
    names = [f"猫 {i}" for i in range(count)]
    places = np.random.default_rng(0).normal(size=(4 * count, 2))
    draw = check_figures.scatter(places, names * 4, names, (0.5, 0.25), [0, 1])
    assert draw.startswith(b"\x89PNG")


def test_the_map_names_classes_that_begin_with_an_underscore(monkeypatch):
    figures = []
    monkeypatch.setattr(check_figures, "png", lambda figure: figures.append(figure) or b"")
    check_figures.scatter(np.zeros((6, 2)), ["_other", "cat", "dog"] * 2, ["_other", "cat", "dog"], (0.5, 0.25), [])
    (legend,) = figures[0].legends
    assert [text.get_text() for text in legend.get_texts()] == ["_other", "cat", "dog"]


def test_every_mark_on_the_map_is_another():
    marks = [
        (palette.CLASSES[i % len(palette.CLASSES)], check_figures.MARKERS[i % len(check_figures.MARKERS)])
        for i in range(check_figures.MAX_COLOURED)
    ]
    assert len(set(marks)) == len(marks)


def test_the_numbers_of_neighbours_stand_apart():
    places = np.array([[0, 0], [3, 2], [300, 200], [302, 199], [299, 203], [900, 0]], float)
    labels = places + check_figures.label_offsets(places)
    apart = np.linalg.norm(labels[:, None] - labels, axis=2)[~np.eye(len(places), dtype=bool)]
    assert apart.min() > 14
    assert check_figures.label_offsets([]) == []

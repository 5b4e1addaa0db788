"""Images that a network finds alike: changed copies are, other drawings are not."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from data import image
from data.drawn import draw
from data.drawn.animals import ANIMALS
from data.duplicates import fingerprints
from data.folder import ImageRecord
from data.store.store import Store
from study.check import embedding, image_statistics
from study.inference import components, same_scene


def changed(picture):
    """Copies as people make them: turned and cut, cut at two sides, with twice the colour."""
    width, height = picture.size
    turned = picture.rotate(6, resample=Image.Resampling.BICUBIC)
    return {
        "turned": turned.crop((round(0.07 * width), round(0.07 * height), round(0.93 * width), round(0.93 * height))),
        "cut": picture.crop((round(0.1 * width), 0, width, round(0.9 * height))),
        "coloured": ImageEnhance.Color(picture).enhance(2.0),
    }


@pytest.fixture(scope="module")
def drawings(tmp_path_factory):
    """Drawings, copies of some, and one under a wrong label: names, labels, features, principal components, prints."""
    pictures = {}
    for label in ("cat", "dog", "horse"):
        for seed in range(14):
            picture = draw.draw(label, seed).image
            pictures[label, f"{label} {seed}"] = picture
            if seed < 4:
                pictures |= {(label, f"{label} {seed} {how}"): copy for how, copy in changed(picture).items()}
    pictures["dog", "cat 9 turned"] = changed(pictures["cat", "cat 9"])["turned"]
    folder, records = tmp_path_factory.mktemp("drawings"), []
    for (label, name), picture in pictures.items():
        picture.save(folder / f"{name}.png")
        records.append(ImageRecord(folder / f"{name}.png", name, label, None))
    embedded = embedding.embed(records, "crop", None, Store(None))
    if embedded.features is None:
        pytest.skip(embedded.source)
    thumbs = np.stack([image.resize(picture, image_statistics.THUMB, "squash") for picture in pictures.values()])
    labels, names = zip(*pictures, strict=True)
    return names, labels, embedded.features, components.reduce(embedded.features)[0], fingerprints(thumbs)


def names_alike(names, labels, features, reduced, prints):
    pairs = same_scene.same_scene_pairs(labels, features, reduced, prints.__getitem__)
    return {tuple(sorted((names[pair.first], names[pair.second]))) for pair in pairs}


def test_changed_copies_are_alike_and_other_drawings_are_not(drawings):
    found = names_alike(*drawings)
    of_one = {pair for pair in found if pair[0].split()[:2] == pair[1].split()[:2]}
    assert found == of_one
    for how in ("turned", "cut", "coloured"):
        known = sum((f"{label} {seed}", f"{label} {seed} {how}") in found for label in ANIMALS for seed in range(4))
        assert known >= 9, how  # of 12


def test_pictures_of_two_classes_are_not_called_alike(drawings):
    names, labels, *rest = drawings
    assert not {pair for pair in names_alike(*drawings) if "cat 9" in pair}
    moved = ["cat" if name == "cat 9 turned" else label for name, label in zip(names, labels, strict=True)]
    assert ("cat 9", "cat 9 turned") in names_alike(names, moved, *rest)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_too_few_pictures_to_be_alike(drawings, count):
    names, labels, features, _, prints = drawings
    reduced, _ = components.reduce(features[:count])
    assert names_alike(names, labels[:count], features[:count], reduced, prints) == set()


def test_pictures_without_any_difference_are_not_alike(drawings):
    names, labels, features, _, prints = drawings
    same = np.repeat(features[:1], 5, axis=0)
    assert names_alike(names, labels[:5], same, components.reduce(same)[0], prints) == set()


def test_each_fingerprint_is_asked_for_once():
    random, asked = np.random.default_rng(0), []
    features = random.normal(1, 0.1, (250, 20)).astype(np.float32)  # all alike
    prints = random.integers(0, 256, (250, 1728), np.uint8)

    def prints_of(indices):
        asked.extend(indices.tolist())
        return prints[indices]

    same_scene.same_scene_pairs(["cat"] * 250, features, components.reduce(features)[0], prints_of)
    assert asked == list(range(250))

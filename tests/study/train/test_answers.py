"""What the report shows of single answers: Grad-CAM, nearest training images, files that are gone since."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import io
from urllib.parse import urlsplit
from urllib.request import url2pathname

import keras
import numpy as np
import pytest
from helpers import TOY_CLASSES, make_toy, toy_image
from PIL import Image
from small import network

from data import pixels
from data.store.store import Store
from models.parts.graph import build_layer_graph
from study.fit.training_copy import training_copy
from study.inference.gradcam import grad_cam
from study.pages.pictures import overlay
from study.settings.source import load_dataset
from study.settings.train import TrainSettings
from study.train import answers
from study.train.answers import Evidence, collect

L = keras.layers
ODD = '50 % "off" it\'s #1 ?ä猫.png'


@pytest.fixture
def toy(tmp_path):
    root = make_toy(tmp_path / "toy data #1")
    (root / "circle" / "0.png").rename(root / "circle" / ODD)
    return root


def dataset_of(root, **changes):
    return load_dataset(TrainSettings.of(data=str(root), image_size=32, split=(1, 1, 1), **changes), Store(None))


def evidence_of(dataset, called, judged=None, seed=0):
    """Answers of the test split: each `called(index, true class)`, with less and less probability."""
    tested = dataset.examples().indices["test"]
    truth, rng = dataset.examples().labels[tested], np.random.default_rng(seed)
    shares = np.full((len(tested), 3), 0.01, np.float32)
    for at, label in enumerate(truth):
        shares[at, called(at, label)] = 0.9 - at / 200
    train = dataset.examples().indices["train"]
    features = {"test": rng.normal(size=(len(tested), 5)), "train": rng.normal(size=(len(train), 5))}
    model = network(L.Rescaling(1 / 255), L.Conv2D(8, 3, activation="relu"), L.GlobalAveragePooling2D(),
                    L.Dense(3, "softmax"), size=32)  # fmt: skip
    return Evidence(
        model, dataset, dataset.examples(), shares, features["test"], [(train, features["train"])], judged
    ), features


def wrong(at, label):
    return (label + 1) % 3


def test_mistakes_are_shown_the_surest_first_and_the_rest_is_counted(toy, monkeypatch):
    monkeypatch.setattr(answers, "MOST", 5)
    seconds, dataset = {}, dataset_of(toy)
    evidence, _ = evidence_of(dataset, wrong)
    shown = collect(evidence, 20, seconds)
    tested = [entry for entry in dataset.entries if entry.split == "test"]
    assert [card.picture.path for card in shown.cards] == [entry.path for entry in tested[:5]]
    assert shown.mistakes == len(tested)
    assert [card.picture.label == card.predicted for card in shown.cards] == [False] * 5
    small = [(number, picture.path) for cell in shown.small.values() for number, picture in cell]
    assert sorted(path for _, path in small) == sorted(entry.path for entry in tested)
    assert {number: path for number, path in small if number} == {
        number: card.picture.path for number, card in enumerate(shown.cards, 1)
    }
    for (label, predicted), cell in shown.small.items():
        assert predicted == TOY_CLASSES[(TOY_CLASSES.index(label) + 1) % 3]
        assert {picture.label for _, picture in cell} == {label}
    assert {"nearest training images", "Grad-CAM", "images of the report"} == seconds.keys()


def test_without_a_mistake_the_least_sure_right_answers_are_shown(toy):
    dataset = dataset_of(toy)
    shown = collect(evidence_of(dataset, lambda at, label: label)[0], 20, {})
    tested = [entry.path for entry in dataset.entries if entry.split == "test"]
    assert (shown.mistakes, shown.small) == (0, {})
    assert [card.picture.path for card in shown.cards] == tested[::-1][: answers.FEW]
    assert [card.picture.label for card in shown.cards] == [card.predicted for card in shown.cards]


def test_the_neighbours_are_those_of_brute_force(toy):
    dataset = dataset_of(toy)
    evidence, features = evidence_of(dataset, wrong)
    shown, train = collect(evidence, 20, {}), dataset.examples().indices["train"]
    for card, image in zip(shown.cards, features["test"], strict=False):
        far = [1 - image @ other / np.linalg.norm(image) / np.linalg.norm(other) for other in features["train"]]
        expected = [dataset.entries[train[at]] for at in np.argsort(far)[: answers.NEAREST]]
        assert [(other.path, other.label) for other in card.neighbours] == [(row.path, row.label) for row in expected]


def test_the_maps_are_those_of_inspect(toy):
    dataset = dataset_of(toy)
    evidence, _ = evidence_of(dataset, wrong)
    network = build_layer_graph(training_copy(evidence.classifier)).model()  # as `inspect` has it
    highest = []
    for card in collect(evidence, 20, {}).cards:
        _, image = pixels.read(toy / card.picture.path, 32, "crop")
        _, square = pixels.read(toy / card.picture.path, answers.SHOWN, "crop")
        (heat,) = grad_cam(network, image[None].astype(np.float32), [TOY_CLASSES.index(card.predicted)])
        expected = np.asarray(overlay(Image.fromarray(square), heat)).astype(int)
        found = np.asarray(Image.open(io.BytesIO(card.heat.image))).astype(int)
        assert np.abs(found - expected).mean() < 8  # a JPEG, of an image that was scaled twice
        highest.append(heat.max())
    assert {1} <= set(highest) <= {0, 1}


def file_behind(link):
    return url2pathname(urlsplit(link).path)


def test_every_link_leads_to_its_file_whatever_its_name(toy, monkeypatch):
    monkeypatch.chdir(toy.parent)
    dataset = dataset_of(toy.name)  # a relative path
    shown = collect(evidence_of(dataset, wrong)[0], 20, {})
    pictures = [picture for card in shown.cards for picture in (card.picture, *card.neighbours)]
    pictures += [picture for cell in shown.small.values() for _, picture in cell]
    assert all(picture.link.startswith("file:///") for picture in pictures)
    assert all(open(file_behind(picture.link), "rb").read(4) == b"\x89PNG" for picture in pictures)  # noqa: PTH123, SIM115
    every = [answers.picture(dataset, row, None) for row in range(len(dataset.entries))]
    (odd,) = [picture for picture in every if picture.path == f"circle/{ODD}"]
    assert file_behind(odd.link) == str(toy / "circle" / ODD)
    assert not set("\"' #?") & set(odd.link)


def test_an_image_stands_upright_as_in_training(tmp_path):
    root = make_toy(tmp_path / "toy")
    for label in TOY_CLASSES:
        for number in range(20):
            (root / label / f"{number}.png").unlink()
            image, exif = toy_image(label, number).resize((60, 40)), Image.Exif()
            exif[0x0112] = 6
            image.save(root / label / f"{number}.jpg", exif=exif)
    (card, *_) = collect(evidence_of(dataset_of(root), wrong)[0], 20, {}).cards
    with Image.open(io.BytesIO(card.picture.figure.image)) as shown:
        assert shown.size == (40, 60)
    assert card.picture.figure.size == (171, 256)


def test_what_cannot_be_read_any_more_is_told(toy):
    dataset = dataset_of(toy)
    evidence, _ = evidence_of(dataset, wrong)
    tested = [entry.path for entry in dataset.entries if entry.split == "test"]
    (toy / tested[0]).unlink()
    (toy / tested[1]).write_bytes((toy / tested[2]).read_bytes())
    for entry in dataset.entries:
        if entry.split == "train":
            (toy / entry.path).unlink()
    shown = collect(evidence, 20, {})
    first, second, third, *_ = shown.cards
    assert (first.picture.figure, first.picture.gone) == (None, "cannot be read: No such file or directory")
    assert (second.picture.figure, second.picture.gone) == (None, "the file was changed after it was read")
    assert (first.heat, second.heat) == (None, None)
    assert third.picture.figure
    assert third.heat
    assert all(other.gone and other.figure is None for other in third.neighbours)
    small = {picture.path: picture for cell in shown.small.values() for _, picture in cell}
    assert small[tested[0]].figure is None
    assert small[tested[2]].figure
    every = dataset.root
    for entry in dataset.entries:
        (every / entry.path).unlink(missing_ok=True)
    gone = collect(evidence, 20, {})
    assert all(card.picture.gone and card.heat is None for card in gone.cards)


def test_a_network_without_a_convolution_is_told(toy):
    evidence, _ = evidence_of(dataset_of(toy), wrong)
    plain = network(L.Flatten(), L.Dense(3, "softmax"), size=32)
    shown = collect(Evidence(plain, *list(vars(evidence).values())[1:]), 20, {})
    assert shown.no_heat.startswith("Grad-CAM needs a network with a convolution")
    assert all(card.heat is None and card.picture.figure for card in shown.cards)


@pytest.mark.slow
def test_noise_at_every_cap_leaves_a_page_of_bearable_size(tmp_path):
    rng = np.random.default_rng(0)
    for label in TOY_CLASSES:
        (tmp_path / label).mkdir()
        for number in range(30):
            image = Image.fromarray(rng.integers(0, 256, (300, 400, 3), np.uint8))
            image.save(tmp_path / label / f"{number}.png")
    shown = collect(evidence_of(dataset_of(tmp_path), wrong)[0], 30, {})
    of_cards = [
        len(figure.image)
        for card in shown.cards
        for figure in (card.picture.figure, card.heat, *(other.figure for other in card.neighbours))
    ]
    small = [len(picture.figure.image) for cell in shown.small.values() for _, picture in cell]
    assert (len(shown.cards), len(small)) == (answers.MOST, 30)
    assert 4 / 3 * (sum(of_cards) + answers.SMALL * max(small)) < 2_400_000  # in base64

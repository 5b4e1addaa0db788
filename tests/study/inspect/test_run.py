"""`inspect` as a whole: what it leaves and prints, and how it fails."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import io
import json
import re
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from helpers import TOY_CLASSES, call
from PIL import Image
from small import pixels

from models.parts.head import classifier, freeze, head
from models.parts.options import ArchitectureOptions
from models.parts.weights import build_backbone
from study.inspect import figures as inspect_figures
from study.inspect.collect import Subject, inspect_network
from study.inspect.report import summary_sentences
from study.inspect.source import Source, one_per_class
from study.runtime import output
from study.settings.stages import Stage
from study.settings.train import TrainSettings
from study.train.judge import apply_temperature

PICTURES = {"activations", "feature_maps", "filters", "grad_cam", "gradients", "weights"}


def test_a_network_that_was_frozen_has_gradients_too_and_stays_as_it_is(tmp_path):
    backbone = build_backbone("original", 32, "none")
    freeze(backbone)
    classifier(backbone, head(backbone.output_shape[-1], 2, 0.2)).save(tmp_path / "model.keras")
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    before = model.get_weights()
    x, labels = pixels(8, 32).astype(np.uint8), np.arange(8) % 2
    rows = {"train": np.arange(6), "val": np.array([6, 7])}
    source = Source(("a", "b"), tuple("12345678"), labels, rows, lambda indices: x[indices])
    settings = TrainSettings.of(image_size=32)
    subject = Subject("original", "frozen", model, settings, Stage("finetune", 1, 4, 0.1), untrained=False)
    look = inspect_network(subject, source, one_per_class(source), steps=2)
    assert [heat.image.name for heat in look.heat_maps] == ["7", "8"]
    assert len(look.learning) == 5
    assert all((layer.gradients > 0).all() for layer in look.learning)
    assert all(layer.weights.std != layer.weights_after.std for layer in look.learning)
    assert not model.layers[1].trainable
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.filterwarnings("ignore:invalid value")  # of weights that are no numbers
@pytest.mark.parametrize(
    ("init", "rate", "told"),
    [
        ("zeros", 0.1, "In the first batch all gradients are 0: nothing learns."),
        ("he", 1e15, "Along the iterations gradients became no numbers: the steps are too long."),
    ],
)
def test_gradients_that_are_zero_or_no_numbers_are_told(init, rate, told):
    model = classifier(
        build_backbone("lenet", 32, "none", ArchitectureOptions(activation="relu", init=init)), head(84, 2, 0.0)
    )
    if init == "zeros":
        model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    x, rows = pixels(8, 32).astype(np.uint8), {"train": np.arange(6), "val": np.array([6, 7])}
    source = Source(("a", "b"), tuple("12345678"), np.arange(8) % 2, rows, lambda indices: x[indices])
    settings = TrainSettings.of(model="lenet", image_size=32, optimizer="sgd")
    subject = Subject("lenet", "new", model, settings, Stage("scratch", 1, 4, rate), untrained=True)
    look = inspect_network(subject, source, one_per_class(source), steps=4)
    assert told in summary_sentences(look)
    with Image.open(io.BytesIO(inspect_figures.gradients(look.learning))) as draw:
        assert draw.format == "PNG"


def test_gradients_are_those_before_a_temperature_was_divided_into_the_last_layer():
    x, rows = pixels(8, 32).astype(np.uint8), {"train": np.arange(6), "val": np.array([6, 7])}
    source = Source(("a", "b"), tuple("12345678"), np.arange(8) % 2, rows, lambda indices: x[indices])
    settings = TrainSettings.of(model="lenet", image_size=32, optimizer="sgd")
    model = classifier(build_backbone("lenet", 32, "none", ArchitectureOptions()), head(84, 2, 0.0))

    def look(temperature):
        subject = Subject("lenet", "trained", model, settings, Stage("scratch", 1, 4, 0.01), False, temperature)
        return inspect_network(subject, source, one_per_class(source), steps=2)

    learned = look(1.0)
    apply_temperature(model, 4.0)
    calibrated = look(4.0)
    np.testing.assert_allclose(calibrated.losses, learned.losses, rtol=1e-5)
    for before, after in zip(learned.learning, calibrated.learning, strict=True):
        np.testing.assert_allclose(after.gradients, before.gradients, rtol=1e-4)
    assert calibrated.heat_maps[0].probability < learned.heat_maps[0].probability  # answers stay those of the run


def test_a_layer_in_the_middle_that_gets_no_gradient_is_named():
    def layer(name, length):
        return SimpleNamespace(name=name, gradients=np.array([length]))

    def told(*lengths):
        layers = [layer(f"layer{i}", length) for i, length in enumerate(lengths)]
        subject = SimpleNamespace(stage=Stage("scratch", 1, 4, 0.1))
        return summary_sentences(SimpleNamespace(learning=layers, active=[], losses=[1.0, 0.5], subject=subject))[0]

    assert told(1, 0, 0, 1).endswith("; that of 2 of 4 layers is 0, such as layer1.")
    assert "both are of similar size, but that of layer2 is " in told(1, 1, 1e-6, 1)
    assert told(1, 0.9, 1.2, 1).endswith(": the gradients of all layers are of similar size.")


@pytest.fixture(scope="module")
def inspected(run, toy, tmp_path_factory):
    """What `inspect --run` left and printed."""
    inspects = tmp_path_factory.mktemp("inspects")
    picture = toy / "circle" / "3.png"
    ran = call("inspect", picture, toy / "square" / "1.png", "--run", run, "--steps", "3", "--inspects", inspects)
    assert (ran.code, ran.err) == (0, "")
    (folder,) = inspects.iterdir()
    return folder, ran


def test_a_run_is_looked_into(inspected, run):
    folder, ran = inspected
    assert re.fullmatch(r"\d{8}-\d{6}-original", folder.name)
    assert {path.name for path in folder.iterdir()} == {
        "inspect.html",
        "inspect.json",
        *(f"{name}.png" for name in PICTURES),
    }
    assert f"look at {folder / 'inspect.html'}" in ran.out
    assert "block1_conv" in ran.out
    told = json.loads((folder / "inspect.json").read_text(encoding="utf-8"))
    layers = {layer["name"]: layer for layer in told["layers"]}
    assert told["network"] == f"the trained network of {run}"
    assert layers["block1_conv"]["receptive_field"] == [5, 5]
    assert layers["block2_conv"]["receptive_field"] == [15, 15]
    assert layers["pool"]["receptive_field"] == [None, None]  # everything
    assert len(layers["block1_conv"]["gradient_norms"]) == len(told["losses"]) == 3
    assert 0.2 < layers["block1_relu"]["activation"]["zero"] < 0.9
    saved = keras.saving.load_model(run / "model.keras", compile=False)
    kernel = np.asarray(saved.layers[1].get_layer("block1_conv").kernel)
    assert layers["block1_conv"]["weights"]["std"] == pytest.approx(kernel.std(), rel=1e-4)
    assert layers["block1_conv"]["weights_after"]["std"] != layers["block1_conv"]["weights"]["std"]


def test_the_maps_are_those_of_the_pictures_given(inspected):
    told = json.loads((inspected[0] / "inspect.json").read_text(encoding="utf-8"))["grad_cam"]
    assert [picture["path"][-12:] for picture in told["pictures"]] == ["circle/3.png", "square/1.png"]
    assert {picture["predicted"] for picture in told["pictures"]} <= set(TOY_CLASSES)


def test_the_page_needs_no_network(inspected):
    page = (inspected[0] / "inspect.html").read_text(encoding="utf-8")
    assert page.count("<img") == len(PICTURES)
    assert len(re.findall('<img [^>]*src="data:image/png;base64,', page)) == len(PICTURES)
    assert not re.search(r"<(link|iframe)|<script [^>]*src|src=.http|url\(", page)


@pytest.mark.slow
def test_a_new_network_obeys_the_flags_of_train(toy, tmp_path):
    shape = ("--image-size", "32", "--width", "0", "--data", toy, "--store", "off", "--seed", "5")
    more = (
        "--steps",
        "2",
        "--batch-size",
        "8",
        "--optimizer",
        "sgd",
        "--learning-rate",
        "0.5",
        "--layer",
        "block2_relu",
    )
    ran = call("inspect", "-m", "original", *shape, *more, "--inspects", tmp_path)
    assert ran.code == 0, ran.err
    (folder,) = tmp_path.iterdir()
    told = json.loads((folder / "inspect.json").read_text(encoding="utf-8"))
    assert told["network"] == "a new network, random weights"
    assert (told["batch_size"], told["learning_rate"], told["settings"]["optimizer"]) == (8, 0.5, "sgd")
    assert told["grad_cam"]["layer"] == "block2_relu"
    assert [picture["path"].split("/")[0] for picture in told["grad_cam"]["pictures"]] == list(TOY_CLASSES)
    keras.utils.set_random_seed(5)
    kernel = np.asarray(build_backbone("original", 32, "none").get_layer("block2_conv").kernel)
    first, second = (layer for layer in told["layers"] if layer["name"] in ("block1_conv", "block2_conv"))
    assert second["weights"]["std"] == pytest.approx(kernel.std(), rel=1e-4)
    norm = next(layer for layer in told["layers"] if layer["name"] == "block1_norm")
    assert norm["activation"]["std"] == pytest.approx(1, abs=0.02)  # by these pictures, as in training
    assert (first["kind"], norm["kind"]) == ("Conv2D", "BatchNormalization")  # not their faster likes, which learn


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--run", "RUN", "--layer", "conv9"], "--layer takes a layer with maps, such as "),
        (
            ["--run", "RUN", "--l2", "1", "--seed", "3"],
            "--run brings its own network and images: leave --l2, --seed out",
        ),
        (["--run", "RUN", "-m", "resnet"], "is a run of original. Received: -m resnet"),
        (["--run", "nowhere"], "A run is given by its folder or its name. Received: nowhere (there is none"),
        (["--run", "RUN", "BROKEN"], "broken.png: "),
        (["--run", "RUN", "nowhere.png"], "nowhere.png: no such file or folder."),
        (["-m", "originall"], "Unknown model 'originall'. Did you mean 'original'?"),
        (["--steps", "0"], "--steps takes 1 to 10,000. Received: 0"),
        (["--epochs", "3"], "unrecognized arguments: --epochs"),
    ],
)
def test_what_cannot_be_looked_into_is_told_in_one_line_and_leaves_nothing(words, error, run, tmp_path):
    broken, inspects = tmp_path / "broken.png", tmp_path / "inspects"
    broken.write_bytes(b"\x89PNG\r\n")
    ran = call("inspect", *({"RUN": run, "BROKEN": broken}.get(word, word) for word in words), "--inspects", inspects)
    assert ran.code == 2
    assert error.lower() in ran.err.lower()
    assert ran.err.count("\n") == 1
    assert not inspects.exists() or not list(inspects.iterdir())


def test_a_folder_that_cannot_be_written_is_told_under_its_own_flag(tmp_path):
    (tmp_path / "file").write_text("")
    ran = call("inspect", "--inspects", tmp_path / "file")
    assert ran.code == 2
    assert ran.err.startswith(f"error: Cannot write to --inspects {tmp_path / 'file'}: ")

    def stopped(folder):
        (folder / "inspect.html").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        output.save_run(tmp_path / "inspects", "original", stopped, "inspection", "--inspects")
    assert list((tmp_path / "inspects").iterdir()) == []

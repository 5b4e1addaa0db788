"""A saved model of a stranger: what asks for code, or for more memory than it has values, is refused unbuilt."""

import io
import json
import shutil
import zipfile

import h5py
import numpy as np
import pytest
from helpers import call, message

from models.parts import saved

SAID = "by which it could run code of whoever made it. Train again, or ask for a model of layers of Keras alone."


def rewritten(source, path, change=lambda config: None, weights=None, more=()):
    """A copy of a `.keras` file with another configuration, other weights or further parts."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    change(config)
    parts["config.json"] = json.dumps(config).encode()
    if weights is not None:
        parts["model.weights.h5"] = weights
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**parts, **dict(more)}.items():
            archive.writestr(name, content)
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    import keras

    path = tmp_path_factory.mktemp("saved") / "model.keras"
    inputs = keras.Input((8, 8, 3))
    scaled = keras.layers.Rescaling(1 / 255)(inputs) + 1
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, kernel_regularizer="l2")])
    outputs = keras.layers.Dense(2, activation="softmax")(keras.layers.Flatten()(inner(scaled)))
    keras.Model(inputs, outputs).save(path)
    return path


def test_a_model_of_layers_of_keras_is_loaded_with_its_values(model):
    import keras

    pixels = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.float32)
    found, right = saved.load(model), keras.saving.load_model(model)
    np.testing.assert_array_equal(found(pixels), right(pixels))
    assert all(np.array_equal(*pair) for pair in zip(found.get_weights(), right.get_weights(), strict=True))


def layer(config, name):
    return next(entry for entry in config["config"]["layers"] if entry["class_name"] == name)


def renamed(**changes):
    return lambda config: layer(config, "Dense").update(changes)


def deep(config):
    inner = layer(config, "Sequential")["config"]["layers"][-1]
    inner["config"]["kernel_regularizer"] = {"module": "os", "class_name": "system", "config": {"command": "true"}}


def nested_compile(config):
    layer(config, "Sequential")["compile_config"] = {"loss": {"class_name": "function", "config": "x", "module": "m"}}


def function(config):
    layer(config, "Dense")["config"]["activation"] = {
        "module": "shutil", "class_name": "function", "config": "rmtree", "registered_name": "rmtree",
    }  # fmt: skip


def own_lambda(config):
    layer(config, "Dense")["config"]["activation"] = {
        "class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]},
    }  # fmt: skip


CODE = {
    "Lambda": (renamed(class_name="Lambda"), "Lambda of keras.layers"),
    "saved model of TensorFlow": (renamed(class_name="TFSMLayer"), "TFSMLayer of keras.layers"),
    "table in a file": (renamed(class_name="StringLookup"), "StringLookup of keras.layers"),
    "another module": (renamed(module="evil.layers"), "Dense of evil.layers"),
    "module that only begins like it": (renamed(module="keras_evil"), "Dense of keras_evil"),
    "part of Keras that is none of layers": (renamed(module="keras.utils", class_name="get_file"), "get_file of keras"),
    "no module": (renamed(module=None, registered_name="evil>Dense"), "evil>Dense"),
    "registered class": (renamed(registered_name="evil>Dense"), "evil>Dense for Dense"),
    "within a layer": (deep, "system of os"),
    "function": (function, "the function rmtree"),
    "lambda": (own_lambda, "__lambda__"),
    "loss of a model within": (nested_compile, "the function x"),
}


@pytest.mark.parametrize(("change", "named"), CODE.values(), ids=CODE)
def test_what_asks_for_code_is_refused_with_its_name(model, tmp_path, change, named, monkeypatch):
    import keras

    def built(*arguments, **named):
        raise AssertionError("Keras was asked to build it")

    monkeypatch.setattr(keras.saving, "deserialize_keras_object", built)
    path = rewritten(model, tmp_path / "evil.keras", change)
    said = message(saved.load, path)
    assert said.startswith(f"{path} was not loaded, as it asks for {named}")
    assert said.endswith(SAID)


def test_how_it_was_trained_is_left_out_and_not_asked_for(model, tmp_path):
    optimizer = {"optimizer": {"module": "study.fit.muon", "class_name": "Muon", "config": {}}}
    saved.load(rewritten(model, tmp_path / "m.keras", lambda config: config.update(compile_config=optimizer)))


def hdf5(fill):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        fill(file)
    return content.getvalue()


def huge(file):
    file.create_dataset("x", (1 << 40,), "f4", chunks=(1 << 10,))


def elsewhere(file):
    file["x"] = h5py.ExternalLink("/etc/passwd", "x")


def link(file):
    file["x"] = h5py.SoftLink("/y")


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("x", layout)


DAMAGED = {
    "more variables than values": (lambda config: layer(config, "Dense")["config"].update(units=10**8), {}),
    "no number": (lambda config: layer(config, "Dense")["config"].update(units=float("nan")), {}),
    "negative": (lambda config: layer(config, "Dense")["config"].update(units=-5), {}),
    "other shape": (lambda config: layer(config, "Dense")["config"].update(units=3), {}),
    "no layers": (lambda config: config["config"].update(layers=3), {}),
    "another part": (lambda config: None, {"more": {"assets/evil.txt": b"x"}}),
    "path out of it": (lambda config: None, {"more": {"../evil.txt": b"x"}}),
    "link": (lambda config: None, {"weights": hdf5(elsewhere)}),
    "soft link": (lambda config: None, {"weights": hdf5(link)}),
    "values elsewhere": (lambda config: None, {"weights": hdf5(virtual)}),
    "huge": (lambda config: None, {"weights": hdf5(huge)}),
    "no HDF5": (lambda config: None, {"weights": b"x" * 5000}),
}


@pytest.mark.parametrize(("change", "more"), DAMAGED.values(), ids=DAMAGED)
def test_what_keras_did_not_save_is_refused(model, tmp_path, change, more):
    path = rewritten(model, tmp_path / "m.keras", change, **more)
    with pytest.raises(saved.DamagedError):
        saved.load(path)


def test_the_commands_say_it_in_one_line(run, toy, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    for name in ("model.xml", "model.bin"):
        (folder / name).unlink(missing_ok=True)
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | {"files": {}}))
    rewritten(run / "model.keras", folder / "model.keras", lambda c: layer(c, "Functional").update(module="evil"))
    for words in (
        ("predict", "--run", folder, toy / "circle"),
        ("inspect", "--run", folder, "--inspects", tmp_path / "inspects"),
        (
            "train",
            "--data",
            toy,
            "-m",
            "original",
            "--image-size",
            32,
            "--weights",
            folder,
            "--runs",
            tmp_path / "runs",
        ),
    ):
        ran = call(*words)
        assert ran.code == 2
        (said,) = (line for line in ran.err.splitlines() if line.startswith("error: "))
        assert said == f"error: {folder / 'model.keras'} was not loaded, as it asks for Functional of evil, {SAID}"


def test_a_file_of_weights_alone_is_looked_through_too(toy, tmp_path):
    path = tmp_path / "evil.weights.h5"
    path.write_bytes(hdf5(elsewhere))
    ran = call("train", "--data", toy, "-m", "original", "--weights", path, "--runs", tmp_path / "runs")
    assert ran.code == 2
    assert (
        f"The weights in {path} do not fit original: the file is damaged, or of another network than --model."
        in ran.err
    )

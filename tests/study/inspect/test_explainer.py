"""`inspect --page`: the numbers in the page are the network's own, and give its values when they are computed again."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import base64
import json
import re
import shutil

import keras
import numpy as np
import pytest
from english_left import JAPANESE
from helpers import ROOT, TOY_CLASSES, call, message
from small import pixels

from models.parts.graph import build_layer_graph
from models.parts.head import classifier, head
from study.inspect import explainer_texts
from study.inspect.apart import FORMULAS
from study.inspect.explainer import MOST_BYTES, explain
from study.inspect.explainer_page import page, sentences
from study.inspect.source import NamedImage

DATA = re.compile(r'<script type="application/json" id="explainer-data">(.*?)</script>', re.DOTALL)
TEMPLATES = ROOT / "study" / "pages" / "templates"
HOSTILE = "</script><img src=x onerror=alert(1)> & {{ 7 * 7 }} \u2028"


def images(count=2, size=16):
    return [NamedImage(f"{i}.png", image.astype(np.uint8), "a") for i, image in enumerate(pixels(count, size))]


def network(seed=0, size=16):
    """One step of every kind that the page takes apart."""
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    image = keras.Input((size, size, 3))
    x = layers.Rescaling(1 / 127.5, -1, name="scale")(image)
    x = layers.Conv2D(6, (5, 3), strides=2, padding="same", activation="tanh", name="conv")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU(6.0, name="relu6")(x)
    x = short = layers.MaxPooling2D(3, 1, padding="same", name="max")(x)
    x = layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)
    x = layers.Activation("silu", name="silu")(layers.Add(name="add")([x, short]))
    x = layers.LeakyReLU(0.1, name="leaky")(layers.Conv2D(5, 3, dilation_rate=2, name="dilated")(x))
    x = layers.AveragePooling2D(3, 2, padding="same", name="average")(x)
    x = layers.Dropout(0.5, name="drop")(layers.Flatten(name="flatten")(x))
    x = layers.Dense(7, activation="elu", name="hidden")(x)
    model = classifier(keras.Model(image, x, name="backbone"), head(7, 2, 0.5))
    rng = np.random.default_rng(seed)
    model.set_weights([w + rng.uniform(0, 0.1, w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


def unpack(packed):
    kind = {"uint8": "u1", "float16": "<f2", "float32": "<f4"}[packed["kind"]]
    values = np.frombuffer(base64.b64decode(packed["data"]), kind).reshape(packed["shape"])
    return values.astype(np.float64) * packed["scale"]


def activate(function, x):
    name, slope = function["name"], function.get("slope") or 0
    return {
        "linear": lambda: x,
        "tanh": lambda: np.tanh(x),
        "relu": lambda: np.minimum(np.where(x < 0, slope * x, x), function.get("most") or np.inf),
        "leaky_relu": lambda: np.where(x < 0, slope * x, x),
        "elu": lambda: np.where(x < 0, np.expm1(x), x),
        "silu": lambda: x / (1 + np.exp(-x)),
        "sigmoid": lambda: 1 / (1 + np.exp(-x)),
        "softplus": lambda: np.logaddexp(x, 0),
        "softmax": lambda: np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True),
    }[name]()


def windows(step, maps, outside):
    """(images, rows, columns, window rows, window columns, channels) of what lies under each window."""
    (top, left), (high, wide), (down, right) = step["pad"], step["size"], step["strides"]
    more_down, more_right = step["dilation"]
    padded = np.pad(maps, ((0, 0), (top, 50), (left, 50), (0, 0)), constant_values=outside)
    rows = np.arange(step["shape"][0])[:, None] * down + np.arange(high) * more_down
    columns = np.arange(step["shape"][1])[:, None] * right + np.arange(wide) * more_right
    return padded[:, rows[:, None, :, None], columns[None, :, None, :]]


def again(step, tensors):
    """What a step puts out, computed from the page alone as its script does."""
    inputs = [tensors[place] for place in step["inputs"]]
    x, units, kind = inputs[0], step["units"], step["kind"]
    of = {key: unpack(value) for key, value in step.items() if isinstance(value, dict) and "data" in value}
    bias = of.get("bias", 0)
    if "scores" in of:  # of all classes, also those without weights in the page
        near = {"rtol": 5e-3, "atol": 2e-3 * np.abs(of["scores"]).max()}
        np.testing.assert_allclose(x @ of["kernel"] + bias, of["scores"][:, :units], **near)
        return activate(step["activation"], of["scores"])[:, :units]
    if kind == "pool":
        found = windows(step, x, np.nan)
        return (np.nanmax if step["how"] == "max" else np.nanmean)(found, axis=(3, 4))[..., :units]
    return {
        "scale": lambda: x[..., :units] * of["scale"] + of["offset"],
        "norm": lambda: (
            (x[..., :units] - of["mean"]) / np.sqrt(of["variance"] + step["epsilon"]) * of["gamma"] + of["beta"]
        ),
        "conv": lambda: activate(step["activation"], np.tensordot(windows(step, x, 0), of["kernel"], 3) + bias),
        "depthwise": lambda: activate(
            step["activation"], (windows(step, x, 0)[..., :units] * of["kernel"]).sum(axis=(3, 4)) + bias
        ),
        "activation": lambda: activate(step["activation"], x[..., :units]),
        "add": lambda: sum(tensor[..., :units] for tensor in inputs),
        "flatten": lambda: x.reshape(len(x), -1)[:, :units],
        "mean": lambda: x[..., :units].mean(axis=(1, 2)),
        "dense": lambda: activate(step["activation"], x @ of["kernel"] + bias),
        "softmax": lambda: activate({"name": "softmax"}, x),
    }[kind]()


def held(model, shown, content, tolerance):
    """Hold the page to the network: its tensors are the network's own, and so is what is computed from them."""
    graph = build_layer_graph(model)
    x = np.stack([image.pixels for image in shown]).astype(np.float32)
    names = [step.name for step in graph.steps]
    own = dict(zip(names, graph.submodel([step.output for step in graph.steps])(x), strict=True))
    tensors = [unpack(packed) for packed in content["tensors"]]
    np.testing.assert_array_equal(tensors[0], x[: len(tensors[0])])
    for step in content["steps"]:
        stored, units = tensors[step["output"]], step["units"]
        truth = np.asarray(own[step["name"]])[: len(stored), ..., :units]
        near = {"rtol": tolerance, "atol": tolerance * np.abs(truth).max(), "err_msg": step["name"]}
        np.testing.assert_allclose(stored[..., :units], truth, **near)
        if step["kind"] != "maps":
            np.testing.assert_allclose(again(step, tensors), truth, **near)


@pytest.mark.parametrize(("exact_bytes", "tolerance"), [(10**9, 1e-5), (0, 5e-3)])
def test_what_is_computed_from_the_page_is_what_the_network_says(exact_bytes, tolerance):
    model, shown = network(), images()
    content = explain(model, shown, ("a", "b"), exact_bytes)
    assert content["exact"] == bool(exact_bytes)
    assert {step["kind"] for step in content["steps"]} == {
        *("scale", "conv", "norm", "activation", "pool", "depthwise", "add", "flatten", "dense"),
    }
    assert content["dropped"] == 2
    held(model, shown, content, tolerance)
    scores = unpack(content["steps"][-1]["scores"])
    answers = np.asarray(model(np.stack([image.pixels for image in shown]).astype(np.float32)))
    np.testing.assert_allclose(activate({"name": "softmax"}, scores), answers, rtol=1e-4, atol=1e-6)
    assert [image["predicted"] for image in content["images"]] == [("a", "b")[i] for i in answers.argmax(axis=1)]
    assert content["images"][0]["probability"] == pytest.approx(answers[0].max())


def test_softmax_and_the_mean_of_maps_as_layers_of_their_own():
    keras.utils.set_random_seed(1)
    layers = keras.layers
    steps = [layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(), layers.Dense(2), layers.Softmax()]
    model = keras.Sequential([keras.Input((8, 8, 3)), *steps])
    content = explain(model, images(2, 8), ("a", "b"))
    assert [step["kind"] for step in content["steps"]] == ["conv", "mean", "dense", "softmax"]
    held(model, images(2, 8), content, 1e-5)


@pytest.mark.parametrize("name", [name for name in FORMULAS if name != "softmax"])
def test_every_activation_function_is_the_one_of_keras(name):
    keras.utils.set_random_seed(2)
    steps = [keras.layers.Conv2D(4, 3), keras.layers.Activation(name), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((8, 8, 3)), *steps, keras.layers.Dense(2, activation=name)])
    content = explain(model, images(2, 8), ("a", "b"))
    assert [step["kind"] for step in content["steps"]] == ["conv", "activation", "flatten", "dense"]
    held(model, images(2, 8), content, 1e-5)


def test_a_layer_that_the_page_does_not_know_is_shown_as_maps_and_that_is_said():
    class Doubled(keras.layers.Conv2D):
        def call(self, inputs):
            return 2 * super().call(inputs)

    layers = keras.layers
    steps = [Doubled(4, 3), layers.LayerNormalization(), layers.Activation("gelu"), layers.Conv2D(4, 3, groups=2)]
    rest = [layers.Flatten(), layers.Dense(2, activation="softmax")]
    model = keras.Sequential([keras.Input((8, 8, 3)), *steps, *rest])
    content = explain(model, images(1, 8), ("a", "b"))
    assert [step["kind"] for step in content["steps"]] == ["maps", "maps", "maps", "maps", "flatten", "dense"]
    assert sentences(content, 1) == ["6 of 6 layers are shown, 2 of them with how their values come about"]
    held(model, images(1, 8), content, 1e-5)


def test_of_a_large_network_a_part_is_shown_and_the_page_keeps_within_its_room():
    layers = keras.layers
    wide = [layers.Conv2D(80, 3, padding="same", activation="relu") for _ in range(2)]
    deep = [layers.Conv2D(20, 3, strides=1 + (i % 10 == 0), padding="same") for i in range(30)]
    rest = [layers.Flatten(), layers.Dense(300, activation="softmax")]
    model = keras.Sequential([keras.Input((96, 96, 3)), *wide, *deep, *rest])
    content = explain(model, images(8, 96), [str(i) for i in range(300)])
    assert (len(content["steps"]), content["all_steps"]) == (12, 34)
    assert [step["kind"] for step in content["steps"][:2]] == ["conv", "maps"]
    assert content["steps"][1]["large"]
    assert len(content["images"]) == 3
    assert len(json.dumps(content)) < MOST_BYTES * 4 / 3
    assert not content["exact"]
    assert "3 of 8 images are shown: the page has no room for more" in sentences(content, 8)
    held(model, images(3, 96), content, 1e-2)


def test_a_network_that_gives_no_numbers_is_told():
    model = network()
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    assert message(explain, model, images(1), ("a", "b")) == (
        "The network gives no numbers (nan) for 0.png: there is nothing to show. Train again."
    )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_names_of_classes_and_files_stay_text(language):
    shown = [NamedImage(HOSTILE, images(1)[0].pixels, HOSTILE)]
    content = explain(network(), shown, (HOSTILE, "\ud800"))
    text = page(HOSTILE, HOSTILE, content, HOSTILE, language)
    assert text.count("</script>") == text.count("<script") == 3
    assert "<img src=x" not in text
    held_there = json.loads(DATA.search(text)[1])
    assert held_there["images"][0]["name"] == held_there["classes"][0] == HOSTILE
    assert f'<html lang="{language}">' in text


def test_every_sentence_has_its_japanese_and_is_said():
    script = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("explainer*.js"))
    for group in (explainer_texts.ABOUT, explainer_texts.NOTES, explainer_texts.WORDS, explainer_texts.PAGE):
        for key, text in group.items():
            assert JAPANESE.search(text.ja), key
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", text.ja)), key
    said = set(re.findall(r"\bwords\.(\w+)", script)) | set(re.findall(r'(?:move|entry)\([^)]*?"(\w+)"', script))
    assert said >= explainer_texts.WORDS.keys()
    assert set(re.findall(r"\bwords\.(\w+)", script)) <= explainer_texts.WORDS.keys()
    assert set(re.findall(r"\bnotes\.(\w+)", script)) <= explainer_texts.NOTES.keys()
    assert {*explainer_texts.KINDS, "maps"} == explainer_texts.ABOUT.keys()


def test_the_page_of_a_run(run, toy, tmp_path):
    path = tmp_path / "layers.html"
    ran = call("inspect", toy / "circle" / "3.png", "--run", run, "--page", path, "--json")
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    assert (told["page"], told["folder"], told["run"]) == (str(path), None, str(run))
    text = path.read_text(encoding="utf-8")
    content = json.loads(DATA.search(text)[1])
    assert content["classes"] == list(TOY_CLASSES)
    assert [image["name"][-12:] for image in content["images"]] == ["circle/3.png"]
    assert [path.name for path in tmp_path.iterdir()] == ["layers.html"]
    assert not re.search(r"<(link|iframe)|<script [^>]*src|src=.http|url\(|https?:", text)


def test_the_page_beside_the_lessons_has_the_script_of_today_and_numbers_that_agree():
    path = ROOT / "notebooks" / "explainer.html"
    text = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 1.5e6
    for script in TEMPLATES.glob("explainer*.js"):
        assert script.read_text(encoding="utf-8").strip() in text, "make it anew: notebooks/README.md has the commands"
    content = json.loads(DATA.search(text)[1])
    tensors = [unpack(packed) for packed in content["tensors"]]
    for step in content["steps"]:
        stored = tensors[step["output"]][..., : step["units"]]
        np.testing.assert_allclose(again(step, tensors), stored, rtol=1e-5, atol=1e-5, err_msg=step["name"])


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--page", "a.html"], "--page shows the network of a run. Received: no --run; give --run RUN."),
        (["--run", "RUN", "--page", "a.txt"], "--page takes a file that ends in .html or .htm. Received: a.txt"),
        (["--run", "RUN", "--page", "nowhere/a.html"], "Cannot write --page nowhere/a.html: "),
        (
            ["--run", "RUN", "--page", "a.html", "--steps", "3", "--layer", "pool"],
            "--page trains nothing and writes one file: leave --steps, --layer out, or --page.",
        ),
        (["--run", "RUN", "--language", "ja"], "--language ja goes with --page FILE.html. Received: no --page"),
        (["--run", "ENSEMBLE", "--page", "a.html"], "--page shows one network, and ENSEMBLE is an ensemble: "),
    ],
)
def test_what_cannot_be_shown_is_told_in_one_line_and_nothing_is_written(words, error, run, tmp_path, monkeypatch):
    ensemble = tmp_path / "ensemble"
    shutil.copytree(run, ensemble)
    info = json.loads((ensemble / "run.json").read_text(encoding="utf-8"))
    (ensemble / "run.json").write_text(json.dumps(info | {"ensemble": {"method": "bagging"}}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ran = call("inspect", *({"RUN": run, "ENSEMBLE": ensemble}.get(word, word) for word in words))
    assert ran.code == 2
    assert error.replace("ENSEMBLE", str(ensemble)) in ran.err
    assert ran.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["ensemble"]

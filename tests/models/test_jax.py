"""The models are Keras alone: on its JAX backend they answer as on TensorFlow, and learn. `make jax` installs JAX."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import os
import subprocess
import sys
from importlib.util import find_spec

import keras
import numpy as np
import pytest
from helpers import ROOT, small_options

import models
from models.parts.head import classifier, head
from models.parts.weights import build_backbone

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed (make jax)"),
]
SIZE = 64
OF_KERAS = ("efficientnet", "resnet")  # `keras.applications`, which Keras tests on its backends
AS_LITE0 = ("efficientnet_lite1", "efficientnet_lite2")
NAMES = [name for name in models.available("classify") if name not in OF_KERAS + AS_LITE0]
LEARNING = ("lenet", "original")  # a step of the larger ones takes long to compile

ON_JAX = """
import sys
from pathlib import Path
import keras
import numpy as np

folder, learning = Path(sys.argv[1]), sys.argv[2:]
assert keras.config.backend() == "jax"
images = np.load(folder / "images.npy")
for path in sorted(folder.glob("*.keras")):
    network = keras.saving.load_model(path)
    results = {"answers": network.predict(images, verbose=0)}
    if path.stem in learning:
        before = network.get_weights()
        network.compile("adam", "sparse_categorical_crossentropy")
        results["losses"] = [float(network.train_on_batch(images, np.array([0, 1, 2, 0]))) for _ in range(12)]
        results["changed"] = [(new != old).any() for new, old in zip(network.get_weights(), before, strict=True)]
    np.savez(folder / f"{path.stem}.npz", **results)
"""


@pytest.fixture(scope="module")
def on_jax(tmp_path_factory):
    """Return a folder with each network, as Keras saves it, and what it did in a process where Keras runs on JAX."""
    folder = tmp_path_factory.mktemp("jax")
    for name in NAMES:
        keras.utils.set_random_seed(0)
        backbone = build_backbone(name, SIZE, "none", small_options(name))
        network = classifier(backbone, head(backbone.output_shape[-1], 3, 0.0))
        network.save(folder / f"{name}.keras")
    images = np.random.default_rng(0).integers(0, 256, (4, SIZE, SIZE, 3)).astype(np.float32)
    np.save(folder / "images.npy", images)
    ended = subprocess.run(
        [sys.executable, "-c", ON_JAX, str(folder), *LEARNING],
        cwd=ROOT, env=os.environ | {"KERAS_BACKEND": "jax"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr[-2000:]
    return folder


@pytest.mark.parametrize("name", NAMES)
def test_it_answers_on_jax_as_on_tensorflow(on_jax, name):
    network, images = keras.saving.load_model(on_jax / f"{name}.keras"), np.load(on_jax / "images.npy")
    answers = np.load(on_jax / f"{name}.npz")["answers"]
    np.testing.assert_allclose(answers, keras.ops.convert_to_numpy(network(images, training=False)), atol=1e-4)
    assert np.isfinite(answers).all()


@pytest.mark.parametrize("name", LEARNING)
def test_it_learns_on_jax(on_jax, name):
    results, images = np.load(on_jax / f"{name}.npz"), np.load(on_jax / "images.npy")
    network = keras.saving.load_model(on_jax / f"{name}.keras")
    network.compile("adam", "sparse_categorical_crossentropy")
    losses = [float(network.train_on_batch(images, np.array([0, 1, 2, 0]))) for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]
    np.testing.assert_allclose(results["losses"], losses, rtol=0.02)
    assert results["changed"].all()

"""A backbone that is not built where the store knows it, and `check` on kept features, which starts no TensorFlow."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import subprocess
import sys

import numpy as np
import pytest
from helpers import command, make_toy
from run_files import table

from data.store.store import Store
from models.parts.weights import build_backbone
from study.inference.frozen import FrozenBackbone
from study.inference.remembered import RememberedBackbone

MODEL, SIZE = "efficientnet_lite", 64
IMPORTED = """
import sys
sys.argv = ["main.py", *sys.argv[1:]]
import main
code = main.main(sys.argv[1:])
print("tensorflow" in sys.modules, "keras" in sys.modules)
sys.exit(code)
"""


def built(backbone):
    """Say whether the network has been built."""
    return "network" in vars(backbone)


def test_its_fingerprint_is_that_of_the_network_and_is_remembered(tmp_path):
    first, again = (RememberedBackbone(MODEL, SIZE, Store(tmp_path)) for _ in range(2))
    expected = FrozenBackbone(build_backbone(MODEL, SIZE, "imagenet"))
    assert (first.fingerprint, first.outputs) == (expected.fingerprint, expected.outputs)
    assert built(first)
    assert (again.fingerprint, again.outputs) == (expected.fingerprint, expected.outputs)
    assert not built(again)


@pytest.mark.slow
def test_another_size_is_another_network(tmp_path):
    assert RememberedBackbone(MODEL, SIZE, Store(tmp_path)).fingerprint  # which keeps it
    larger = RememberedBackbone(MODEL, SIZE + 32, Store(tmp_path))
    assert larger.built_from() != RememberedBackbone(MODEL, SIZE, Store(tmp_path)).built_from()
    assert larger.fingerprint
    assert built(larger)


def test_once_it_is_known_it_can_be_run_all_the_same(tmp_path):
    assert RememberedBackbone(MODEL, SIZE, Store(tmp_path)).fingerprint
    again = RememberedBackbone(MODEL, SIZE, Store(tmp_path))
    images = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), np.uint8)
    assert again.outputs == 1280
    expected = build_backbone(MODEL, SIZE, "imagenet")(images.astype(np.float32)).numpy()
    np.testing.assert_allclose(again.network(images.astype(np.float32)).numpy(), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_check_on_kept_features_starts_no_tensorflow_and_finds_the_same(tmp_path):
    make_toy(tmp_path / "data")
    imported = []
    for out in ("first", "again"):
        asked = command("check", "--data", tmp_path / "data", "--out", tmp_path / out, STUDY_CACHE=tmp_path / "store")
        asked["args"] = [sys.executable, "-c", IMPORTED, *asked["args"][2:]]
        ended = subprocess.run(**asked, timeout=100, check=True, text=True)
        imported.append(ended.stdout.splitlines()[-1])
    assert imported == ["True True", "False False"]
    assert table(tmp_path / "first" / "check.csv") == table(tmp_path / "again" / "check.csv")

# ruff: noqa: E402 - Keras is started before anything imports it
"""Backbones side by side: their features are those of each alone, which the store shares; Grad-CAM adds them up."""

from study.runtime import backend

backend.start()

from dataclasses import replace

import numpy as np
import pytest
from small import noisy_images, tiny

from data.augment.pipeline import build
from data.store.store import Store
from models.parts.head import classifier, head
from models.parts.joined import join_backbones
from study.inference.engine import EngineChoice
from study.inference.features import FeatureSpec
from study.inference.frozen import FrozenBackbone
from study.inference.gradcam import grad_cam
from study.inference.joined import embed, one_choice

NAMES = ("first", "second")
SPEC = FeatureSpec("first+second", 12, "crop", "tensorflow", "float32")


def backbones():
    return [tiny(seed).layers[1] for seed in (0, 1)]


@pytest.fixture
def examples():
    images = noisy_images()
    sha256 = tuple(f"{number:064x}" for number in range(len(images.labels)))
    return replace(images, sha256=sha256, units=np.arange(len(sha256)) // 2)


def kept(store):
    return {usage.kind: usage.rows for usage in store.usage() if usage.kind.startswith("features")}


def test_features_embedded_alone_are_not_embedded_again(tmp_path, examples):
    store = Store(tmp_path / "store")
    alone = [
        embed(FrozenBackbone(part, store), examples, replace(SPEC, model=name))[0]
        for part, name in zip(backbones(), NAMES, strict=True)
    ]
    assert all(one.units is examples.units for one in alone)
    before = kept(store)
    joined = join_backbones(backbones(), NAMES)
    found, choice = embed(FrozenBackbone(joined, store), examples, SPEC)
    assert np.array_equal(found.inputs, np.hstack([one.inputs for one in alone]))
    assert found.units is examples.units
    assert kept(store) == before != {}
    assert (choice.precision, choice.reason) == ("float32", "tensorflow was asked for")
    whole = joined.predict(examples.inputs.astype(np.float32), verbose=0)
    np.testing.assert_allclose(np.asarray(found.inputs), whole, atol=1e-5)


@pytest.mark.slow
def test_views_go_through_all_parts_together(examples):
    joined, augment = join_backbones(backbones(), NAMES), build({"brightness": 0.5}, None, 0)
    found, _ = embed(FrozenBackbone(joined, Store(None)), examples, SPEC, augment, 1)
    assert found.units is examples.units
    train, number = len(examples.indices["train"]), len(examples.labels)
    assert found.inputs.shape == (number + train, 16)
    half = found.inputs[number:, :8], found.inputs[number:, 8:]
    expected = [part.predict(examples.inputs[:train].astype(np.float32), verbose=0) for part in backbones()]
    changes = [np.abs(one - other).max(axis=1) for one, other in zip(half, expected, strict=True)]
    assert np.corrcoef(*changes)[0, 1] > 0.5  # an image that is changed much is so for both


def test_of_parts_that_take_different_precisions_both_are_told():
    choices = [
        EngineChoice("openvino", one, f"{one} taken", {"float32": 100.0, "bfloat16": 200.0}, cosine)
        for one, cosine in (("bfloat16", 0.996), ("float32", 0.99))
    ]
    mixed, same = one_choice(NAMES, choices), one_choice(NAMES, choices[:1] * 2)
    assert (mixed.precision, mixed.precision_of_all, mixed.images_per_second) == ("bfloat16 and float32", "float32", {})
    assert mixed.sentence == (
        "the frozen network runs on OpenVINO in bfloat16 and float32: first in bfloat16, numbers with half the bits of "
        "float32: 2.0 times as fast here, and the features hardly change (cosine similarity 0.9960 or more, where 1 is "
        "the same); second in float32: bfloat16, numbers with half the bits, would change the features too much "
        "(cosine similarity 0.9900)"
    )
    assert (same.precision_of_all, same.images_per_second) == ("bfloat16", {"float32": 50.0, "bfloat16": 100.0})


def test_grad_cam_adds_up_what_speaks_for_the_class_in_each_part():
    pixels = noisy_images().inputs[:4].astype(np.float32)
    joined = join_backbones(backbones(), NAMES)
    top = head(16, 2, 0.0)
    kernel, bias = top.layers[-1].get_weights()
    for silent, speaking in ((slice(8, 16), slice(0, 8)), (slice(0, 8), slice(8, 16))):
        only = kernel.copy()
        only[silent] = 0
        top.layers[-1].set_weights([only, bias])
        alone = head(8, 2, 0.0)
        alone.layers[-1].set_weights([kernel[speaking], bias])
        part = backbones()[0 if speaking.start == 0 else 1]
        expected = grad_cam(classifier(part, alone), pixels, [0, 1, 0, 1])
        np.testing.assert_allclose(grad_cam(classifier(joined, top), pixels, [0, 1, 0, 1]), expected, atol=1e-4)


def test_grad_cam_of_parts_with_other_grids_fits_the_largest_square():
    parts = [tiny(seed, size=size).layers[1] for seed, size in ((0, 16), (1, 12))]
    network = classifier(join_backbones(parts, NAMES), head(16, 2, 0.0))
    heat = grad_cam(network, np.random.default_rng(0).uniform(0, 255, (3, 28, 16, 3)).astype(np.float32), [0, 1, 0])
    assert heat.shape == (3, 16, 16)
    assert heat.max() == 1

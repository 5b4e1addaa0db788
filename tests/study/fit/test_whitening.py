"""Filters that begin with the principal components of the images."""

import keras
import numpy as np
import pytest
from helpers import call, message, small_options, smallest_size
from keras import layers as L
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.image import extract_patches_2d

import models
from models.parts.graph import build_layer_graph
from models.parts.weights import build_backbone
from scratch import initializers
from study.fit import whitening


def pictures(count, size=32, seed=0):
    """Noise that is smooth like photos, so that components differ in what they weigh."""
    noise = np.random.default_rng(seed).normal(size=(count, size, size, 3))
    smooth = np.cumsum(np.cumsum(noise, axis=1), axis=2)
    return np.uint8(np.clip(128 + 4 * smooth + 30 * noise, 0, 255))


def begin(network, seen):
    whitening.init_first_layer(network, np.arange(len(seen)), seen.__getitem__)


def filters_of(layer):
    kernel = np.asarray(layer.kernel)
    return kernel.reshape(-1, kernel.shape[-1])


@pytest.mark.parametrize("name", models.available())
def test_every_model_can_begin_with_pairs_of_components(name):
    size = smallest_size(name, 32)
    backbone = build_backbone(name, size, "none", small_options(name))
    (layer, *_), others = kernels_of(backbone), [np.asarray(each.kernel) for each in kernels_of(backbone)[1:]]
    before = filters_of(layer).copy()
    begin(backbone, pictures(8, size))
    after = filters_of(layer)
    pairs = min(after.shape[1] // 2, len(after))
    positive, negative = after[:, :pairs], after[:, pairs : 2 * pairs]
    np.testing.assert_array_equal(positive, -negative)
    lengths = np.linalg.norm(positive, axis=0)
    np.testing.assert_allclose(lengths, np.linalg.norm(before, axis=0).mean(), rtol=1e-4)
    angles = positive.T @ positive / lengths[0] ** 2
    np.testing.assert_allclose(angles, np.eye(pairs), atol=1e-4)
    np.testing.assert_array_equal(after[:, 2 * pairs :], before[:, 2 * pairs :])
    for one, kernel in zip(kernels_of(backbone)[1:], others, strict=True):
        np.testing.assert_array_equal(one.kernel, kernel)


def kernels_of(network):
    return [step.layer for step in build_layer_graph(network).steps_with_kernels() if isinstance(step.layer, L.Conv2D)]


def test_they_are_those_of_scikit_learn_largest_first():
    seen, layer = pictures(6), L.Conv2D(8, 5)
    network = keras.Sequential([keras.Input((32, 32, 3)), layer])
    begin(network, seen)
    patches = np.concatenate([extract_patches_2d(one, (5, 5)) for one in seen]).reshape(-1, 75).astype(float)
    theirs = TruncatedSVD(4, algorithm="arpack", random_state=0).fit(patches).components_
    for ours in (filters_of(layer), initializers.principal_pairs(patches, 8)):
        unit = ours[:, :4] / np.linalg.norm(ours[:, :4], axis=0)
        np.testing.assert_allclose(np.abs(np.sum(unit.T * theirs, axis=1)), 1, atol=1e-4)  # the sign is free
    assert initializers.principal_pairs(patches, 8).shape == (75, 8)


def test_what_they_find_is_uncorrelated_where_random_filters_find_the_same():
    seen, layer = pictures(40, seed=1), L.Conv2D(16, 4, 2, use_bias=False)
    network = keras.Sequential([keras.Input((32, 32, 3)), L.Rescaling(1 / 64, -2), layer])

    def likeness():
        found = np.asarray(network(seen.astype(np.float32)))[..., :8].reshape(-1, 8)
        moments = found.T @ found
        spread = np.sqrt(np.diag(moments))
        return np.abs(moments / np.outer(spread, spread) - np.eye(8)).max()

    random = likeness()
    begin(network, seen)
    assert random > 0.5
    assert likeness() < 1e-2


def test_of_many_pictures_some_are_looked_at():
    asked = []

    def take(rows):
        asked.extend(rows)
        return pictures(len(rows))

    whitening.init_first_layer(
        keras.Sequential([keras.Input((32, 32, 3)), L.Conv2D(4, 3)]), np.arange(1000, 2000), take
    )
    assert len(asked) == len(set(asked)) == whitening.NUM_IMAGES
    assert (asked[0], asked[-1]) == (1000, 1999)  # from all over: rows come class by class


def test_a_network_that_begins_otherwise_is_told_off():
    dense = keras.Sequential([keras.Input((32, 32, 3)), L.Flatten(), L.Dense(2)])
    assert "whose first weights are those of a convolution" in message(lambda: begin(dense, pictures(2)))


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (("--init", "zeros"), "--init zeros has none"),
        (("--weights", "RUN"), "--first-layer is for random weights. Received: --weights"),
        (("--first-layer", "whitened"), "--first-layer takes random, pca. Received: whitened"),
    ],
)
def test_what_does_not_go_with_it(flags, error, toy, run, tmp_path):
    flags = [str(run) if flag == "RUN" else flag for flag in flags]
    ran = call("train", "--data", toy, "--first-layer", "pca", *flags, "--runs", tmp_path)
    assert ran.code == 2
    assert error in ran.err
    assert len(ran.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_training_and_an_inspection_say_so(toy, tmp_path):
    shape = ("-m", "lenet", "--data", toy, "--first-layer", "pca")
    ran = call("train", *shape, "--epochs", 1, "--runs", tmp_path / "runs")
    assert ran.code == 0, ran.err
    assert "first filters from the images" in ran.out
    looked = call("inspect", *shape, "--steps", 1, "--inspects", tmp_path / "inspects")
    assert looked.code == 0, looked.err

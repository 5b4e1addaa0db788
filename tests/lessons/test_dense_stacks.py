"""Stacks of dense layers in NumPy, and what they learn from."""

import numpy as np
import pytest
from helpers import make_toy

from lessons import read
from lessons.dense_stacks import dense_stack, gradient_lengths, grey_pairs, learn_stack
from scratch.gradient_check import numerical_gradient
from scratch.losses import cross_entropy
from scratch.regularization import l2
from scratch.train import forward


def blobs(count=120):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    x = rng.normal(size=(count, 4)) + 2 * labels[:, None]
    pair = x.astype(np.float32), np.eye(2, dtype=np.float32)[labels]
    return tuple(part[:80] for part in pair), tuple(part[80:] for part in pair)


def test_images_become_means_of_squares_and_labels_of_0_and_1(tmp_path):
    dataset = read(str(make_toy(tmp_path / "toy")), image_size=32)
    (x, t), validation = grey_pairs(dataset, side=8)
    examples = dataset.examples()
    rows = examples.indices["train"]
    first = examples.inputs[rows[:1]][0].astype(float)
    assert x.shape == (len(rows), 64)
    assert x[0, 1] == pytest.approx(first[:4, 4:8].mean() / 127.5 - 1, abs=1e-6)  # the first row's second square
    assert (t.argmax(1) == examples.labels[rows]).all()
    assert (t.sum(1) == 1).all()
    assert len(validation[0]) == len(examples.indices["val"])


@pytest.mark.parametrize("norm", [None, "batch", "layer"])
def test_a_stack_learns_whatever_its_normalisation(norm):
    train_pairs, validation = blobs()
    _, history = learn_stack(train_pairs, validation, 0, 0.1, 10, depth=2, units=8, norm=norm)
    assert history[-1].loss < history[0].loss
    assert history[-1].validation_accuracy > 0.9


def test_scale_and_dropout_are_the_hidden_layers():
    one, three = (dense_stack(4, 2, np.random.default_rng(0), depth=1, scale=scale) for scale in (1.0, 3.0))
    assert three[0].params["w"] == pytest.approx(3 * one[0].params["w"])
    assert three[-1].params["w"] == pytest.approx(one[-1].params["w"])
    dropped = dense_stack(4, 2, np.random.default_rng(0), depth=2, dropout=0.5)
    x = np.ones((3, 4), np.float32)
    assert np.array_equal(forward(dropped, x), forward(dropped, x))
    assert not np.array_equal(forward(dropped, x, training=True), forward(dropped, x, training=True))


def test_a_penalty_makes_weights_small():
    free, held = (learn_stack(*blobs(), 0, 0.1, 10, depth=1, penalty=l2(a))[0] for a in (0.0, 0.1))
    assert np.abs(held[0].params["w"]).sum() < np.abs(free[0].params["w"]).sum() * 0.7


def test_weights_that_run_away_are_no_warning(recwarn):
    _, history = learn_stack(*blobs(), 0, 1e6, 3, depth=3)
    assert not history[-1].loss < 10
    assert not list(recwarn)


def test_residual_connections_change_no_weight_and_add_what_came_in():
    plain, residual = (dense_stack(4, 2, np.random.default_rng(0), depth=3, skips=skips) for skips in (False, True))
    of_plain, of_residual = ([w for layer in layers for w in layer.params.values()] for layers in (plain, residual))
    assert all(np.array_equal(a, b) for a, b in zip(of_plain, of_residual, strict=True))
    for layer in residual[1:-2]:  # all but the first affine layer, the last activation and the last affine layer
        for w in layer.params.values():
            w[...] = 0
    x = np.ones((3, 4), np.float32)
    assert np.array_equal(forward(residual, x), forward([plain[0], plain[-2], plain[-1]], x))


def test_gradients_are_measured_layer_by_layer():
    layers = dense_stack(3, 2, np.random.default_rng(0), depth=2, units=4, skips=True)
    x, t = np.random.default_rng(1).normal(size=(5, 3)), np.eye(2)[[0, 1, 0, 1, 1]]
    found = gradient_lengths(layers, (x, t))
    assert len(found) == 3
    last = layers[-1].params["w"] = layers[-1].params["w"].astype(np.float64)
    numerical = numerical_gradient(lambda: cross_entropy(forward(layers, x, training=True), t)[0], last)
    assert found[-1] == pytest.approx(np.linalg.norm(numerical), rel=1e-4)

"""The training loop of scratch/ learns and repeats itself, and augmentation keeps its promises."""

import numpy as np
import pytest
import tensorflow as tf

from scratch import augmentation, train
from scratch.activations import Activation
from scratch.affine import Affine
from scratch.dropout import Dropout
from scratch.losses import squared_error
from scratch.optimizers import SGD, Adam
from scratch.regularization import Penalty, l2
from scratch.residual import Residual
from scratch.schedules import cosine

# ---- the loop ----


def rings(count=200, seed=0):
    """Two classes that no straight line divides: a disc, and a ring around it."""
    rng = np.random.default_rng(seed)
    label, angle = rng.integers(2, size=count), rng.uniform(0, 2 * np.pi, count)
    radius = 1 + 1.5 * label + rng.uniform(-0.5, 0.5, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), np.eye(2)[label]


def little(seed=0):
    rng = np.random.default_rng(seed)
    return [Affine(2, 16, rng, "he_normal"), Activation("relu"), Dropout(0.1, rng), Affine(16, 2, rng)]


def test_fit_learns_what_no_line_divides_and_repeats_itself():
    def run():
        rng, schedule = np.random.default_rng(0), cosine(0.02, 20 * 7)
        return train.fit(little(), rings(), rings(seed=1), Adam(), 20, rng, schedule=schedule)

    history = run()
    assert [epoch.number for epoch in history] == list(range(1, 21))
    assert history[-1].validation_accuracy > 0.95
    assert history[-1].loss < history[0].loss / 3
    assert history == run()


def test_a_penalty_makes_weights_smaller_and_leaves_biases():
    def size(penalty):
        layers = little()
        train.fit(layers, rings(), rings(seed=1), SGD(0.1), 20, np.random.default_rng(0), penalty=penalty)
        return sum(np.abs(layer.params["w"]).sum() for layer in layers if layer.params)

    assert size(l2(0.05)) < 0.6 * size(Penalty())
    layers = little()
    train.backward(layers, train.forward(layers, rings()[0]))
    _, plain, _ = train.weights_and_gradients(layers)
    _, penalised, loss = train.weights_and_gradients(layers, l2(0.05))
    assert loss == pytest.approx(0.05 * sum(np.sum(layers[at].params["w"] ** 2) for at in (0, 3)), rel=1e-5)
    np.testing.assert_array_equal(plain[1], penalised[1])
    assert not np.array_equal(plain[0], penalised[0])


def test_a_penalty_reaches_the_weights_within_a_residual_block():
    rng = np.random.default_rng(0)
    inner = [Affine(2, 2, rng), Affine(2, 2, rng)]
    layers = [Residual(inner)]
    train.backward(layers, train.forward(layers, rings()[0]))
    *_, loss = train.weights_and_gradients(layers, l2(0.05))
    assert loss == pytest.approx(0.05 * sum(np.sum(layer.params["w"] ** 2) for layer in inner), rel=1e-5)


def test_the_loss_of_an_epoch_is_the_mean_over_images_not_over_batches():
    x, t = np.array([[1.0], [1.0], [1.0], [5.0]]), np.ones((4, 1))
    layer = Affine(1, 1, np.random.default_rng(0))
    found = train.fit([layer], (x, t), (x, t), SGD(0.0), 1, np.random.default_rng(0), batch_size=3, loss=squared_error)
    assert found[0].loss == pytest.approx(squared_error(layer.forward(x), t)[0], rel=1e-5)


def test_batches_hold_every_row_once():
    rows = list(train.batches(10, 4, np.random.default_rng(0)))
    assert [len(split) for split in rows] == [4, 4, 2]
    assert sorted(np.concatenate(rows)) == list(range(10))


# ---- augmentation ----


@pytest.fixture
def batch():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 9, 7, 3)).astype(np.float32)  # neither square nor even
    return x, np.eye(3, dtype=np.float32)[rng.integers(3, size=6)]


@pytest.mark.parametrize("function", [augmentation.flip, augmentation.crop, augmentation.erase])
def test_images_keep_shape_and_dtype_and_the_given_ones_are_left_alone(function, batch):
    before = batch[0].copy()
    after = function(batch[0], np.random.default_rng(0))
    assert (after.shape, after.dtype) == (before.shape, before.dtype)
    assert not np.array_equal(after, before)
    np.testing.assert_array_equal(batch[0], before)


def test_flip_mirrors_some(batch):
    x = batch[0]
    np.testing.assert_array_equal(augmentation.flip(x, np.random.default_rng(0), 0), x)
    np.testing.assert_array_equal(augmentation.flip(x, np.random.default_rng(0), 1), tf.image.flip_left_right(x))


def test_a_mirrored_image_gets_the_label_of_its_mirrored_class(batch):
    x, _ = batch
    t, partner = np.eye(3, dtype=np.float32)[[0, 1, 2, 0, 1, 2]], np.array([1, 0, 2])  # the third mirrors to itself
    flipped, targets = augmentation.flip_and_swap(x, t, partner, np.random.default_rng(0))
    mirrored = np.array([not np.array_equal(one, other) for one, other in zip(flipped, x, strict=True)])
    assert 0 < mirrored.sum() < len(x)
    np.testing.assert_array_equal(flipped[mirrored], x[mirrored][:, :, ::-1])
    expected = np.where(mirrored, partner[t.argmax(1)], t.argmax(1))
    np.testing.assert_array_equal(targets, np.eye(3)[expected])


def test_noise_has_the_spread_that_was_asked_for():
    x = np.zeros((4, 32, 32, 3), np.float32)
    noisy = augmentation.noise(x, np.random.default_rng(0), 0.5)
    assert noisy.dtype == np.float32
    np.testing.assert_allclose([noisy.mean(), noisy.std()], [0, 0.5], atol=0.01)


def test_crop_only_shifts(batch):
    x = batch[0]
    np.testing.assert_array_equal(augmentation.crop(x, np.random.default_rng(0), 0), x)
    inner = x[0, 4, 3]  # at most 2 pixels away afterwards
    for one in range(20):
        shifted = augmentation.crop(x, np.random.default_rng(one))[0, 2:7, 1:6]
        assert (shifted == inner).all(axis=-1).any()


def test_mixup_mixes_images_and_targets_alike(batch):
    x, t = batch
    mixed, targets = augmentation.mixup(x, t, np.random.default_rng(3), a=1)
    rng = np.random.default_rng(3)
    share, other = rng.beta(1, 1), rng.permutation(6)
    np.testing.assert_allclose(mixed, share * x + (1 - share) * x[other], atol=1e-6)
    np.testing.assert_allclose(targets, share * t + (1 - share) * t[other], atol=1e-6)
    assert mixed.dtype == targets.dtype == np.float32


@pytest.mark.parametrize("seed", range(8))
def test_cutmix_counts_the_pixels(seed):
    x = np.broadcast_to(np.arange(6.0)[:, None, None, None], (6, 9, 7, 3)).astype(np.float32)  # image i is all i
    t = np.eye(6, dtype=np.float32)
    mixed, targets = augmentation.cutmix(x, t, np.random.default_rng(seed))
    counted = np.stack([[np.mean(image == number) for number in range(6)] for image in mixed])
    np.testing.assert_allclose(targets, counted, atol=1e-6)


def test_pictures_of_bytes_are_mixed_as_well():
    x, t = np.full((2, 8, 8, 1), [[[[10]]], [[[20]]]], np.uint8), np.eye(2, dtype=np.float32)
    for function in (augmentation.mixup, augmentation.cutmix):
        mixed, targets = function(x, t, np.random.default_rng(1), a=1)
        np.testing.assert_allclose(mixed.mean(axis=(1, 2, 3)), targets @ [10, 20], atol=1e-5)
        assert 0 < targets[0, 0] < 1


def test_erase_touches_no_more_than_the_largest_share(batch):
    for seed in range(20):
        changed = (augmentation.erase(batch[0], np.random.default_rng(seed), 0.3) != batch[0]).all(axis=-1)
        assert changed.mean(axis=(1, 2)).max() < 0.4  # 0.3, and the rounding of a small image

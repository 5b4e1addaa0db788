# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import gc
import itertools
import weakref
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from data.augment.pipeline import augmenter
from data.auxiliary_labels import AuxiliaryLabels
from data.batches import Examples, eval_batches, train_batches

TRAIN = np.arange(0, 50, 2)


def examples(inputs=None):
    """50 images whose pixels hold their number, labels 3 × number: what belongs together can be told."""
    if inputs is None:
        inputs = np.broadcast_to(np.arange(50, dtype=np.uint8)[:, None, None, None], (50, 4, 4, 3))
    rows = {"train": TRAIN, "val": np.array([7, 1, 49]), "test": np.array([3])}
    return Examples(inputs, np.arange(50, dtype=np.int32) * 3, rows)


def read(batches):
    return [(batch["images"].numpy(), batch["labels"].numpy()) for batch in batches]


def numbers(batches):
    return [int(one.flat[0]) for x, _ in read(batches) for one in x]


@pytest.mark.parametrize("balanced", [False, True])
def test_nothing_is_tuned_since_the_thread_for_it_would_be_waited_for_at_the_end(balanced):
    for batches in (train_batches(examples(), 4, 0, balanced=balanced, first=0), eval_batches(examples(), "val", 4)):
        assert batches.map(lambda batch: batch).options().autotune.enabled is False


def test_every_example_comes_exactly_once_an_epoch():
    batches = train_batches(examples(), 8, seed=0)
    for _ in range(3):
        assert sorted(numbers(batches)) == TRAIN.tolist()


def test_every_epoch_has_its_own_order():
    batches = train_batches(examples(), 8, seed=0)
    orders = [numbers(batches) for _ in range(4)]
    assert len({tuple(order) for order in orders}) == 4
    assert TRAIN.tolist() not in orders


def test_one_iterator_for_all_epochs_gives_whole_epochs_each_in_its_own_order():
    batches = read(train_batches(examples(), 8, seed=0).repeat(3))
    assert [len(y) for _, y in batches] == [8, 8, 8, 1] * 3
    epochs = [[one for x, _ in batches[first : first + 4] for one in x[:, 0, 0, 0].tolist()] for first in (0, 4, 8)]
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert all(sorted(epoch) == TRAIN.tolist() for epoch in epochs)


def test_examples_meet_different_neighbours():
    batches = train_batches(examples(), 5, seed=0)
    groups = [frozenset(x[:, 0, 0, 0]) for _ in range(3) for x, _ in read(batches)]
    assert len(set(groups)) == 15


def test_the_same_seed_gives_the_same_order_and_another_another():
    orders = [[numbers(batches) for _ in range(2)] for batches in (train_batches(examples(), 8, s) for s in (1, 1, 2))]
    assert orders[0] == orders[1] != orders[2]


@pytest.mark.parametrize(("batch_size", "sizes"), [(8, [8, 8, 8, 1]), (25, [25]), (100, [25]), (1, [1] * 25)])
def test_the_last_partial_batch_is_kept(batch_size, sizes):
    assert [len(y) for _, y in read(train_batches(examples(), batch_size, seed=0))] == sizes


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_labels_belong_to_their_inputs(part):
    batches = [*read(eval_batches(examples(), part, 2)), *(read(train_batches(examples(), 4, 0)) * (part == "train"))]
    assert batches
    for x, y in batches:
        np.testing.assert_array_equal(x[:, 0, 0, 0] * 3, y)
        assert (x.dtype, y.dtype) == (np.float32, np.int32)
        assert x.shape == (len(y), 4, 4, 3)


def test_judging_keeps_the_order_and_every_example():
    for _ in range(2):
        assert numbers(eval_batches(examples(), "val", 2)) == [7, 1, 49]
    assert [len(y) for _, y in read(eval_batches(examples(), "val", 2))] == [2, 1]


def test_shapes_are_known_before_the_first_batch():
    for batches in (train_batches(examples(), 8, 0), eval_batches(examples(), "val", 8)):
        assert batches.element_spec == {
            "images": tf.TensorSpec((None, 4, 4, 3), tf.float32),
            "labels": tf.TensorSpec((None,), tf.int32),
        }


@pytest.mark.parametrize("augment", [None, augmenter({"flip": 1.0}, 0, flipped_classes=np.arange(150)[::-1])])
def test_what_else_belongs_to_an_image_comes_with_it(augment):
    masks = np.broadcast_to(np.arange(50, dtype=np.uint8)[:, None, None], (50, 4, 4))
    second = AuxiliaryLabels(("even", "odd"), np.where(np.arange(50) < 40, np.arange(50) % 2, -1).astype(np.int32))
    whole = replace(examples(), masks=masks, auxiliary=second)
    for batches in (train_batches(whole, 8, 0, augment), eval_batches(whole, "val", 2)):
        assert batches.element_spec["segmentation_masks"] == tf.TensorSpec((None, 4, 4), tf.uint8)
        assert batches.element_spec["auxiliary"] == tf.TensorSpec((None,), tf.int32)
        for batch in batches:
            assert set(batch) == {"images", "labels", "segmentation_masks", "auxiliary"}
            numbers = batch["images"][:, 0, 0, 0].numpy().astype(int)
            np.testing.assert_array_equal(batch["segmentation_masks"][:, 3, 3], numbers)
            np.testing.assert_array_equal(batch["auxiliary"], second.labels[numbers])  # whatever a flip does to labels


def test_soft_labels_are_batched_as_they_are():
    rng = np.random.default_rng(0)
    several = (rng.random((50, 3)) < 0.5).astype(np.float32)
    whole = replace(examples(), labels=several)
    for batches in (train_batches(whole, 8, 0, augmenter({"flip": 1.0}, 0)), eval_batches(whole, "val", 2)):
        assert batches.element_spec["labels"] == tf.TensorSpec((None, 3), tf.float32)
        for x, y in read(batches):
            np.testing.assert_array_equal(y, several[x[:, 0, 0, 0].astype(int)])


def test_features_are_batched_as_pixels_are():
    features = np.arange(50, dtype=np.float32)[:, None] * [1.0, 0.5]
    batches = read(train_batches(examples(features.astype(np.float32)), 10, 0))
    for x, y in batches:
        np.testing.assert_array_equal(x[:, 1] * 6, y)


def test_augmentation_reaches_training_only_and_keeps_labels():
    shifted = train_batches(examples(), 8, 0, augment=lambda batch: {**batch, "images": batch["images"] + 100})
    assert sorted(numbers(shifted)) == (TRAIN + 100).tolist()
    for x, y in read(shifted):
        np.testing.assert_array_equal((x[:, 0, 0, 0] - 100) * 3, y)
    assert numbers(eval_batches(examples(), "train", 8)) == TRAIN.tolist()


def test_each_epoch_is_augmented_anew_and_the_same_seed_repeats_it():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (50, 8, 8, 3), np.uint8)

    def epochs():
        batches = train_batches(examples(pixels), 25, 0, augmenter({"brightness": 0.3}, 5))
        return [{int(y): x for x, y in zip(*read(batches)[0], strict=True)} for _ in range(2)]

    first, second = epochs()
    again, _ = epochs()
    for label in first:
        np.testing.assert_array_equal(first[label], again[label])
    assert sum((first[label] != second[label]).any() for label in first) >= 20


def test_the_balanced_sampler_draws_every_class_equally_often():
    labels = np.array([0] * 360 + [1] * 30 + [2] * 10, np.int32)
    inputs = np.arange(400, dtype=np.float32)[:, None]
    batches = train_batches(Examples(inputs, labels, {"train": np.arange(400)}), 50, seed=0, balanced=True)
    first, second = ([(x, y) for x, y in read(batches)] for _ in range(2))
    drawn = np.concatenate([y for _, y in first])
    assert len(drawn) == 400
    assert (np.abs(np.bincount(drawn) - 400 / 3) < 40).all()
    seen = np.concatenate([x[:, 0] for x, _ in first])
    assert set(seen[drawn == 2].astype(int)) == set(range(390, 400))  # all ten rare ones, again and again
    assert any((a[0] != b[0]).any() for a, b in zip(first, second, strict=True))  # another epoch, another draw


def test_the_balanced_sampler_shows_all_of_a_class_before_one_comes_again_across_epochs():
    labels = np.array([0] * 600 + [1] * 60 + [2] * 6, np.int32)
    inputs = np.arange(666, dtype=np.float32)[:, None]
    batches = train_batches(Examples(inputs, labels, {"train": np.arange(666)}), 32, seed=0, balanced=True)
    drawn = np.concatenate([x[:, 0] for _ in range(5) for x, _ in read(batches)]).astype(int)
    assert len(drawn) == 5 * 666
    for first, end in ((0, 600), (600, 660), (660, 666)):
        own = drawn[(drawn >= first) & (drawn < end)]
        assert abs(len(own) - 5 * 222) < 150
        rounds = [own[at : at + end - first] for at in range(0, len(own), end - first)]
        assert all(len(set(one.tolist())) == len(one) for one in rounds)
        assert any(list(own[:shorter]) != list(rounds[0][:shorter]) for own in rounds[1:] if (shorter := len(own)) > 4)
    again = train_batches(Examples(inputs, labels, {"train": np.arange(666)}), 32, seed=0, balanced=True)
    np.testing.assert_array_equal(np.concatenate([x[:, 0] for x, _ in read(again)]), drawn[:666])


def test_pictures_to_judge_by_are_scaled_where_a_size_is_asked_for():
    rng = np.random.default_rng(0)
    some = examples(rng.integers(0, 256, (50, 12, 12, 3), np.uint8))
    batches = eval_batches(some, "val", 2, 6)
    assert batches.element_spec["images"].shape.as_list() == [None, 6, 6, 3]
    for (small, labels), (whole, same) in zip(read(batches), read(eval_batches(some, "val", 2)), strict=True):
        assert small.dtype == np.float32
        np.testing.assert_array_equal(labels, same)
        np.testing.assert_allclose(small.mean(axis=(1, 2, 3)), whole.mean(axis=(1, 2, 3)), atol=12)


def test_the_arrays_live_as_long_as_what_is_read_of_them():
    inputs = np.arange(50, dtype=np.float32)[:, None]
    left = weakref.ref(inputs)
    batches = train_batches(examples(inputs), 10, 0, augment=lambda batch: batch)
    del inputs
    gc.collect()
    iterator = iter(batches.map(lambda batch: batch["images"]))
    next(iterator)
    del batches
    gc.collect()
    assert len(list(iterator)) == len(TRAIN) // 10 + (len(TRAIN) % 10 > 0) - 1
    assert left() is not None
    del iterator
    gc.collect()
    assert left() is None


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("count", [2, 3])
def test_the_shares_of_several_processes_are_together_the_batches_of_one(count, balanced):
    def two_epochs(shard):
        batches = train_batches(examples(), 6, 0, balanced=balanced, shard=shard)
        return [[int(one.flat[0]) for one in x] for _ in range(2) for x, _ in read(batches)]

    for whole, *shares in zip(two_epochs((0, 1)), *(two_epochs((i, count)) for i in range(count)), strict=True):
        repeated = whole * count if len(whole) == 1 else whole  # of 25 the last batch has one
        assert list(itertools.chain(*shares)) == repeated
        assert len({len(share) for share in shares}) == 1

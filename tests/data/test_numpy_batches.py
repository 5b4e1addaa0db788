"""Batches by NumPy: all rows once an epoch, in new orders, those of a class all before one comes again."""

from itertools import islice

import numpy as np
import pytest

from data.batches import Examples
from data.numpy_batches import epoch_rows, train_batches

TRAIN = np.arange(0, 50, 2)


def examples(**more):
    inputs = np.broadcast_to(np.arange(50, dtype=np.uint8)[:, None, None, None], (50, 4, 4, 3))
    return Examples(inputs, np.arange(50, dtype=np.int32) * 3, {"train": TRAIN}, **more)


def of(batches, count):
    return [batch["images"][:, 0, 0, 0].astype(int).tolist() for batch in islice(batches, count)]


def test_an_epoch_has_each_row_once_and_the_next_another_order():
    found = of(train_batches(examples(), 8, seed=0), 8)
    assert [len(batch) for batch in found] == [8, 8, 8, 1] * 2
    first, second = ([row for batch in epoch for row in batch] for epoch in (found[:4], found[4:]))
    assert sorted(first) == sorted(second) == TRAIN.tolist()
    assert first != second
    assert first == next(epoch_rows(examples(), 0, 1)).tolist()


def test_a_batch_has_what_belongs_together_as_floats():
    batch = next(train_batches(examples(masks=np.arange(50, dtype=np.uint8)[:, None, None]), 8, seed=0))
    assert batch["images"].dtype == np.float32
    np.testing.assert_array_equal(batch["labels"], batch["images"][:, 0, 0, 0] * 3)
    np.testing.assert_array_equal(batch["segmentation_masks"][:, 0, 0], batch["images"][:, 0, 0, 0])


def test_the_seed_decides_the_order():
    orders = [of(train_batches(examples(), 8, seed), 4) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]


def test_it_goes_on_behind_batches_that_came_before():
    assert of(train_batches(examples(), 8, 0, first=5), 6) == of(train_batches(examples(), 8, 0), 11)[5:]


@pytest.mark.parametrize("batch_size", [6, 7])
def test_shares_of_a_batch_are_it_in_order_and_equally_many(batch_size):
    whole = of(train_batches(examples(), batch_size, 0), 10)
    shares = [of(train_batches(examples(), batch_size, 0, shard=(number, 2)), 10) for number in range(2)]
    for batch, first, second in zip(whole, *shares, strict=True):
        assert len(first) == len(second)
        assert (first + second)[: len(batch)] == batch
        assert (first + second)[len(batch) :] == batch[: len(first + second) - len(batch)]


def test_balanced_classes_come_equally_often_and_rare_ones_again():
    labels = np.array([0] * 30 + [1] * 3 + [2] * 3, np.int32)
    some = Examples(np.zeros((36, 2, 2, 3), np.uint8), labels, {"train": np.arange(36)})
    drawn = np.concatenate(list(epoch_rows(some, 0, 50, balanced=True)))
    assert len(drawn) == 50 * 36
    assert np.all(np.abs(np.bincount(labels[drawn]) - 600) < 60)
    of_first = drawn[labels[drawn] == 0]
    assert len(np.unique(of_first[:30])) == 30

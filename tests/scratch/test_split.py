"""Splits 8:1:1: every class in the ratio, whole groups on one side, and a count of the groups that are torn."""

import numpy as np
import pytest

from scratch.split import NAMES, stratified, torn

LABELS = np.repeat([0, 1, 2], [100, 300, 20])


@pytest.mark.parametrize("seed", range(3))
def test_each_class_is_divided_8_to_1_to_1(seed):
    splits = stratified(LABELS, np.random.default_rng(seed))
    counts = {name: np.bincount(LABELS[splits == name]).tolist() for name in NAMES}
    assert counts == {"train": [80, 240, 16], "val": [10, 30, 2], "test": [10, 30, 2]}


def test_another_seed_gives_another_split():
    first, second = (stratified(LABELS, np.random.default_rng(seed)) for seed in (0, 1))
    assert (first != second).any()


def test_a_group_stays_together_and_a_plain_split_tears_many():
    groups = np.arange(len(LABELS)) // 5
    assert torn(stratified(LABELS, np.random.default_rng(0), groups=groups), groups) == 0
    assert torn(stratified(LABELS, np.random.default_rng(0)), groups) > 20


def test_a_group_of_two_classes_is_refused():
    with pytest.raises(ValueError, match="a group has images of two classes"):
        stratified(LABELS, np.random.default_rng(0), groups=np.arange(len(LABELS)) % 7)

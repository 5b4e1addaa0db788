"""Folds: units stay whole, classes are shared out evenly, and what the units do not allow is refused or told."""

import sys

import numpy as np
import pytest
from helpers import message

from study.folds.divide import (
    Fold,
    Labelled,
    check_learnable,
    check_validation,
    inner_validation,
    leave_one_out,
    make_folds,
    notes,
)

NAMES = ("cat", "dog", "horse")


def images(sizes=(53, 90, 31), together=4, seed=0):
    """Images of three classes; some units of several images, of one class each."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(3), sizes))
    units = np.arange(len(labels))
    for index in range(3):
        of_class = np.flatnonzero(labels == index)
        units[of_class[:together]] = of_class[0]
        units[of_class[together : together + 2]] = of_class[together]
    return Labelled.of(labels, [f"{number:05}" for number in units], NAMES)


def test_no_unit_straddles_and_every_image_is_held_out_once_a_repeat():
    all_images = images()
    folds = make_folds(all_images, 5, 3, seed=0)
    assert [(fold.repeat, fold.number) for fold in folds] == [(r, k) for r in (1, 2, 3) for k in (1, 2, 3, 4, 5)]
    for fold in folds:
        assert not set(all_images.units[fold.train]) & set(all_images.units[fold.held_out])
        assert sorted([*fold.train, *fold.held_out]) == list(range(len(all_images.labels)))
    for repeat in (1, 2, 3):
        held_out = np.concatenate([fold.held_out for fold in folds if fold.repeat == repeat])
        assert sorted(held_out) == list(range(len(all_images.labels)))


def test_classes_are_shared_out_within_one_unit():
    all_images, largest = images(), 4
    folds = make_folds(all_images, 5, 2, seed=1)
    counts = np.array([np.bincount(all_images.labels[fold.held_out], minlength=3) for fold in folds])
    means = np.bincount(all_images.labels) / 5
    assert np.abs(counts - means).max() <= largest
    alone = images(together=0)
    alone = Labelled(alone.labels, np.arange(len(alone.labels)), NAMES)
    counts = np.array([np.bincount(alone.labels[fold.held_out]) for fold in make_folds(alone, 5, 2, seed=1)])
    assert (counts.max(axis=0) - counts.min(axis=0)).max() <= 1


def test_the_same_seed_gives_the_same_folds_and_repeats_differ():
    one, again, other = (make_folds(images(), 5, 2, seed) for seed in (3, 3, 4))
    assert all(np.array_equal(a.held_out, b.held_out) for a, b in zip(one, again, strict=True))
    assert not all(np.array_equal(a.held_out, b.held_out) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(one[0].held_out, one[5].held_out)
    np.testing.assert_array_equal(one[5].held_out, other[0].held_out)  # seed 3's second repeat is seed 4's first


def test_folds_go_by_content_whatever_the_order_of_the_images():
    all_images = images()
    names = [f"{number:05}" for number in all_images.units]
    turned = Labelled.of(all_images.labels[::-1], names[::-1], NAMES)
    for one, other in zip(make_folds(all_images, 5, 1, 0), make_folds(turned, 5, 1, 0), strict=True):
        assert set(all_images.units[one.held_out]) == set(turned.units[other.held_out])


def test_a_class_of_fewer_units_than_folds_is_refused():
    few = Labelled(np.repeat([0, 1], [9, 12]), np.array([*range(3)] * 3 + [*range(3, 15)]), ("cat", "dog"))
    assert message(make_folds, few, 5, 1, 0) == (
        "Class 'cat' has 9 image(s) in 3 unit(s), since near duplicates and the images of a group stay together: "
        "--folds 5 needs at least 5. Give --folds 3, or add images."
    )
    one = Labelled(np.repeat([0, 1], [3, 4]), np.array([0, 0, 0, 1, 2, 3, 4]), ("cat", "dog"))
    assert "in 1 unit(s), since" in message(make_folds, one, 2, 1, 0)
    assert message(make_folds, one, 2, 1, 0).endswith("--folds 2 needs at least 2. Add images.")
    assert "--leave-one-out needs at least 2. Add images." in message(leave_one_out, one)


def test_leave_one_out_holds_out_every_unit_once():
    all_images = images()
    folds = leave_one_out(all_images)
    assert len(folds) == all_images.num_units == len(all_images.labels) - 3 * (3 + 1)
    assert [len(set(all_images.units[fold.held_out])) for fold in folds] == [1] * len(folds)
    assert {fold.repeat for fold in folds} == {1}


def test_leave_one_out_divides_while_keras_is_imported_beside_it(monkeypatch):
    with monkeypatch.context() as hidden:
        for name in [name for name in sys.modules if name.split(".")[0] == "sklearn"]:
            hidden.delitem(sys.modules, name)
        hidden.setitem(sys.modules, "sklearn", None)  # as `backend.start` hides it from Keras, while images are read
        folds = leave_one_out(images())
    assert sorted(np.concatenate([fold.held_out for fold in folds]).tolist()) == list(range(174))
    assert all(len(fold.train) + len(fold.held_out) == 174 for fold in folds)


def test_leave_one_out_is_for_a_thousand_images():
    labels = np.arange(1001) % 2
    assert message(leave_one_out, Labelled(labels, np.arange(1001), ("a", "b"))) == (
        "--leave-one-out trains once for each unit and takes at most 1,000 images. Received: 1,001; give --folds 10 "
        "instead."
    )
    assert len(leave_one_out(Labelled(labels[:1000], np.arange(1000), ("a", "b")))) == 1000


def test_folds_that_could_not_be_judged_are_refused():
    labels, units = np.repeat([0, 1], [8, 4]), np.array([0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 1, 1])
    odd = Labelled(labels, units, ("cat", "dog"))
    both = np.flatnonzero(units < 2)
    assert message(check_learnable, odd, [Fold(2, 1, np.setdiff1d(np.arange(12), both), both)]) == (
        "All images of class 'dog' are held out in fold 1 of repeat 2: they stand in 2 units with images of other "
        "classes, which stay together. Give a smaller --folds or another --seed."
    )
    assert message(check_learnable, odd, [Fold(1, 3, np.arange(12), np.array([], int))]) == (
        "No image is left for fold 3 of repeat 1: the largest of 4 units, whose images stay together, holds 4 of 12 "
        "images. Give a smaller --folds."
    )


def test_units_of_several_classes_can_leave_a_fold_without_a_class_which_is_told():
    rng = np.random.default_rng(0)
    units = np.repeat(np.arange(12), 10)
    labels = np.zeros(120, int)
    labels[rng.permutation(np.flatnonzero(units < 4))[:6]] = 1
    odd = Labelled(labels, units, ("cat", "dog"))
    folds = [
        Fold(1, number, np.flatnonzero(units % 3 != number), np.flatnonzero(units % 3 == number)) for number in range(3)
    ]
    assert notes(odd, folds) == []
    folds = [Fold(1, n, np.flatnonzero(units // 4 != n), np.flatnonzero(units // 4 == n)) for n in range(3)]
    (told,) = notes(odd, folds)
    assert told.startswith("2 of 3 folds hold no image of class 'dog'")


def test_repeats_that_divide_alike_are_told():
    sizes = (40, 20, 10, 5)  # each unit another size: scikit-learn shuffles only units that are equally uneven
    units = np.repeat(np.arange(8), [*sizes, *sizes])
    labels = np.repeat([0, 1], sum(sizes))
    (told,) = notes(Labelled(labels, units, ("a", "b")), make_folds(Labelled(labels, units, ("a", "b")), 2, 3, 0))
    assert told.startswith("3 repeats have only ")


def test_folds_that_leave_a_training_nothing_to_validate_by_are_refused_beforehand():
    few = images((4, 30, 30), together=0)  # two of the four are one unit
    folds = make_folds(few, 2, 1, 0)
    assert message(check_validation, few, folds, "--crossval").startswith("Fold ")
    assert message(check_validation, few, folds, "--crossval").endswith(
        " of repeat 1 leaves a class one unit of images to learn from, and a training needs another for validation. "
        "Give a larger --crossval, or add images."
    )
    check_validation(few, make_folds(few, 3, 1, 0))


@pytest.mark.parametrize("folds", [2, 5])
def test_the_validation_of_a_training_is_a_tenth_of_what_it_learns_from_by_whole_units(folds):
    all_images = images()
    for fold in make_folds(all_images, folds, 1, 0):
        chosen = inner_validation(all_images, fold, 0)
        rest = np.setdiff1d(fold.train, chosen)
        assert set(chosen) < set(fold.train)
        assert not set(all_images.units[chosen]) & set(all_images.units[rest])
        assert 0.05 < len(chosen) / len(fold.train) < 0.16
        assert set(all_images.labels[chosen]) == set(all_images.labels[rest]) == {0, 1, 2}

"""Wrong labels among the drawings are found, on the features that `check` uses."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from data.drawn import folder as drawn
from data.folder import scan
from data.store.store import Store
from models.parts.lite_weights import LITE0
from study.check import label_issues
from study.check.embedding import embed
from study.inference import label_errors
from study.runtime import backend


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec(LITE0.replace("-", "_")) is None, reason="no ImageNet weights installed")
def test_most_changed_labels_of_drawings_are_found(tmp_path):
    backend.start()
    images = list(scan(drawn.write(tmp_path, 300)).images)
    embedded = embed(images, "crop", None, Store(None))
    assert embedded.rows.tolist() == list(range(len(images)))
    rng = np.random.default_rng(0)
    wrong = set(rng.choice(len(images), len(images) // 20, replace=False).tolist())
    classes = ("cat", "dog", "horse")
    for i in wrong:
        other = classes[(classes.index(images[i].label) + int(rng.integers(1, 3))) % 3]
        images[i] = replace(images[i], label=other)
    found = {suspect.image for suspect in label_issues.find(images, embedded.rows, embedded.features, [])}
    assert len(found & wrong) >= 0.8 * len(wrong)
    assert len(found & wrong) >= 0.7 * len(found)


def test_units_of_different_sizes_are_divided_in_three_ways_all_the_same():
    """The most uneven first, their order is one whatever the seed, and three divisions would be one."""
    sizes = np.arange(1, 13)
    units = np.repeat(np.arange(24), np.tile(sizes, 2))
    labels = np.repeat([0, 1], sizes.sum())
    repeats = label_errors.divisions(labels, units)
    assert len({frozenset(held_out.tobytes() for _, held_out in folds) for folds in repeats}) == 3
    for folds in repeats:
        assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(len(labels)))
        for learned, held_out in folds:
            assert not set(units[learned]) & set(units[held_out])
            assert set(labels[learned]) == {0, 1}


def test_fewer_divisions_than_usual_are_told():
    """Five units for five folds: there is one way."""
    units = np.repeat(np.arange(5), 4)
    labels, told = np.tile([0, 1], 10), []
    label_errors.out_of_fold(np.random.default_rng(0).normal(size=(20, 2)), labels, units, told.append)
    assert told == [
        "careful: suspected labels are judged by 1 division(s) into 5 folds, not 3: near duplicates and groups, which "
        "stay together, allow no others"
    ]

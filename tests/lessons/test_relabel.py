"""The same images under other labels and in other splits; what a network answers about them."""

import numpy as np
import pytest

from lessons import answers, relabel
from lessons.training import read
from scratch import split


@pytest.fixture
def dataset(toy):
    return read(str(toy), image_size=32)


def test_merged_labels_are_those_of_the_examples(dataset):
    names = [None if entry.label == dataset.class_names[0] else "other" for entry in dataset.entries]
    names[-1] = "one"
    merged = relabel.relabelled(dataset, names)
    assert merged.class_names == ("one", "other")
    rows = np.concatenate(list(merged.examples().indices.values()))
    assert len(rows) == sum(name is not None for name in names)
    assert [merged.class_names[merged.examples().labels[row]] for row in rows] == [names[row] for row in rows]
    with pytest.raises(ValueError, match=f"received 1 names; right is one an image, {len(dataset.entries)}"):
        relabel.relabelled(dataset, ["one"])


def test_another_split_keeps_labels_and_groups(dataset):
    groups = relabel.numbers_of(dataset) * 100 + np.arange(len(dataset.entries)) // 4
    again = relabel.divided(dataset, 1, groups)
    assert [entry.label for entry in again.entries] == [entry.label for entry in dataset.entries]
    assert split.torn(np.array([entry.split for entry in again.entries]), groups) == 0


def test_answers_are_the_most_probable_classes_in_order(dataset, monkeypatch):
    import keras

    monkeypatch.setattr(answers, "BATCH", 3)  # several batches of few images
    network = keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.GlobalAveragePooling2D(), keras.layers.Softmax()]
    )
    examples = dataset.examples()
    rows = examples.indices["test"]
    pixels = np.asarray(examples.inputs[rows])
    np.testing.assert_array_equal(answers.classes(network, pixels), pixels.mean(axis=(1, 2)).argmax(axis=1))
    assert answers.confusion(network, dataset).sum() == len(rows)

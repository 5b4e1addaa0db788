"""Views of images as a training has them, and a few images of each class."""

import numpy as np

from lessons import previews
from lessons.training import read


def test_a_flip_with_paired_labels_changes_both(tmp_path, toy):
    names = sorted(folder.name for folder in toy.iterdir() if folder.is_dir())
    pairs = tmp_path / "pairs.csv"
    pairs.write_text(f"folder,class\n{names[0]}<->{names[1]},\n", encoding="utf-8")
    dataset = read(str(toy), image_size=32, labels=str(pairs))
    examples = dataset.examples()
    rows = np.flatnonzero(examples.labels == 0)[:12]
    images, labels = previews.views(dataset, rows, {"flip": 1.0})
    before = np.asarray(examples.inputs[rows], np.float32)
    mirrored = [np.array_equal(image, one[:, ::-1]) for image, one in zip(images, before, strict=True)]
    assert 0 < sum(mirrored) < 12
    assert labels == [names[1] if flipped else names[0] for flipped in mirrored]


def test_mixed_labels_name_their_shares(toy):
    dataset = read(str(toy), image_size=32)
    rows = previews.few(dataset, 2)
    _, labels = previews.views(dataset, rows, {"mixup": 0.99})
    assert any("%" in label for label in labels)


def test_few_images_are_training_images_and_as_many_of_each_class(toy):
    dataset = read(str(toy), image_size=32)
    rows = previews.few(dataset, 5, seed=1)
    assert np.bincount(dataset.examples().labels[rows]).tolist() == [5, 5, 5]
    assert set(rows) <= set(dataset.examples().indices["train"])
    assert len(set(rows)) == 15

"""Views of images as a training has them, and a few images of each class."""

import numpy as np
from PIL import Image

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


def test_image_and_mask_are_mirrored_together(tmp_path, toy):
    for number, path in enumerate(sorted(toy.glob("*/*"))):
        mask = np.zeros(Image.open(path).size[::-1], np.uint8)
        mask[:, : 3 + number % 5] = 1  # at the left
        file = (tmp_path / path.relative_to(toy)).with_suffix(".png")
        file.parent.mkdir(exist_ok=True)
        Image.fromarray(mask).save(file)
    dataset = read(str(toy), image_size=32, task="segment", model="unet", masks=str(tmp_path))
    rows = np.arange(12)
    images, masks = previews.masked_views(dataset, rows, {"flip": 1.0})
    before, true = np.asarray(dataset.images.pixels[rows], np.float32), dataset.masks[rows]
    mirrored = [np.array_equal(image, one[:, ::-1]) for image, one in zip(images, before, strict=True)]
    assert 0 < sum(mirrored) < 12
    for flipped, mask, one in zip(mirrored, masks, true, strict=True):
        np.testing.assert_array_equal(mask, one[:, ::-1] if flipped else one)

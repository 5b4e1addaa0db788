"""Images named like another plus a word for what was made of it, told from names alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data import companions
from data.dataset import load
from data.folder import ImageRecord
from data.source import Source
from data.store.store import Store


def images(*names):
    return [ImageRecord(Path(name), name, name.split("/")[0], None) for name in names]


def beside(pattern, count=4, label="cat"):
    """Photos of a class, each with another that is named by a pattern."""
    return images(*(name for n in range(count) for name in (f"{label}/img{n}.jpg", f"{label}/{pattern.format(n)}")))


def test_masks_beside_their_photos_are_told_with_an_example():
    assert companions.lines(beside("img{}_mask.png", 24)) == [
        "careful: cat: 24 of 48 images are named like another plus _mask (cat/img0_mask.png beside cat/img0.jpg): "
        "masks or thumbnails, not photos? Move those out of the data, or leave them out by `exclude`"
    ]


@pytest.mark.parametrize(
    ("pattern", "suffix"),
    [
        ("img{}_seg.png", "_seg"), ("img{}_thumb.jpg", "_thumb"), ("img{}-mask.png", "-mask"),
        ("img{} (mask).png", " (mask)"), ("IMG{}_Mask.PNG", "_mask"), ("img{}_mask_1.png", "_mask"),
        ("img{}.mask.png", ".mask"), ("img{}_ground_truth.png", "_ground_truth"), ("img{}-150x150.jpg", "-150x150"),
        ("img{}.jpg_mask.png", "_mask"), ("masks/img{}_mask.png", "_mask"),
    ],
)  # fmt: skip
def test_names_are_told_in_the_forms_that_tools_write(pattern, suffix):
    (found,) = companions.find(beside(pattern))
    assert (len(found.images), found.total) == (4, 8)
    assert {entry[2] for entry in found.images} == {suffix}
    assert found.images[0][1] == "cat/img0.jpg"


def test_masks_that_are_a_class_of_their_own_are_told_beside_the_images_of_another():
    names = [f"{label}/{n}{end}" for label, end in (("images", ".jpg"), ("masks", "_mask.png")) for n in range(5)]
    (found,) = companions.find(images(*names))
    assert (found.label, len(found.images), found.total) == ("masks", 5, 5)
    assert found.images[0] == ("masks/0_mask.png", "images/0.jpg", "_mask")


def test_of_two_photos_of_the_name_the_one_in_the_same_folder_is_named():
    listed = images(*(f"cat/{part}/{n}{end}.png" for part in "ab" for n in range(3) for end in ("", "_mask")))
    (found,) = companions.find(listed)
    assert {name.replace("_mask", "") == other for name, other, _ in found.images} == {True}


@pytest.mark.parametrize(
    "names",
    [
        [f"cat/cat_{n}.jpg" for n in range(9)],
        ["cat/cat.jpg", *(f"cat/cat_{n}.jpg" for n in range(9))],
        [f"with_mask/{n}_with_mask.jpg" for n in range(9)],  # no photo of the name without it
        [f"cat/img{n}_mask.png" for n in range(9)],
        ["cat/1.jpg", "cat/1 (1).jpg", "cat/1 (2).jpg", "cat/1 (3).jpg", "cat/1 copy.jpg"],
        ["cat/un.jpg", "cat/unmask.jpg", "cat/hallo.jpg", "cat/hallowthumb.jpg"],
        [f"cat/{n}{end}" for n in range(2) for end in (".jpg", "_mask.png")],  # too few to be a habit
        [*(f"cat/{n}.jpg" for n in range(50)), "cat/1_mask.png", "cat/2_mask.png", "cat/3_mask.png"],
    ],
)
def test_other_names_are_no_companions(names):
    assert companions.lines(images(*names)) == []


def photos(root, pattern):
    rng = np.random.default_rng(0)
    for label in ("bottle", "cable"):
        for number in range(12):
            for name in (f"{number:03d}.png", *([pattern.format(number)] if number < 4 else [])):
                path = root / label / name
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(rng.integers(0, 256, (20, 20, 3), np.uint8)).save(path)
    return root


def test_training_is_told_of_masks_of_the_faults_below_a_class(tmp_path):
    told = []
    root = photos(tmp_path, "ground_truth/broken/{:03d}_mask.png")
    load(Source(root, 16, group="none"), Store(None), note=told.append)
    assert [line for line in told if "masks or thumbnails" in line] == [
        f"careful: {label}: 4 of 16 images are named like another plus _mask ({label}/ground_truth/broken/000_mask.png "
        f"beside {label}/000.png): masks or thumbnails, not photos? Move those out of the data, or leave them out by "
        "`exclude`"
        for label in ("bottle", "cable")
    ]


def test_those_that_are_left_out_are_told_no_more(tmp_path):
    told = []
    root = photos(tmp_path / "data", "{:03d}_mask.png")
    marked = [f"{label}/{number:03d}_mask.png" for label in ("bottle", "cable") for number in range(4)]
    (tmp_path / "check.csv").write_text("path,drop\n" + "".join(f"{path},x\n" for path in marked))
    load(Source(root, 16, exclude=str(tmp_path / "check.csv")), Store(None), note=told.append)
    assert not [line for line in told if "masks or thumbnails" in line]

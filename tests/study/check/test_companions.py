"""Masks and thumbnails among the photos of a class, as `check` tells of them."""

import csv

import numpy as np
import pytest
from helpers import call
from PIL import Image, ImageDraw, ImageFilter

from data.folder import scan
from data.store.store import Store
from study.check.companions import find, has_few_colours
from study.check.image_statistics import gather

SIZE = (96, 72)


def photo(seed):
    """Soft shapes in many colours, and the noise of a camera."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8)).resize(SIZE, Image.Resampling.BICUBIC)
    return Image.fromarray(np.clip(np.asarray(coarse) + rng.normal(0, 3, (72, 96, 3)), 0, 255).astype(np.uint8))


def mask(seed, colours=(0, 255)):
    x, y = np.random.default_rng(seed).integers(8, 30, 2).tolist()
    drawn = Image.new("L", SIZE, colours[0])
    ImageDraw.Draw(drawn).ellipse((x, y, x + 40, y + 30), fill=colours[1], outline=colours[-1], width=4)
    return drawn


def lines(seed):
    """A drawing of thin lines on white."""
    rng = np.random.default_rng(seed)
    drawn = Image.new("L", (288, 216), 255)
    for _ in range(14):
        ImageDraw.Draw(drawn).line(rng.integers(0, 216, 4).tolist(), fill=0, width=2)
    return drawn


def folder(root, **classes):
    for label, drawn in classes.items():
        (root / label).mkdir(parents=True)
        for name, image in drawn.items():
            image.save(root / label / name)
    return root


def told(root):
    scanned = scan(root, explained=True)
    statistics, thumbnails, _ = gather(scanned.images, Store(None))
    return list(find(scanned.images, statistics, thumbnails))


PHOTOS = {f"{n}.png": photo(n) for n in range(20)}
OTHERS = {f"{n}.png": photo(100 + n) for n in range(20)}


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_masks_under_names_of_their_own_are_told_by_their_colours(tmp_path, ending):
    masks = {f"m{n}.{ending}": mask(n) for n in range(4)}
    (finding,) = told(folder(tmp_path, bottle=PHOTOS | masks, cable=OTHERS))
    assert (finding.path, finding.kind, finding.severity) == ("bottle", "few colours", "warning")
    assert finding.detail == (
        f"4 of 24 images have only 2 to 4 flat colours, such as bottle/m0.{ending}: masks, not photos? Drawings may "
        "look so too"
    )


def test_a_class_of_masks_beside_a_class_of_photos_is_told(tmp_path):
    (finding,) = told(folder(tmp_path, images=PHOTOS, masks={f"{n}.png": mask(n, (1, 2, 3)) for n in range(20)}))
    assert (finding.path, finding.kind) == ("masks", "few colours")


def test_masks_named_so_are_told_once_each_with_its_photo(tmp_path):
    masks = {f"{n}_mask.png": mask(n) for n in range(6)}
    whole, *each = told(folder(tmp_path, bottle=PHOTOS | masks, cable=OTHERS))
    assert (whole.path, whole.kind, whole.severity) == ("bottle", "masks or thumbnails", "warning")
    assert whole.detail == (
        "6 of 26 images are named like another plus _mask (bottle/0_mask.png beside bottle/0.png): masks or "
        "thumbnails, not photos? Fill in the drop cells of these images for train --exclude, or move them away"
    )
    assert [(one.path, one.related_path, one.severity) for one in each] == [
        (f"bottle/{n}_mask.png", f"bottle/{n}.png", "note") for n in range(6)
    ]


def test_drawings_in_black_and_white_are_not_told_by_their_names_nor_where_all_are_such(tmp_path):
    drawings = {f"cat_{n}.png": mask(n) for n in range(10)}
    assert told(folder(tmp_path / "all", cat=drawings, dog={f"dog_{n}.png": mask(50 + n) for n in range(10)})) == []
    (finding,) = told(folder(tmp_path / "one", cat=drawings, dog=OTHERS))
    assert finding.kind == "few colours"
    assert finding.detail.endswith("Drawings may look so too")


@pytest.mark.parametrize(
    "image",
    [
        photo(0),
        photo(0).filter(ImageFilter.GaussianBlur(6)),
        lines(0),
        Image.new("RGB", SIZE, (200, 30, 30)),
        Image.fromarray(
            np.where(np.arange(96 * 72).reshape(72, 96, 1) % 96 < 60, 255, np.asarray(photo(1)))
        ),  # cut out
        Image.fromarray(np.random.default_rng(0).integers(0, 2, (72, 96), np.uint8) * 255),  # black and white noise
    ],
)
def test_an_image_with_more_in_it_than_flat_colours_is_no_mask(image):
    thumbnail = np.asarray(image.convert("RGB").resize((96, 96)))[None]
    assert not has_few_colours(thumbnail.astype(np.uint8)).any()


def test_too_few_masks_in_a_class_are_not_told(tmp_path):
    assert told(folder(tmp_path / "two", bottle=PHOTOS | {f"m{n}.png": mask(n) for n in range(2)}, cable=OTHERS)) == []
    many = {f"{n}.png": photo(n) for n in range(40)}
    assert told(folder(tmp_path / "part", bottle=many | {f"m{n}.png": mask(n) for n in range(3)}, cable=OTHERS)) == []


def test_the_table_has_a_row_with_a_drop_cell_for_each_and_the_page_says_what_counts(tmp_path):
    masks = {f"{n}_mask.png": mask(n) for n in range(6)}
    root = folder(tmp_path / "data", bottle=PHOTOS | masks, cable=OTHERS)
    ran = call("check", "--data", root, "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    with (tmp_path / "out" / "check.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "masks or thumbnails"]
    assert [row["path"] for row in rows] == ["bottle", *(f"bottle/{n}_mask.png" for n in range(6))]
    page = (tmp_path / "out" / "check.html").read_text(encoding="utf-8")
    assert "images named like another plus a word such as mask or thumb; 10% of a class or more" in page

"""What is cut out around a box, the table of boxes, and regions of a mask."""

from pathlib import Path

import numpy as np
import pytest
from helpers import message
from PIL import Image

from data import boxes, crop, csv_table, cut, display, loading, pixels, regions
from data.folder import ImageRecord
from data.resize import RESIZE_RULES, resize
from data.store.store import Store


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((40, 40, 60, 60), (38, 38, 62, 62)),  # a margin of a tenth on each side
        ((40, 50, 60, 54), (38, 40, 62, 64)),  # a square, whatever the box
        ((0, 0, 20, 10), (0, 0, 24, 24)),  # moved into the image
        ((180, 80, 200, 100), (176, 76, 200, 100)),
        ((10, 0, 190, 100), (0, 0, 200, 100)),  # no more than there is
        ((-30, -5, 20, 900), (0, 0, 120, 100)),  # what reaches beyond is no part of it
    ],
)
def test_a_square_with_a_margin_is_cut_within_the_image(box, expected):
    assert crop.around(box, 200, 100) == expected


def test_a_box_beside_the_image_is_told():
    with pytest.raises(crop.OutsideError, match="its box 200,0,210,5 lies outside of its 200×100 pixels"):
        crop.around((200, 0, 210, 5), 200, 100)


def scene(path: Path, box: tuple[int, int, int, int], orientation: int = 1) -> Path:
    """A dark image with a bright box, seen upright."""
    values = np.zeros((100, 200, 3), np.uint8)
    values[box[1] : box[3], box[0] : box[2]] = (200, 100, 50)
    image = Image.fromarray(values)
    exif = Image.Exif()
    if orientation == 6:  # stored on its side
        image, exif[0x0112] = image.transpose(Image.Transpose.ROTATE_90), 6
    image.save(path, exif=exif)
    return path


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_box_is_of_the_image_seen_upright(tmp_path, orientation):
    path = scene(tmp_path / "a.png", (150, 20, 170, 40), orientation)
    _, seen = pixels.read(path, 24, "crop", box=(150, 20, 170, 40))
    assert (seen[2:-2, 2:-2] == (200, 100, 50)).all()
    assert not seen[0].any()
    assert not seen[:, -1].any()


def test_cut_images_have_rows_of_their_own_and_whole_ones_keep_theirs(tmp_path):
    names = ("a.png", "b.png", "c.png")
    records = [ImageRecord(scene(tmp_path / name, (10 * at, 20, 10 * at + 20, 40)), name, "cat", None)
               for at, name in enumerate(names, 1)]  # fmt: skip
    store = Store(tmp_path / "store")
    whole, _ = loading.load(records, 16, "crop", store)
    found = {"a.png": (10, 20, 30, 40), "b.png": (20, 20, 40, 40)}
    first = cut.cut(whole, found, store)
    assert first.boxes == (*found.values(), None)
    assert first.keys[2] == whole.keys[2]
    assert len({*first.keys, *whole.keys}) == 5
    kept = first.pixels[np.arange(3)]
    np.testing.assert_array_equal(kept[2], whole.pixels[np.array([2])][0])
    np.testing.assert_array_equal(kept[0], pixels.read(records[0].path, 16, "crop", box=found["a.png"])[1])
    moved = cut.cut(whole, {**found, "a.png": (10, 20, 31, 40)}, store)
    assert moved.keys[0] != first.keys[0]
    streamed = cut.cut(whole, found, Store(None))
    np.testing.assert_array_equal(streamed.pixels[np.arange(3)], kept)
    assert "a.png: its box 900,0,901,1 lies outside" in message(cut.cut, whole, {"a.png": (900, 0, 901, 1)}, store)


def test_the_whole_is_shown_with_a_frame_and_the_square_as_it_is_cut(tmp_path):
    path, box = scene(tmp_path / "a.png", (150, 20, 170, 40)), (150, 20, 170, 40)
    sha256, square = pixels.read(path, 64, "crop", box=box)
    shown = display.show(path, sha256, 64, "crop", None, box)
    np.testing.assert_array_equal(shown.square, square)
    assert shown.whole.size == (64, 32)
    assert display.FRAME in {colour for _, colour in shown.whole.getcolors(10_000)}


def test_a_table_of_boxes_is_read_as_people_write_it(tmp_path):
    table = tmp_path / "boxes.csv"
    table.write_text(
        "Path;label;LEFT;top;right;bottom\n a.png ;cat;1.5;2;10,0;8\n".replace(",", ".")
        + "b.png;cat;0;0;2;2\nb.png;cat;0;0;4;4\nb.png;cat;0;0;3;3\nc.png;cat;;;;\n"
    )
    found = boxes.read(table, csv_table.Names({"a.png", "b.png", "c.png"}))
    assert found.boxes == {"a.png": (1, 2, 10, 8), "b.png": (0, 0, 4, 4), "c.png": None}
    assert found.several == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "path,left,top,right\n",
            "has no column bottom: give a CSV file path,left,top,right,bottom, in pixels. It has: path, "
            "left, top, right.",
        ),
        (
            "path,left,top,right,bottom\na.png,1,2,x,4\n",
            "line 2 has 1,2,x,4: expected left,top,right,bottom as",
        ),
        ("path,left,top,right,bottom\na.png,1,2,inf,4\n", "line 2 has 1,2,inf,4: expected left,top,right,bottom as"),
        ("path,left,top,right,bottom\na.png,1,2,,4\n", "line 2 has 1,2,,4: expected left,top,right,bottom as numbers"),
        ("path,left,top,right,bottom\na.png,5,2,5,4\n", "line 2 has 5,2,5,4: right must be greater than left"),
        (
            "path,left,top,right,bottom\na.png,0.1,0.1,0.9,0.9\nb.png,0,0,1,1\nc.png,,,,\n",
            "has numbers of 0 to 1 alone, shares of the sides: expected pixels, left and right times the image's width",
        ),
    ],
)
def test_a_table_that_has_no_boxes_is_refused(tmp_path, text, expected):
    (tmp_path / "boxes.csv").write_text(text)
    assert expected in message(boxes.read, tmp_path / "boxes.csv")


def test_a_box_of_one_pixel_beside_others_is_one(tmp_path):
    (tmp_path / "boxes.csv").write_text("path,left,top,right,bottom\na.png,0,0,1,1\nb.png,0.5,0.5,2,2\n")
    assert boxes.read(tmp_path / "boxes.csv").boxes == {"a.png": (0, 0, 1, 1), "b.png": (0, 0, 2, 2)}


def test_the_largest_region_is_the_one_with_most_pixels():
    rows = ("##......##", "#...##..##", "##..#...##", "......####", "#.........")
    mask = np.array([[letter == "#" for letter in row] for row in rows])
    assert regions.largest(mask) == (6, 0, 10, 4)
    assert regions.largest(mask, 11) is None
    assert regions.largest(np.zeros((3, 3), bool)) is None


def test_regions_are_those_of_scipy():
    from scipy import ndimage

    random = np.random.default_rng(0)
    for share in (0.2, 0.5, 0.6, 0.8) * 25:
        mask = random.random(random.integers(1, 24, 2)) < share
        labels, count = ndimage.label(mask)
        sizes = np.bincount(labels.ravel())[1:]
        found = [
            (place[1].start, place[0].start, place[1].stop, place[0].stop)
            for place, size in zip(ndimage.find_objects(labels), sizes, strict=True)
            if size == sizes.max()
        ]
        assert regions.largest(mask) in (found if count else [None])


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("size", [(200, 100), (90, 300), (128, 128)])
def test_a_box_in_the_square_is_found_again_in_the_image(rule, size):
    width, height = size
    box = (width // 2 - 20, height // 2 - 10, width // 2 + 30, height // 2 + 30)
    values = np.zeros((height, width), np.uint8)
    values[box[1] : box[3], box[0] : box[2]] = 255
    mask = resize(Image.fromarray(values), 64, rule) > 0
    pixel = max(size) / 64
    np.testing.assert_allclose(regions.in_image(regions.largest(mask), 64, width, height, rule), box, atol=pixel + 1)

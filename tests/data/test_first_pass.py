"""One range for a folder of files that do not state theirs; ordinary files as they always were."""

import hashlib
import io

import numpy as np
import pytest
import tifffile
from helpers import message
from PIL import Image as Pillow

from data import image, loading
from data.first_pass import peek
from data.folder import ImageRecord
from data.store.store import Store


def shape(number, side=40):
    """A bright square on a dark ground, 0 to 1; another number, another place."""
    grey = np.linspace(0.0, 0.3, side * side).reshape(side, side)
    at = 3 + number * 3 % 20
    grey[at : at + 12, at : at + 12] = 1.0
    return grey


def write(root, name, values):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".tif":
        tifffile.imwrite(path, values, photometric="minisblack", planarconfig="contig" if values.ndim == 3 else None)
    else:
        Pillow.fromarray(values).save(path)
    return ImageRecord(path, name, name.split("/")[0], None)


def levels(images, store=None, given=None):
    pictures, skipped = loading.load(images, 40, "crop", store or Store(None), given=given)
    assert not skipped
    return pictures, pictures.pixels[np.arange(len(images))]


TWELVE = "16-bit images: values 100 to 4,000 are shown as black to white"


def twelve_bit(root, count=6):
    return [write(root, f"cell/{n}.png", (shape(n) * 3900 + 100).astype(np.uint16)) for n in range(count)]


def test_12_bit_values_in_16_bit_files_fill_the_levels(tmp_path):
    pictures, seen = levels(twelve_bit(tmp_path))
    assert pictures.ranges == {"16-bit": (100.0, 4000.0)}
    assert pictures.notes == (TWELVE,)
    for n, one in enumerate(seen):
        assert np.abs(one[..., 0] - shape(n) * 255).max() <= 1


def test_two_files_of_one_camera_differ_no_more_than_their_values(tmp_path):
    peaks = (0.97, 1.04, 0.97, 1.04)
    images = [write(tmp_path, f"a/{n}.tif", (shape(0) * peak).astype(np.float32)) for n, peak in enumerate(peaks)]
    pictures, seen = levels(images)
    assert pictures.notes == ("floating-point images: values 0 to 1.05 are shown as black to white",)
    assert [int(one.max()) for one in seen] == [236, 253, 236, 253]


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_negative_values_are_not_cut(tmp_path, dtype):
    _, seen = levels([write(tmp_path, f"a/{n}.tif", (shape(n) * 2000 - 1000).astype(dtype)) for n in range(3)])
    for n, one in enumerate(seen):
        assert np.abs(one[..., 0] - shape(n) * 255).max() <= 1


def test_a_range_that_is_given_holds_for_every_kind(tmp_path):
    images = [
        write(tmp_path, "a/1.png", (shape(0) * 4000).astype(np.uint16)),
        write(tmp_path, "a/2.tif", (shape(0) * 4000).astype(np.float32)),
    ]
    pictures, seen = levels(images, given=(0.0, 8000.0))
    assert [int(one.max()) for one in seen] == [128, 128]
    assert pictures.notes == (
        "16-bit images: values 0 to 8,000 are shown as black to white",
        "floating-point images: values 0 to 8,000 are shown as black to white",
    )
    text = message(levels, [write(tmp_path, "a/3.png", (shape(0) * 255).astype(np.uint8))], given=(0.0, 8000.0))
    assert text.startswith("`range` is for images that do not state their range")
    assert text.endswith("and here are none: leave it out.")


def ordinary(root):
    rng = np.random.default_rng(0)
    colour, full = rng.integers(0, 256, (40, 40, 3), np.uint8), rng.integers(0, 65536, (40, 40), np.uint16)
    images = [write(root, f"a/{name}", colour) for name in ("1.png", "2.jpg", "3.bmp", "4.webp")]
    images += [write(root, "a/5.png", colour[..., 0]), write(root, "a/6.tif", colour[..., 0])]
    images += [write(root, "a/7.png", full), write(root, "a/8.tif", full)]
    return images


def test_ordinary_files_change_by_no_level_and_keep_their_keys_in_the_store(tmp_path):
    images = ordinary(tmp_path)
    pictures, seen = levels(images)
    assert pictures.notes == ()
    for entry, one in zip(images, seen, strict=True):
        opened = Pillow.open(entry.path)
        if opened.mode.startswith("I;16"):
            grey = np.clip(np.asarray(opened) / np.float32(65535.0), 0.0, 1.0) * 255.0 + 0.5
            opened = Pillow.fromarray(grey.astype(np.uint8))
        np.testing.assert_array_equal(one, np.asarray(opened.convert("RGB")))
    assert pictures.keys == tuple(hashlib.sha256(entry.path.read_bytes()).hexdigest() for entry in images)


def test_images_in_which_0_is_white_have_keys_of_their_own(tmp_path):
    values, images = (shape(0) * 65535).astype(np.uint16), []
    for photometric in ("minisblack", "miniswhite"):
        path = tmp_path / f"{photometric}.tif"
        tifffile.imwrite(path, values, photometric=photometric)
        images.append(ImageRecord(path, path.name, "a", None))
    with tifffile.TiffWriter(path := tmp_path / "pages.tif") as file:
        file.write(values, photometric="miniswhite")
        file.write(values, photometric="minisblack")
    images.append(ImageRecord(path, path.name, "a", None))
    pictures, (black, *white) = levels(images)
    np.testing.assert_array_equal(white, [255 - black] * 2)
    assert [key == sha256 for key, sha256 in zip(pictures.keys, pictures.sha256, strict=True)] == [True, False, False]


def test_the_store_tells_ranges_apart(tmp_path):
    images, store = twelve_bit(tmp_path / "data"), Store(tmp_path / "store")
    first, by_values = levels(images, store)
    second, by_hand = levels(images, store, given=(0.0, 8000.0))
    assert not set(first.keys) & set(second.keys)
    assert first.sha256 == second.sha256
    assert by_hand.max() == 128 < by_values.max()
    for pictures, expected, given in ((first, by_values, None), (second, by_hand, (0.0, 8000.0))):
        again, seen = levels(images, Store(store.root), given)
        np.testing.assert_array_equal(seen, expected)
        np.testing.assert_array_equal(again.fingerprints, pictures.fingerprints)
        assert again.notes == pictures.notes


def test_a_second_look_decodes_no_file_for_its_range(tmp_path, monkeypatch):
    images, store = twelve_bit(tmp_path / "data"), Store(tmp_path / "store")
    first, _ = levels(images, store)
    monkeypatch.setattr(image, "stored_values", lambda content: pytest.fail("decoded"))
    assert levels(images, store)[0].ranges == first.ranges


# ---- what of a file is not read ----


def test_bands_and_pages_that_are_not_read_are_told(tmp_path):
    bands = np.dstack([(shape(0) * 2550).astype(np.uint16)] * 13)
    images = [write(tmp_path, f"a/{n}.tif", bands) for n in range(3)]
    path = tmp_path / "a/pages.tif"
    tifffile.imwrite(path, (np.stack([shape(n) for n in range(4)]) * 255).astype(np.uint8), photometric="minisblack")
    images.append(ImageRecord(path, "a/pages.tif", "a", None))
    five = np.dstack([(shape(0) * 255).astype(np.uint8)] * 5)
    tifffile.imwrite(tmp_path / "a/five.tif", five, photometric="rgb", planarconfig="contig", extrasamples=(0, 0))
    images.append(ImageRecord(tmp_path / "a/five.tif", "a/five.tif", "a", None))
    assert levels(images)[0].notes == (
        "16-bit images: values 0 to 2,600 are shown as black to white",
        "3 image(s), such as a/0.tif, have 13 bands, of which the first 3 are read, as red, green and blue",
        "1 image(s), such as a/pages.tif, have 4 pages, of which the first is read",
        "1 image(s), such as a/five.tif, have 5 bands, of which the first 3 are read, as red, green and blue",
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.float64])
@pytest.mark.parametrize("subfiletype", [1, 4])  # a preview, a mask
def test_a_preview_or_a_mask_beside_the_image_is_no_page(tmp_path, dtype, subfiletype):
    with tifffile.TiffWriter(tmp_path / "1.tif") as file:
        file.write((shape(0) * 255).astype(dtype), photometric="minisblack")
        file.write((shape(0, 30) * 255).astype(np.uint8), photometric="minisblack", subfiletype=1)
    with tifffile.TiffFile(tmp_path / "1.tif") as file:
        at = file.pages[1].tags[254].valueoffset
    content = bytearray((tmp_path / "1.tif").read_bytes())
    content[at] = subfiletype
    (tmp_path / "1.tif").write_bytes(content)
    assert peek(tmp_path / "1.tif").partly == ""


# ---- few levels ----


def test_images_of_few_levels_are_told_with_the_reason(tmp_path):
    deep = np.stack([(shape(0) * 4000).astype(">u2")] * 3, axis=-1)
    tifffile.imwrite(tmp_path / "colour.tif", deep, photometric="rgb")
    images = [
        *[write(tmp_path, f"a/{n}.png", (shape(n) * 4000).astype(np.uint16)) for n in range(2)],
        ImageRecord(tmp_path / "colour.tif", "colour.tif", "a", None),
        write(tmp_path, "a/plain.png", np.full((40, 40), 7, np.uint8)),
        write(tmp_path, "a/sound.png", (shape(0) * 255).astype(np.uint8)),
    ]
    few = [note for note in levels(images, given=(0.0, 65535.0))[0].notes if note.startswith("careful")]
    which = "of 5 images have fewer than 20 levels, such as"
    assert few == [
        f"careful: 2 {which} a/0.png (0 to 16 of 255): their values fill little of the range 0 to 65,535; "
        "`range` gives another",
        f"careful: 1 {which} colour.tif (0 to 15 of 255): of 16-bit colours the upper 8 bits are read, and theirs "
        "stand in the lower ones: save them as 8 bits",
        f"careful: 1 {which} a/plain.png (7 to 7 of 255): they are nearly of one colour in the file itself",
    ]


def test_fine_patterns_and_plain_colours_side_by_side_have_levels_enough(tmp_path):
    board = (np.indices((200, 200)).sum(0) % 2 * 255).astype(np.uint8)
    halves = np.zeros((40, 40), np.uint8)
    halves[:, 20:] = 255
    pictures, _ = loading.load(
        [write(tmp_path, "a/board.png", board), write(tmp_path, "a/halves.png", halves)], 200, "crop", Store(None)
    )
    assert pictures.notes == ()


# ---- transparency ----


def icon(colour, ground=(0, 0, 0, 0)):
    picture = Pillow.new("RGBA", (40, 40), ground)
    picture.paste((*colour, 255), (10, 10, 30, 30))
    return picture


def encoded(picture, form="PNG", **options):
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


@pytest.mark.parametrize(("form", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})])
@pytest.mark.parametrize("colour", [(255, 255, 255), (240, 238, 250)])
def test_a_pale_drawing_on_a_clear_ground_is_laid_over_black(form, options, colour):
    seen = image.decode(encoded(icon(colour), form, **options))
    assert (seen.getpixel((0, 0)), seen.getpixel((20, 20))) == ((0, 0, 0), colour)


@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 30, 30), (255, 255, 120)])
def test_other_drawings_are_laid_over_white_as_before(colour):
    seen = image.decode(encoded(icon(colour)))
    assert (seen.getpixel((0, 0)), seen.getpixel((20, 20))) == ((255, 255, 255), colour)


def test_what_shows_nothing_stays_white():
    assert image.decode(encoded(Pillow.new("RGBA", (4, 4), (255, 255, 255, 0)))).getextrema() == ((255, 255),) * 3


def test_a_store_from_before_does_not_bring_the_white_square_back(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(icon((255, 255, 255))))
    (pictures, _), sha256 = levels([ImageRecord(tmp_path / "a.png", "a.png", "a", None)]), hashlib.sha256
    assert pictures.keys[0] != sha256((tmp_path / "a.png").read_bytes()).hexdigest() == pictures.sha256[0]

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from data import image, mask_counts, mask_values, masks
from data.augment.pipeline import STRENGTHS, augmenter
from data.batches import Examples, eval_batches, train_batches
from data.folder import ImageRecord
from data.resize import RESIZE_RULES
from data.store.hashes import hash_all
from data.store.rows import RowType
from data.store.store import Store
from errors import UserError
from scratch import metrics as scratch
from study.settings.task_conflicts import MASK_AUGMENTATIONS
from study.tasks import segment

OFF = Store(None)


def blocks(count=6, size=32):
    """Images of large rectangles in three colours, and the mask that says which colour is where."""
    rng = np.random.default_rng(0)
    true = np.zeros((count, size, size), np.uint8)
    for one in true:
        for value in (1, 2):
            top, left = rng.integers(0, size // 2, 2)
            one[top : top + size // 2, left : left + size // 2] = value
    return painted(true), true


def painted(true):
    return np.eye(3, dtype=np.float32)[true] * 255


def seen_in(pixels):
    """The colour of each pixel, and where it is clearly one: not at edges, where two are mixed."""
    return pixels.argmax(axis=-1), pixels.max(axis=-1) > 200


def augmented(step, pixels, true):
    """What becomes of the images and the masks of a batch."""
    batch = step({"images": pixels, "labels": np.zeros(len(pixels), np.int32), "segmentation_masks": true})
    return np.asarray(batch["images"]), np.asarray(batch["segmentation_masks"])


# ---- augmentation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [("flip",), ("translation",), ("rotation",), ("zoom",), ("crop",), ("flip", "rotation", "zoom", "translation"),
     ("flip", "crop"), ("rotation", "crop"), ("cutmix",), ("flip", "cutmix", "crop")],
)  # fmt: skip
def test_pictures_and_masks_move_together(names):
    pixels, true = blocks(24)
    chosen = {
        name: {"rotation": 0.2, "zoom": 0.3, "translation": 0.3, "cutmix": 0.99}.get(name, STRENGTHS[name])
        for name in names
    }
    x, y = augmented(augmenter(chosen, 1, classes=2), pixels, true)
    assert y.dtype == np.uint8
    assert set(np.unique(y)) <= {0, 1, 2}
    assert (y != true).any()
    colour, clear = seen_in(x)
    assert clear.mean() > 0.7
    assert (colour[clear] == y[clear]).mean() > 0.995


@pytest.mark.parametrize(
    "names", [("flip", "rotation", "zoom", "translation"), ("crop",), ("translation",), ("flip", "cutmix", "crop")]
)
@pytest.mark.parametrize("size", [None, 16])
def test_pixels_that_do_not_count_are_moved_as_a_class_is(names, size):
    pixels, true = blocks(24)
    chosen = {name: {"rotation": 0.2, "zoom": 0.3, "cutmix": 0.99}.get(name, STRENGTHS[name]) for name in names}
    ignored = np.where(true == 2, mask_values.IGNORED, true).astype(np.uint8)
    _, classes = augmented(augmenter(chosen, 1, classes=2, size=size), pixels, true)
    _, y = augmented(augmenter(chosen, 1, classes=2, size=size), pixels, ignored)
    assert (classes == 2).any()
    np.testing.assert_array_equal(y, np.where(classes == 2, mask_values.IGNORED, classes))


@pytest.mark.parametrize("name", ["brightness", "contrast", "saturation", "erase"])
def test_changes_of_colour_leave_masks_alone(name):
    pixels, true = blocks()
    x, y = augmented(augmenter({name: 0.9}, 0), pixels / 2, true)
    assert (x != pixels / 2).any()
    np.testing.assert_array_equal(y, true)


@pytest.mark.parametrize("names", [("flip", "translation"), ("rotation", "brightness"), ("crop", "cutmix")])
def test_masks_change_nothing_about_the_pictures(names):
    pixels, true = blocks()
    chosen = {name: STRENGTHS[name] for name in names}
    alone = augmenter(chosen, 3, classes=2)({"images": pixels, "labels": np.zeros(6, np.int32)})
    assert "segmentation_masks" not in alone
    with_masks, _ = augmented(augmenter(chosen, 3, classes=2), pixels, true)
    np.testing.assert_array_equal(with_masks, alone["images"])


def test_masks_are_scaled_with_the_pictures_and_none_lies_between_two_values():
    pixels, true = blocks()
    x, y = augmented(augmenter({"flip": 1.0}, 0, size=16), pixels, true * 100)
    colour, clear = seen_in(x)
    assert y.shape == (6, 16, 16)
    assert set(np.unique(y)) <= {0, 100, 200}
    assert (colour[clear] * 100 == y[clear]).mean() > 0.99


def test_every_change_that_masks_are_said_to_bear_is_one():
    assert set(MASK_AUGMENTATIONS) <= set(STRENGTHS)
    assert "mixup" not in MASK_AUGMENTATIONS


def test_batches_bring_the_mask_of_each_picture():
    pixels, true = blocks(20)
    rows = {"train": np.arange(12), "val": np.arange(12, 20)}
    examples = Examples(pixels.astype(np.uint8), np.arange(20, dtype=np.int32), rows, masks=true)
    for batch in [
        *train_batches(examples, 5, 0, augmenter({"flip": 1.0}, 0)),
        *eval_batches(examples, "val", 3),
    ]:
        assert batch["images"].dtype == tf.float32
        np.testing.assert_array_equal(np.asarray(batch["images"]).argmax(axis=-1), batch["segmentation_masks"])
        assert len(batch["labels"]) == len(batch["images"])


# ---- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(tmp_path):
    """An image of 40 × 30, left half blue, and its mask."""
    values = np.zeros((30, 40), np.uint8)
    values[:, :20] = 255
    picture = np.zeros((30, 40, 3), np.uint8)
    picture[..., 2] = values
    Image.fromarray(picture).save(tmp_path / "a.jpg", quality=95)
    Image.fromarray(values).save(tmp_path / "a.png")
    return tmp_path / "a.png", tmp_path / "a.jpg"


NAMES = ("cat", "dog", "elk", "fox", "owl")


def loaded(pair, rule="crop", values="index", own=1, store=OFF, size=16):
    mask, picture = pair
    meaning = mask_values.meaning(values, NAMES, np.array([own], np.uint8))
    return masks.load([mask], [picture], hash_all([picture]), size, rule, store, meaning)


@pytest.mark.parametrize("rule", RESIZE_RULES)
def test_a_mask_is_resized_as_its_picture(pair, rule):
    mask = loaded(pair, rule)[np.array([0])][0]
    picture = image.load(pair[1].read_bytes(), 16, rule)
    inside = (picture[..., 2] > 150) & (picture[..., 0] < 60)
    assert (inside == (mask == 255)).mean() > 0.93  # all but the column at the edge
    assert set(np.unique(mask)) == {0, 255}


def test_own_values_become_the_class_of_the_picture(pair):
    mask = loaded(pair, values="own", own=3)[np.array([0])]
    assert mask.shape == (1, 16, 16)
    assert set(np.unique(mask)) == {0, 3}


def test_a_mask_is_kept_and_read_again_when_it_changes(pair, tmp_path):
    store = Store(tmp_path / "store")
    first = loaded(pair, store=store)
    assert store.rows(masks.RowType(f"masks 16 crop ({masks.VERSION})", (16, 16)), list(first.sha256)).available().all()
    again = loaded(pair, store=store)
    np.testing.assert_array_equal(again[np.array([0])], first[np.array([0])])
    Image.fromarray(np.zeros((30, 40), np.uint8)).save(pair[0])
    assert not loaded(pair, store=store)[np.array([0])].any()


def test_masks_beyond_the_limit_of_the_store_are_not_kept_and_drive_nothing_out(pair, tmp_path):
    store, other = Store(tmp_path / "store", limit=300), RowType("other", (200,))
    with store.writer(other) as keep:
        keep.add("a", np.zeros(200, np.uint8))
    assert loaded(pair, store=store, size=32)[np.array([0])].any()
    assert [entry.kind for entry in store.usage()] == ["other"]


def test_a_mask_that_changed_during_the_run_is_no_longer_learned_from(pair):
    found = loaded(pair)
    Image.fromarray(np.full((30, 40), 77, np.uint8)).save(pair[0])
    assert "a.png or its image was changed during the run. Start again." in told(found.__getitem__, np.array([0]))


def test_palettes_and_single_bits_are_taken_as_they_are(pair):
    values = np.zeros((30, 40), np.uint8)
    values[10:] = 2
    drawn = Image.fromarray(values)
    drawn.putpalette([9, 9, 9, 200, 0, 0, 0, 200, 0])
    drawn.save(pair[0])
    assert set(np.unique(loaded(pair)[np.array([0])])) == {0, 2}
    Image.fromarray(values > 0).save(pair[0])
    assert set(np.unique(loaded(pair, values="own", own=5)[np.array([0])])) == {0, 5}


def grey_png(values, bits):
    """A PNG of grey of so many bits; Pillow writes none."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = ["".join(format(value, f"0{bits}b") for value in row) for row in values]
    packed = b"".join(b"\0" + int(row, 2).to_bytes(len(row) // 8, "big") for row in rows)
    header = struct.pack(">IIBBBBB", values.shape[1], values.shape[0], bits, 0, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(packed)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + content


@pytest.mark.parametrize("bits", [2, 4])
def test_grey_of_few_bits_has_the_values_of_the_file_not_those_of_its_shades(pair, bits):
    values = np.zeros((30, 40), np.uint8)
    values[10:], values[20:] = 1, 2
    pair[0].write_bytes(grey_png(values, bits))
    assert set(np.unique(np.asarray(Image.open(pair[0])))) == {0, *((85, 170) if bits == 2 else (17, 34))}
    assert set(np.unique(loaded(pair)[np.array([0])])) == {0, 1, 2}


def test_two_images_do_not_share_a_mask(tmp_path):
    root, place = tmp_path / "images", tmp_path / "masks"
    for folder, names in ((root, ("a.png", "a.jpg", "b.png")), (place, ("a.png", "b.PNG"))):
        folder.mkdir()
        for name in names:
            Image.new("L", (8, 8)).save(folder / name)
    records = [ImageRecord(root / name, name, "cat", None) for name in ("a.png", "b.png", "a.jpg")]
    assert masks.paths_for(records[:2], root, place) == [place / "a.png", place / "b.PNG"]
    assert told(masks.paths_for, records, root, place) == (
        f"{root / 'a.png'} and {root / 'a.jpg'} would both have the mask {place / 'a.png'}: give one of the two "
        "another name, or leave it out by `exclude`."
    )


@pytest.mark.parametrize("name", ["../images/a.png", "{root}/images/a.png"])
def test_an_image_outside_of_its_folder_is_not_taken_for_its_own_mask(tmp_path, name):
    for folder in ("images", "table", "masks"):
        (tmp_path / folder).mkdir()
    Image.new("L", (8, 8), 9).save(tmp_path / "images" / "a.png")
    path = tmp_path / "table" / name.format(root=tmp_path)
    record = ImageRecord(path, name, "cat", None)
    assert told(masks.paths_for, [record], tmp_path / "table", tmp_path / "masks") == (
        f"{path} is not below {tmp_path / 'table'}, so that nothing says where its mask is."
    )


def test_paths_are_read_from_the_working_folder_and_may_go_up_and_down_again(tmp_path, monkeypatch):
    for folder in ("images/cat", "table", "masks/cat"):
        (tmp_path / folder).mkdir(parents=True)
    for folder in ("images/cat", "masks/cat"):
        Image.new("L", (8, 8), 9).save(tmp_path / folder / "a.png")
    monkeypatch.chdir(tmp_path / "table")
    outside = ImageRecord(Path("../images/cat/a.png"), "a", "cat", None)
    assert "so that nothing says where its mask is" in told(masks.paths_for, [outside], Path(), Path("../masks"))
    monkeypatch.chdir(tmp_path / "images")
    within = ImageRecord(Path("cat/../cat/a.png"), "a", "cat", None)
    assert masks.paths_for([within], Path(), Path("../masks")) == [Path("../masks/cat/a.png")]


def told(call, *arguments):
    with pytest.raises(UserError) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_mask_of_another_size_is_refused(pair):
    Image.new("L", (30, 40)).save(pair[0])
    assert told(loaded, pair) == (
        f"{pair[0]} is 30×40 pixels and its image 40×30, seen upright: a mask has the size of its image."
    )


def test_a_mask_fits_the_picture_as_it_is_seen(pair):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    Image.open(pair[1]).save(pair[1], exif=exif)
    Image.new("L", (30, 40), 7).save(pair[0])
    assert set(np.unique(loaded(pair)[np.array([0])])) == {7}


def test_what_is_no_mask_is_refused(pair):
    Image.new("RGB", (40, 30)).save(pair[0])
    expected = "Expected: one channel of 8 bits or less, a PNG of the image's size, 0 for background."
    assert told(loaded, pair) == f"{pair[0]} is no mask: its pixels are RGB. {expected}"
    pair[0].write_bytes(b"text")
    assert told(loaded, pair) == f"{pair[0]} is no mask: it cannot be read. {expected}"


def test_a_value_that_is_no_class_is_refused(pair):
    found = loaded(pair)
    assert told(mask_counts.count, found, np.array([0]), ("background", "cat", "dog")) == (
        f"{pair[0]} has the value 255, and there are 2 classes: cat, dog. Give values of 0 to 2, or `mask_values` own "
        "where any value but 0 is the image's own class, or say what each means, such as `mask_values` "
        "0=background,1=cat,255=ignore."
    )
    own = loaded(pair, values="own", own=2)
    counts = mask_counts.count(own, np.array([0]), ("background", "cat", "dog")).classes
    assert counts.sum() == 16 * 16
    assert counts[1] == 0
    assert counts[2] == (own[np.array([0])] == 2).sum() > 0


@pytest.mark.parametrize("rule", RESIZE_RULES)
@pytest.mark.parametrize("shape", [(30, 40), (40, 30), (32, 32), (6, 64)])
def test_a_mask_goes_back_to_the_size_of_its_picture(rule, shape):
    values = np.zeros(shape, np.uint8)
    values[:, : shape[1] // 2] = 1
    small = image.resize(Image.fromarray(values), 32, rule)
    back = masks.restore(small, shape[1], shape[0], rule)
    assert back.shape == shape
    side = min(shape)
    top, left = ((length - side) // 2 for length in shape)
    seen = (slice(top, top + side), slice(left, left + side)) if rule == "crop" else (slice(None), slice(None))
    assert (back[seen] == values[seen]).mean() > 0.9
    assert back[seen].size == back.size or not (back.sum() - back[seen].sum())


# ---- figures ---------------------------------------------------------------------------------------------------------


def test_iou_and_dice_are_those_of_the_reference():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 3, (2, 5, 8, 8)).astype(np.uint8)
    predicted[:3] = true[:3]
    each = segment.confusions(true, predicted, 4)
    total = scratch.confusion(true.astype(int), predicted, 4)
    np.testing.assert_array_equal(each.sum(axis=0), total)
    assert segment.mean_iou(total) == pytest.approx(scratch.mean_iou(total))
    assert [segment.mean_iou(one) for one in each[:3]] == [1, 1, 1]
    judged = segment.SegmentationResult(predicted, total, 0.5, np.zeros(5))
    result = segment.measure_pixels(judged, ("background", "a", "b", "never"))
    assert result["mean_iou"] == pytest.approx(scratch.mean_iou(total))
    assert result["accuracy"] == pytest.approx(scratch.accuracy(total))
    assert result["per_class"].pop("never") == dict.fromkeys(("iou", "dice", "precision", "recall")) | {"pixels": 0}
    for at, entry in enumerate(result["per_class"].values()):
        assert entry["iou"] == pytest.approx(scratch.iou(total)[at])
        assert entry["dice"] == pytest.approx(scratch.f1(total)[at])
        assert entry["precision"] == pytest.approx(scratch.precision(total)[at])
        assert entry["recall"] == pytest.approx(scratch.recall(total)[at])
    assert result["mean_dice"] == pytest.approx(scratch.f1(total)[:3].mean())
    assert result["pixels"] == true.size
    called = segment.measure_pixels(
        segment.SegmentationResult(predicted, np.array([[3, 1], [0, 0]]), 0.5, np.zeros(5)), ("background", "called")
    )
    assert called["per_class"]["called"] == {"iou": 0, "dice": 0, "precision": 0, "recall": None, "pixels": 0}
    assert segment.per_class_rows(called)[1] == ["called", "0.000", "0.000", "0.000", "–", "0"]
    assert called["mean_iou"] == pytest.approx(0.375)

"""What the values of masks mean: mappings, pixels that do not count, and values from which nothing could be learned."""

import numpy as np
import pytest
from helpers import message
from PIL import Image

from data import mask_counts, mask_values, masks
from data.dataset import load
from data.mask_values import IGNORED, meaning, pairs, parse
from data.source import Source
from data.store.hashes import hash_all
from data.store.store import Store

CLASSES = ("cat", "dog")
NAMES = ("background", *CLASSES)
OWN = np.array([1, 2], np.uint8)  # a cat, a dog


# ---- mappings --------------------------------------------------------------------------------------------------------


def test_a_mapping_gives_each_value_its_class():
    values = np.array([[[0, 1, 2, 3]]] * 2, np.uint8)
    given = meaning("0=ignore,1=own,2=background,3=dog", CLASSES, OWN)
    classes = given.apply(values, np.array([0, 1]))
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes[:, 0], [[IGNORED, 1, 0, 2], [IGNORED, 2, 0, 2]])
    assert given.ignores
    assert not meaning("0=background,1=own", CLASSES, OWN).ignores


@pytest.mark.parametrize("text", ["own", "index"])
def test_without_a_mapping_a_mask_of_any_value_is_what_it_was(text):
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    classes = meaning(text, CLASSES, OWN).apply(values, np.array([1]))
    expected = values if text == "index" else np.where(values > 0, 2, 0)
    assert classes.dtype == np.uint8
    np.testing.assert_array_equal(classes, expected)
    assert not mask_values.ignores(text)


def test_names_of_classes_may_hold_signs_of_their_own():
    assert pairs("1 = a, b , 2=x=y,255=ignore") == {1: "a, b", 2: "x=y", 255: "ignore"}
    classes = meaning("1=a, b,2=x=y", ("a, b", "x=y"), OWN).apply(np.array([[[1, 2]]], np.uint8), np.array([0]))
    assert classes.tolist() == [[[1, 2]]]


@pytest.mark.parametrize("text", ["both", "1=", "1", "256=own", "-1=own", "own=1", "1=own,", "1=own;x"])
def test_what_is_no_mapping_is_refused(text):
    if text in ("1=own,", "1=own;x"):  # names of classes as far as anybody can say
        assert message(meaning, text, CLASSES, OWN) == (
            f"`mask_values` {text}: there is no class {text[2:]}. There are: background, own, ignore, cat, dog."
        )
        return
    assert message(parse, text) == (
        "`mask_values` takes own, index, or what each value of 0 to 255 means, such as 0=ignore,1=own,2=background. "
        f"Received: {text}"
    )


def test_a_value_has_one_meaning_and_a_word_too():
    assert message(parse, "1=own,1=ignore") == (
        "`mask_values` names the value 1 twice: give it one meaning. Received: 1=own,1=ignore"
    )
    assert message(meaning, "1=ignore", ("ignore", "dog"), OWN) == (
        "`mask_values` 1=ignore: ignore has a meaning of its own here and is the name of a class too: rename the class "
        "by `labels`."
    )


# ---- what can be learned from ----------------------------------------------------------------------------------------


def folder(place, values_of, per_class=10, shape=(24, 24)):
    """Noise images of two classes, and masks of stripes in the values of each class."""
    rng = np.random.default_rng(0)
    for label, values in values_of.items():
        for number in range(per_class):
            for kind in ("photos", "masks"):
                (place / kind / label).mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 256, (*shape, 3), np.uint8)
            Image.fromarray(pixels).save(place / "photos" / label / f"{number}.png")
            stripes = np.repeat(np.array(values, np.uint8), -(-shape[1] // len(values)))[: shape[1]]
            Image.fromarray(np.tile(stripes, (shape[0], 1))).save(place / "masks" / label / f"{number}.png")
    return place


def read(place, told=None, **changes):
    settings = {"background": True, "mask_values": "own"} | changes
    source = Source(place / "photos", 24, reads_masks=True, masks=str(place / "masks"), **settings)
    lines = [] if told is None else told
    return load(source, Store(None), note=lines.append)


TRIMAP = {"cat": (1, 2, 3), "dog": (1, 2, 3)}  # animal, background, rim


def test_masks_without_background_are_refused_with_their_values_and_with_what_would_be_right(tmp_path):
    place = folder(tmp_path, TRIMAP)
    assert message(read, place) == (
        "No pixel of a mask is background: the values of the 20 masks are 1 (3,840 pixels), 2 (3,840), 3 (3,840) at "
        "24 × 24. Only 0 is that by `mask_values` own: say what each means, such as `mask_values` "
        "1=own,2=background,3=ignore; if every pixel is of a class, give `mask_values` 1=own,2=own,3=own."
    )


def test_what_the_message_advises_can_be_learned_from(tmp_path):
    place = folder(tmp_path, TRIMAP)
    told = []
    found = read(place, told, mask_values="1=own,2=background,3=ignore")
    assert set(np.unique(found.masks[np.arange(20)])) == {0, 1, 2, IGNORED}
    found = read(place, told, mask_values="1=own,2=own,3=own")  # every pixel is of a class
    assert set(np.unique(found.masks[np.arange(20)])) == {1, 2}
    assert not [line for line in told if "pixel" in line]


def test_masks_without_background_of_classes_by_index_name_them(tmp_path):
    place = folder(tmp_path, {"cat": (1, 2), "dog": (2, 1)})
    assert message(read, place, mask_values="index").endswith(
        "Only 0 is that by `mask_values` index: say what each means, such as `mask_values` 1=own,2=background; if "
        "every pixel is of a class, give `mask_values` 1=cat,2=dog."
    )
    assert set(np.unique(read(place, mask_values="1=cat,2=dog").masks[np.arange(20)])) == {1, 2}


def test_an_auxiliary_mask_needs_a_background(tmp_path):
    place = folder(tmp_path, TRIMAP)
    assert "No pixel of a mask is background" in message(read, place, background=False)
    assert message(read, place, background=False, mask_values="1=own,2=own,3=ignore").endswith(
        "`mask_values` is 1=own,2=own,3=ignore: name one of them background."
    )
    assert read(place, background=False, mask_values="1=own,2=background,3=ignore").masks.meaning.ignores


def test_masks_of_background_alone_are_refused(tmp_path):
    place = folder(tmp_path, {"cat": (0,), "dog": (0,)})
    assert message(read, place) == (
        "All pixels of the masks are background, so that nothing could be learned: the values of the 20 masks are 0 "
        "(11,520 pixels) at 24 × 24. Give masks with other values where the objects are, or say by `mask_values` what "
        "these mean."
    )
    assert message(read, place, mask_values="0=ignore").startswith("No pixel counts: the values of the 20 masks are 0")
    assert message(read, place, mask_values="0=dog").startswith("All pixels that count are dog, so that nothing could")


def test_a_class_without_a_pixel_is_told_and_sound_masks_are_not(tmp_path):
    told = []
    read(folder(tmp_path, {"cat": (0, 1), "dog": (0, 0)}), told)
    (line,) = [line for line in told if line.startswith("careful")]
    assert line == (
        "careful: no pixel of a mask is dog, so that it cannot be learned: the values of the 20 masks are 0 (8,640 "
        "pixels), 1 (2,880) at 24 × 24; `mask_values` is own"
    )
    told.clear()
    read(folder(tmp_path, {"cat": (0, 255), "dog": (7, 0)}), told)
    assert not [line for line in told if line.startswith("careful")]


def test_a_split_in_which_no_pixel_counts_is_refused(tmp_path):
    place = folder(tmp_path, {"cat": (0, 1), "dog": (0, 1)})
    for kind in ("photos", "masks"):
        for part, numbers in (("train", range(6)), ("val", (6, 7)), ("test", (8, 9))):
            for label in CLASSES:
                (place / kind / part / label).mkdir(parents=True)
                for number in numbers:
                    moved = place / kind / part / label / f"{number}.png"
                    (place / kind / label / f"{number}.png").rename(moved)
                    if kind == "masks" and part == "val":
                        Image.new("L", (24, 24), 9).save(moved)
    for label in CLASSES:
        (place / "photos" / label).rmdir()
    assert message(read, place, mask_values="0=background,1=own,9=ignore").startswith(
        "No pixel of the validation split counts: `mask_values` 0=background,1=own,9=ignore ignores all of its pixels."
    )


def test_a_value_that_a_mapping_does_not_name_is_told_with_its_file(tmp_path):
    place = folder(tmp_path, {"cat": (0, 1), "dog": (0, 1)})
    odd = place / "masks" / "dog" / "4.png"
    Image.new("L", (24, 24), 77).save(odd)
    assert message(read, place, mask_values="0=background,1=own") == (
        f"{odd} has the value 77, of which `mask_values` 0=background,1=own says nothing: say what it means too, such "
        "as 77=ignore."
    )


def test_a_name_that_is_no_class_is_told_before_images_are_read(tmp_path):
    place = folder(tmp_path, {"cat": (0, 1), "dog": (0, 1)})
    steps = []

    def progress(label, total):
        steps.append(label)
        raise AssertionError(label)

    source = Source(
        place / "photos", 24, reads_masks=True, background=True, masks=str(place / "masks"), mask_values="1=cow"
    )
    assert message(load, source, Store(None), progress) == (
        "`mask_values` 1=cow: there is no class cow. There are: background, own, ignore, cat, dog."
    )
    assert steps == []


# ---- beside a padded image -------------------------------------------------------------------------------------------


def padded(tmp_path, text, value=3):
    """A mask of one value, 40 × 20, padded to 16 × 16: a quarter above and a quarter below lie beside it."""
    Image.new("RGB", (40, 20)).save(tmp_path / "a.jpg")
    Image.new("L", (40, 20), value).save(tmp_path / "a.png")
    given = meaning(text, CLASSES, OWN[:1])
    return masks.load(
        [tmp_path / "a.png"], [tmp_path / "a.jpg"], hash_all([tmp_path / "a.jpg"]), 16, "pad", Store(None), given
    )


def test_beside_a_padded_image_is_background_whatever_0_means(tmp_path):
    for text, value, inside in (("3=own", 3, 1), ("0=ignore,3=own", 3, 1), ("0=own", 0, 1), ("own", 3, 1)):
        (mask,) = padded(tmp_path, text, value)[np.array([0])]
        assert (mask[4:12] == inside).all(), text
        assert not mask[:4].any(), text
        assert not mask[12:].any(), text


def test_what_lies_beside_a_padded_image_is_no_value_of_its_file(tmp_path):
    counts = mask_counts.count(padded(tmp_path, "own"), np.array([0]), NAMES)
    assert {value: n for value, n in enumerate(counts.values.tolist()) if n} == {3: 128}
    assert counts.classes.tolist() == [128, 128, 0]
    place = folder(tmp_path / "set", TRIMAP, shape=(12, 24))
    assert "No pixel of a mask is background" in message(read, place, resize="pad")


def test_another_mapping_needs_no_new_rows_in_the_store(tmp_path):
    place, store = folder(tmp_path / "set", TRIMAP), Store(tmp_path / "store")

    def classes_by(text):
        settings = {"reads_masks": True, "background": True, "masks": str(place / "masks"), "mask_values": text}
        return load(Source(place / "photos", 24, **settings), store).masks[np.array([0])][0, 0, ::8].tolist()

    assert classes_by("1=own,2=background,3=ignore") == [1, 0, IGNORED]
    kept = {entry.kind: entry.rows for entry in store.usage()}
    assert [rows for kind, rows in kept.items() if kind.startswith("masks")] == [20]
    assert classes_by("1=background,2=dog,3=own") == [0, 2, 1]
    assert {entry.kind: entry.rows for entry in store.usage()} == kept

"""Parquet files of images: columns, splits and classes as the hub writes them; each image unpacked once."""

import io
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers import ROOT, TOY_CLASSES, message, toy_image

from data import unpacked
from data.any_form import paths_below, scan
from data.dataset import load
from data.source import Source

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
CLASSES = {"_type": "ClassLabel", "names": list(TOY_CLASSES)}


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))


def png(label, number):
    file = io.BytesIO()
    toy_image(label, number).save(file, "PNG")
    return file.getvalue()


def rows(numbers, path="{label}{number}.png"):
    """Images and the numbers of their classes."""
    pairs = [(index, number) for number in numbers for index in range(3)]
    cells = [(TOY_CLASSES[index], number) for index, number in pairs]
    images = [{"bytes": png(label, number), "path": path.format(label=label, number=number)} for label, number in cells]
    return images, [index for index, _ in pairs]


def write(path, images, labels, label_type=None, label=CLASSES, image=IMAGE, columns=("image", "label")):
    features = {columns[0]: {"_type": "Image"}} | ({columns[1]: label} if label else {})
    metadata = {b"huggingface": json.dumps({"info": {"features": features}}).encode()} if label else {}
    fields = zip(columns, (image, label_type or pa.int64()), strict=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.table([images, labels], pa.schema(list(fields), metadata)), path, row_group_size=4)


def hub(root):
    """Two shards to learn from, one of validation, one of test."""
    write(root / "data" / "train-00000-of-00002.parquet", *rows(range(5)))
    write(root / "data" / "train-00001-of-00002.parquet", *rows(range(5, 10)))
    write(root / "data" / "validation-00000-of-00001.parquet", *rows(range(10, 12)))
    write(root / "data" / "test-00000-of-00001.parquet", *rows(range(12, 15)))
    return root


def test_shards_give_split_classes_and_pixels(tmp_path):
    found = load(Source(hub(tmp_path / "set"), 32))
    assert found.class_names == TOY_CLASSES
    assert found.sizes() == {"train": 30, "val": 6, "test": 9}
    assert found.skipped == ()
    for record in found.images.records:
        assert record.name.startswith("data/train-0000" if record.split == "train" else f"data/{record.split}")
        label, number = record.label, int(record.name.rpartition(record.label)[2].removesuffix(".png"))
        assert record.path.read_bytes() == png(label, number)
    assert {image.name: image.path for image in found.images.records} == paths_below(tmp_path / "set")


def test_images_are_unpacked_once_and_anew_when_a_file_changed(tmp_path):
    root = hub(tmp_path / "set")
    first = scan(root)
    times = [image.path.stat().st_mtime_ns for image in first.images]
    assert [image.path.stat().st_mtime_ns for image in scan(root).images] == times
    write(root / "data" / "test-00000-of-00001.parquet", *rows(range(12, 14)))
    assert len(scan(root).images) == len(first.images) - 3
    assert unpacked.usage()[0] == len(first.images) - 3
    assert len(list(unpacked.place().iterdir())) == 1
    assert unpacked.clear() > 0
    assert not unpacked.place().exists()


def _emptied(folder, image):
    image.write_bytes(b"")


def _replaced(folder, image):
    time.sleep(0.01)  # another time, of the same size
    image.write_bytes(bytes(len(image.read_bytes())))


def _removed(folder, image):
    image.unlink()


def _without_index(folder, image):
    (folder / unpacked.INDEX).unlink()


def _damaged_index(folder, image):
    (folder / unpacked.INDEX).write_text('["0000/0000000.png", 1', encoding="utf-8")


@pytest.mark.parametrize("damage", [_emptied, _replaced, _removed, _without_index, _damaged_index])
def test_what_was_changed_in_the_cache_is_unpacked_anew(tmp_path, damage):
    root = hub(tmp_path / "set")
    before = [(image.name, image.label, image.path.read_bytes()) for image in scan(root).images]
    (folder,) = unpacked.place().iterdir()
    damage(folder, scan(root).images[3].path)
    found = scan(root)
    assert not found.skipped
    assert [(image.name, image.label, image.path.read_bytes()) for image in found.images] == before
    assert list(unpacked.place().iterdir()) == [folder]


def test_clearing_leaves_what_another_command_unpacks_just_now(tmp_path):
    scan(hub(tmp_path / "set"))
    busy = unpacked.place() / "another.tmp"
    busy.mkdir()
    unpacked.clear()
    assert list(unpacked.place().iterdir()) == [busy]
    old = time.time() - unpacked.LEFT_AFTER - 1
    os.utime(busy, (old, old))
    unpacked.clear()
    assert not unpacked.place().exists()


def test_bad_rows_are_left_out_with_their_reason(tmp_path):
    images, labels = rows(range(6))
    images[0], images[1] = {"bytes": None, "path": "far/gone.png"}, {"bytes": None, "path": None}
    labels[2], labels[3], images[4] = -1, 7, {"bytes": b"junk", "path": None}
    write(tmp_path / "set" / "0000.parquet", images, labels)
    reasons = {
        "0000/circle1.png": "its label is 7, and the 3 classes are numbered from 0",
        "0000/gone.png": "it holds no image, but a path that is not there: far/gone.png",
        "0000/000001": "it holds no image",
        "0000/stripes0.png": "it has no label",
    }
    assert {item.name: item.reason for item in scan(tmp_path / "set").skipped} == reasons
    more = {item.name: item.reason for item in load(Source(tmp_path / "set", 32, min_classes=2)).skipped}
    assert more["0000/000004"].startswith("not an image in a format read here")


def test_without_features_the_names_of_columns_count_and_labels_may_be_texts(tmp_path):
    images, labels = rows(range(3))
    texts = [TOY_CLASSES[index] for index in labels]
    write(tmp_path / "a" / "x.parquet", images, texts, pa.string(), label=None, columns=("img", "labels"))
    plain = [image["bytes"] for image in images]
    write(tmp_path / "b" / "x.parquet", plain, labels, label=None, image=pa.binary())
    assert scan(tmp_path / "a").class_names == TOY_CLASSES
    found = scan(tmp_path / "b")
    assert found.class_names == ("0", "1", "2")
    assert [image.split for image in found.images] == [None] * 9
    assert found.images[0].name == "x/000000"


def test_a_list_is_several_labels(tmp_path):
    images, labels = rows(range(3))
    of_list = {"_type": "List", "feature": CLASSES}
    write(tmp_path / "x.parquet", images, [[0, index] for index in labels], pa.list_(pa.int64()), of_list)
    found = scan(tmp_path, several_labels=True)
    assert {image.label for image in found.images} == {"circle", "circle|square", "circle|stripes"}


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("texts", [False, True])
def test_numbers_without_names_beside_names_are_refused(several, texts, tmp_path):
    images, labels = rows(range(3))
    names = [TOY_CLASSES[index] for index in labels] if texts else labels
    if several:
        labels, names = ([[one] for one in column] for column in (labels, names))
    numbers, named = (
        pa.list_(kind) if several else kind for kind in (pa.int64(), pa.string() if texts else pa.int64())
    )
    feature = CLASSES if not several else {"_type": "List", "feature": CLASSES}
    write(tmp_path / "part-0.parquet", images, names, named, None if texts else feature)
    write(tmp_path / "part-1.parquet", images, labels, numbers, None)
    write(tmp_path / "part-2.parquet", images, labels, numbers, None)
    told = message(scan, tmp_path, several_labels=several)
    parts = [tmp_path / f"part-{number}.parquet" for number in range(2)]
    assert told.startswith(f"{parts[1]} numbers its classes and names none of them, and {parts[0]} names its classes: ")
    assert list(unpacked.place().iterdir()) == []
    parts[0].unlink()
    assert scan(tmp_path, several_labels=several).class_names == ("0", "1", "2")


def test_names_may_have_other_numbers_in_another_file(tmp_path):
    images, labels = rows(range(3))
    write(tmp_path / "part-0.parquet", images, labels)
    turned = {**CLASSES, "names": CLASSES["names"][::-1]}
    write(tmp_path / "part-1.parquet", images, [2 - label for label in labels], label=turned)
    write(tmp_path / "part-2.parquet", images, [TOY_CLASSES[index] for index in labels], pa.string(), label=None)
    found = scan(tmp_path)
    assert all(image.name.rpartition("/")[2].startswith(image.label) for image in found.images)


def test_columns_that_are_missing_or_several_are_told(tmp_path):
    images, labels = rows(range(2))
    write(tmp_path / "a" / "x.parquet", images, labels, label=None, columns=("picture", "label"))
    write(tmp_path / "b" / "x.parquet", images, labels, label=None, columns=("image", "kind"))
    there = {place: f"{tmp_path / place / 'x.parquet'}" for place in "ab"}
    assert message(scan, tmp_path / "a") == (
        f"{there['a']} has no column of images: name it image. It has: picture, label."
    )
    assert message(scan, tmp_path / "b") == f"{there['b']} has no column of labels: name it label. It has: image, kind."


@pytest.mark.parametrize("content", [b"PAR1 and no more", b""])
def test_a_broken_file_is_named(content, tmp_path):
    (tmp_path / "train-0.parquet").write_bytes(content)
    assert message(scan, tmp_path).startswith(f"{tmp_path / 'train-0.parquet'} cannot be read as Parquet: ")
    assert list(unpacked.place().iterdir()) == []


def test_a_folder_of_classes_stays_one_beside_a_parquet_file(tmp_path):
    for label in TOY_CLASSES:
        (tmp_path / label).mkdir()
        (tmp_path / label / "0.png").write_bytes(png(label, 0))
    (tmp_path / "features.parquet").write_bytes(b"PAR1")
    assert scan(tmp_path).class_names == TOY_CLASSES


WITHOUT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "pyarrow" else find(name)  # as where it is not installed
import main
sys.exit(main.main(sys.argv[1:]))
"""


def test_without_pyarrow_the_command_is_told(tmp_path):
    root = tmp_path / "set"
    write(root / "train-0.parquet", *rows(range(3)))
    words = [sys.executable, "-c", WITHOUT, "check", "--data", str(root)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert (
        f"error: {root} holds Parquet files, such as train-0.parquet, which need pyarrow: python -m pip install -r "
        "requirements-parquet.txt, or give a folder of image files."
    ) in ran.stderr


def test_pixels_are_decoded_once_and_known_by_content(tmp_path, monkeypatch):
    from data.store.store import Store

    store = Store(tmp_path / "store")
    first = load(Source(hub(tmp_path / "set"), 32), store)
    pixels = np.asarray(first.images.pixels)
    (tmp_path / "set").rename(tmp_path / "moved")
    kinds = {entry.kind: entry.rows for entry in store.usage()}
    again = load(Source(tmp_path / "moved", 32), store)
    np.testing.assert_array_equal(np.asarray(again.images.pixels), pixels)
    assert {entry.kind: entry.rows for entry in store.usage()} == kinds


def test_a_column_of_paths_is_followed_and_what_holds_no_bytes_is_left_out_with_its_reason(tmp_path):
    root = tmp_path / "set"
    images, labels = rows(range(2))
    (root / "files").mkdir(parents=True)
    (tmp_path / "outside.png").write_bytes(png("circle", 9))
    paths = []
    for number, image in enumerate(images):
        paths.append(f"files/{number}.bin")
        (root / paths[-1]).write_bytes(image["bytes"])
    paths[3], paths[4], paths[5] = "files/no.png", str(tmp_path / "outside.png"), "iVBORw0KGgo" * 900
    texts = [TOY_CLASSES[label] for label in labels]
    write(root / "x.parquet", paths, texts, pa.string(), label=None, image=pa.string())
    found = scan(root)
    assert [image.path.read_bytes() for image in found.images] == [image["bytes"] for image in images[:3]]
    assert {item.name: item.reason for item in found.skipped} == {
        "x/no.png": "it holds no image, but a path that is not there: files/no.png",
        "x/outside.png": f"it holds no image, but a path outside of {root}: {tmp_path / 'outside.png'}",
        "x/000005": "it holds a text that is no path",
    }
    of_lists, of_numbers = [[1, 2]] * 6, [7] * 6
    write(tmp_path / "l" / "x.parquet", of_lists, texts, pa.string(), label=None, image=pa.list_(pa.uint8()))
    write(tmp_path / "n" / "x.parquet", of_numbers, texts, pa.string(), label=None, image=pa.int64())
    for place, what in (("l", "a list"), ("n", "a number")):
        assert f"such as x/000000: it holds no bytes of an image file, but {what})" in message(scan, tmp_path / place)


def test_a_path_that_is_the_number_of_another_row_hides_no_image(tmp_path):
    images, labels = rows(range(4))
    for number, image in enumerate(images):
        image["path"] = f"{number + 1:06d}" if number % 2 else None
    write(tmp_path / "x.parquet", images, labels)
    found = scan(tmp_path)
    assert len(found.images) == 12
    assert {image.path.read_bytes() for image in found.images} == {image["bytes"] for image in images}


def test_a_picture_for_the_page_of_a_data_set_is_none_of_its_images(tmp_path):
    root = hub(tmp_path / "set")
    before = scan(root)
    for place in ("cover.png", "data/thumbnail.png"):
        (root / place).write_bytes(png("circle", 30))
    assert scan(root).images == before.images


def test_words_of_splits_count_where_train_is_one_and_else_are_parts_of_names(tmp_path):
    images, labels = rows(range(4))
    write(tmp_path / "beaker.parquet", images[:6], labels[:6])
    write(tmp_path / "test_tube.parquet", images[6:], labels[6:])
    found = scan(tmp_path)
    assert {image.split for image in found.images} == {None}
    assert found.notes[-1] == f"{tmp_path}: no name has train, so the words in names are no splits (test)"
    assert len(found.images) == 12
    write(tmp_path / "train.parquet", images, labels)
    found = scan(tmp_path)
    assert {image.split for image in found.images} == {"train", "test"}
    assert {item.name for item in found.skipped if item.reason == "in none of the splits"} == {
        f"beaker/{image['path']}" for image in images[:6]
    }


def test_a_table_of_another_program_beside_images_is_no_data_set(tmp_path):
    parquet.write_table(pa.table({"path": ["a"], "score": [1.0]}), tmp_path / "scores.parquet")
    (tmp_path / "circle").mkdir()
    (tmp_path / "circle" / "0.png").write_bytes(png("circle", 0))
    assert [image.name for image in scan(tmp_path, min_classes=1).images] == ["circle/0.png"]
    (tmp_path / "1.png").write_bytes(png("square", 1))
    lines = ["file_name,label", "1.png,square", "circle/0.png,circle"]
    (tmp_path / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    assert {image.label for image in scan(tmp_path).images} == {"circle", "square"}
    assert set(paths_below(tmp_path)) == {"1.png", "circle/0.png"}

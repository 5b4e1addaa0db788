"""What is found by content of a table, of Parquet files and of copies; and the masks and boxes of moved images."""

import os
import shutil
from pathlib import Path

import pytest
from helpers import make_masks, make_toy

from data.folder import ImageRecord
from data.split import SplitEntry, write_split
from data.store.hashes import hash_file
from study.predict.segment import own_masks
from study.runs.folder import Run
from study.runs.images import located, masks_of, with_data
from study.saved.cut import own_boxes


def small_run(folder, files, root, **data):
    """A run folder with a split of some files below `root`, no more, and what it notes of its data."""
    folder.mkdir()
    rows = [
        SplitEntry(Path(os.path.relpath(file, root)).as_posix(), hash_file(file), "circle", "test") for file in files
    ]
    write_split(folder / "split.csv", rows)
    return Run(folder, {"data": {"folder": str(root), **data}})


def test_of_a_table_the_folder_that_held_its_images_is_searched_and_no_other(tmp_path):
    images = make_toy(tmp_path / "much else" / "photos", 2)
    run = small_run(tmp_path / "run", sorted(images.rglob("*.png")), tmp_path, table=str(tmp_path / "labels.csv"))
    inside, outside = images / "circle" / "0.png", images / "square" / "1.png"
    inside.rename(images / "stripes" / "new.png")
    outside.rename(tmp_path / "outside.png")
    found = located(run, ("test",)).files
    assert found["much else/photos/circle/0.png"] == images / "stripes" / "new.png"
    assert "much else/photos/square/1.png" not in found
    named = located(with_data(run, str(tmp_path)), ("test",)).files
    assert named["much else/photos/square/1.png"] == tmp_path / "outside.png"


def test_a_table_beside_its_images_is_searched_around(tmp_path):
    images = make_toy(tmp_path / "photos", 1)
    run = small_run(tmp_path / "run", sorted(images.rglob("*.png")), images / "circle", table="labels.csv")
    assert len(located(run, ("test",)).files) == 3
    (images / "square" / "0.png").rename(images / "circle" / "moved.png")
    assert located(run, ("test",)).files["../square/0.png"] == images / "circle" / "moved.png"


def test_images_of_parquet_files_are_found_in_files_of_another_name(tmp_path, monkeypatch):
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    plain, hub = make_toy(tmp_path / "plain", 2), tmp_path / "hub"
    hub.mkdir()
    files = sorted(plain.rglob("*.png"))
    columns = {
        "image": [{"bytes": file.read_bytes(), "path": None} for file in files],
        "label": [f.parent.name for f in files],
    }
    parquet.write_table(pa.table(columns), hub / "train.parquet")
    run = small_run(tmp_path / "run", files, plain)
    run = Run(run.folder, {"data": {"folder": str(hub)}})
    found = located(run, ("test",)).files
    assert [hash_file(found[f"{file.parent.name}/{file.name}"]) for file in files] == list(map(hash_file, files))


def test_one_of_two_copies_is_enough(tmp_path):
    images = make_toy(tmp_path / "photos", 1)
    copy = shutil.copy(images / "circle" / "0.png", images / "circle" / "copy.png")
    run = small_run(tmp_path / "run", sorted(images.rglob("*.png")), images)
    Path(copy).unlink()
    assert located(run, ("test",)).files["circle/copy.png"] == images / "circle" / "0.png"


# ---- what belongs to images ----


def test_the_mask_of_a_renamed_image_is_that_of_its_new_path_or_of_its_former_one(tmp_path):
    images = make_toy(tmp_path / "photos", 2)
    masks = make_masks(images, tmp_path / "masks")
    files = sorted(images.rglob("*.png"))
    run = small_run(tmp_path / "run", files, images, masks=str(masks))
    (images / "circle" / "0.png").rename(images / "circle" / "alone.png")
    (images / "circle" / "1.png").rename(images / "circle" / "with.png")
    (masks / "circle" / "1.png").rename(masks / "circle" / "with.png")
    run = located(run, ("test",))
    records = [ImageRecord(run.files[name], name, "circle", "test") for name in ("circle/0.png", "circle/1.png")]
    assert own_masks(records, images, masks_of(run)) == [masks / "circle" / "0.png", masks / "circle" / "with.png"]


def test_masks_that_moved_along_with_the_images_are_beside_them(tmp_path):
    images = make_toy(tmp_path / "all" / "photos", 1)
    masks = make_masks(images, tmp_path / "all" / "masks")
    run = small_run(tmp_path / "run", sorted(images.rglob("*.png")), images, masks=str(masks))
    assert masks_of(with_data(run, str(images))) == masks
    now = (tmp_path / "all").rename(tmp_path / "now")
    assert masks_of(run) == masks
    assert masks_of(with_data(run, str(now / "photos"))) == now / "masks"


def test_the_box_of_a_renamed_image_comes_along(tmp_path):
    images = make_toy(tmp_path / "photos", 1)
    run = small_run(tmp_path / "run", sorted(images.rglob("*.png")), images)
    run = Run(run.folder, {**run.info, "crop": {"to": "box"}})
    (run.folder / "boxes.csv").write_text("path,left,top,right,bottom\ncircle/0.png,1,2,9,9\n")
    (images / "circle" / "0.png").rename(images / "square" / "new.png")
    run = located(run, ("test",))
    assert own_boxes(run, run.files) == {images / "square" / "new.png": (1, 2, 9, 9)}

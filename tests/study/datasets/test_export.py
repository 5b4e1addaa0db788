"""A data set that was written is read back with the same split, labels and pixels; nothing is written over."""

import importlib.util
import json

import numpy as np
import pytest
from helpers import call, fails, make_toy, message

from data import hub_write
from data.dataset import load
from data.source import Source
from data.split import read_split, write_split
from study import tasks
from study.datasets.export import SIZE

with_pyarrow = pytest.mark.skipif(importlib.util.find_spec("pyarrow") is None, reason="needs pyarrow")
FORMS = ["imagefolder", pytest.param("parquet", marks=with_pyarrow)]
ODD = {"circle": "a/b", "square": "=sum", "stripes": "con"}  # class names that make no folder, or a formula


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def table(tmp_path):
    """Toy images under odd class names, many of the same file name."""
    make_toy(tmp_path / "images", 10)
    paths = sorted((tmp_path / "images").rglob("*.png"))
    lines = [f"{path.relative_to(tmp_path).as_posix()},{ODD[path.parent.name]}" for path in paths]
    (tmp_path / "photos.csv").write_text("\n".join(["path,label", *lines]) + "\n", encoding="utf-8")
    return tmp_path / "photos.csv"


def by_content(dataset):
    """Content -> split, label and pixels."""
    pixels = np.asarray(dataset.images.pixels)
    rows = zip(dataset.entries, pixels, strict=True)
    return {entry.sha256: (entry.split, entry.label, image.tobytes()) for entry, image in rows}


@pytest.mark.parametrize("form", FORMS)
def test_split_labels_and_pixels_come_back(form, table, tmp_path):
    out = tmp_path / "deep" / "out"
    ran = call("export-data", "--data", table, "--out", out, "--format", form, "--split", "3:1:1", "--json")
    assert ran.code == 0, ran.err
    values = json.loads(ran.out)
    splits = {"train": 18, "val": 6, "test": 6}
    assert values["splits"] == splits
    assert values["next"]["command"] == f"python main.py train --data {out}"
    before, after = load(Source(table, SIZE, split=(3, 1, 1))), load(Source(out, SIZE))
    assert after.sizes() == splits
    assert set(after.class_names) == set(ODD.values())
    assert by_content(after) == by_content(before)
    assert sorted(path.name for path in out.parent.iterdir()) == ["out"]


@pytest.mark.parametrize("form", FORMS)
def test_several_labels_come_back(form, table, tmp_path):
    lines = table.read_text(encoding="utf-8").splitlines()
    more = [f"{line.rpartition(',')[0]},round" for line in lines[1:9]]
    table.write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    ran = call("export-data", "--data", table, "--out", out, "--format", form, "--task", "multilabel")
    assert ran.code == 0, ran.err
    task = tasks.get("multilabel")
    several = {"several_labels": True, "assign": task.assign, "min_classes": task.MIN_CLASSES}
    before, after = (by_content(load(Source(place, SIZE, **several))) for place in (table, out))
    assert {key: (split, {*label.split("|")}) for key, (split, label, _) in after.items()} == {
        key: (split, {*label.split("|")}) for key, (split, label, _) in before.items()
    }
    assert any("|" in label for _, label, _ in after.values())


def test_an_earlier_split_is_kept(table, tmp_path):
    dataset = load(Source(table, 32, split=(1, 1, 1), seed=7))
    write_split(tmp_path / "split.csv", dataset.entries)
    words = ("--data", table, "--out", tmp_path / "out", "--split-file", tmp_path / "split.csv")
    assert call("export-data", *words).code == 0
    kept = {entry.sha256: entry.split for entry in read_split(tmp_path / "split.csv")}
    assert {sha256: split for sha256, (split, _, _) in by_content(load(Source(tmp_path / "out", 32))).items()} == kept


def test_the_image_folder_shows_its_classes_and_names_every_file(table, tmp_path):
    assert call("export-data", "--data", table, "--out", tmp_path / "out").code == 0
    train = tmp_path / "out" / "train"
    assert {path.name for path in train.iterdir()} == {"a_b", "=sum", "_con", "metadata.jsonl"}
    rows = [json.loads(line) for line in (train / "metadata.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["label"] for row in rows} == set(ODD.values())
    assert sorted(row["file_name"] for row in rows) == sorted(
        path.relative_to(train).as_posix() for path in train.rglob("*.png")
    )


@with_pyarrow
def test_large_splits_are_divided_into_shards_that_the_hub_names_so(table, tmp_path):
    from pyarrow import parquet

    dataset = load(Source(table, 32))
    (tmp_path / "out").mkdir()
    hub_write.parquet(dataset, tmp_path / "out", lambda: None, shard_bytes=10_000)
    names = sorted(path.name for path in (tmp_path / "out" / "data").glob("train-*"))
    assert len(names) > 1
    assert names == [f"train-{number:05d}-of-{len(names):05d}.parquet" for number in range(len(names))]
    assert by_content(load(Source(tmp_path / "out", 32))) == by_content(dataset)
    schema = parquet.read_schema(tmp_path / "out" / "data" / names[0])
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features == {
        "image": {"_type": "Image"},
        "label": {"names": list(dataset.class_names), "_type": "ClassLabel"},
    }


def test_nothing_is_written_over_and_nothing_among_the_images(table, tmp_path):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    for out in (full, full / "mine.txt"):
        ran = call("export-data", "--data", table, "--out", out)
        assert ran.code == 2
        assert f"so that nothing is overwritten. Received: {out}, which is there." in ran.err
    images = tmp_path / "images"
    ran = call("export-data", "--data", images, "--out", images / "out")
    assert "lies within the images, which stay as they are" in ran.err
    assert call("export-data", "--data", images).err == (
        "error: export-data needs --out DIR, a new or empty folder for the data set.\n"
    )
    (tmp_path / "empty").mkdir()
    assert call("export-data", "--data", table, "--out", tmp_path / "empty").code == 0
    assert [path.name for path in full.iterdir()] == ["mine.txt"]


def test_a_file_that_changed_meanwhile_ends_it(table, tmp_path):
    dataset = load(Source(table, 32))
    (tmp_path / "out").mkdir()
    changed = dataset.images.records[0].path
    changed.write_bytes(dataset.images.records[1].path.read_bytes())
    told = message(hub_write.image_folder, dataset, tmp_path / "out", lambda: None)
    assert told == f"{changed} was changed or removed during the run. Start again."


@pytest.mark.skipif(importlib.util.find_spec("pyarrow") is not None, reason="pyarrow is there")
def test_parquet_without_pyarrow_is_refused_before_the_work(table, tmp_path):
    ran = call("export-data", "--data", table, "--out", tmp_path / "out", "--format", "parquet")
    assert (ran.code, ran.err) == (
        2,
        "error: --format parquet needs pyarrow: python -m pip install -r requirements-parquet.txt, or give --format "
        "imagefolder.\n",
    )


def test_a_map_of_folders_is_refused_where_an_image_has_several_labels(table, tmp_path):
    (tmp_path / "labels.csv").write_text("folder,class\na/b,slash\n")
    words = ("--data", table, "--labels", tmp_path / "labels.csv", "--task", "multilabel", "--out", tmp_path / "out")
    text = "--labels is for --task classify. Received: --task multilabel; leave one of the two out."
    fails(call("export-data", *words), text, tmp_path / "out")

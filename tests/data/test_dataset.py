"""From the settings to images, labels and parts: what each flag about the data does to them."""

import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from helpers import TOY_CLASSES, make_patches, make_toy, message
from PIL import Image

from data.dataset import label_array
from data.drawn import folder as drawn_folder
from data.folder import Scan
from data.mask_set import check_files
from data.source import Source
from data.split import SplitEntry, write_split
from data.store.store import Store
from study.settings.source import load_dataset
from study.settings.train import TrainSettings

FEW = 60  # drawings


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    return drawn_folder.write(tmp_path_factory.mktemp("few"), FEW, 32)


@pytest.fixture
def embedded(few, monkeypatch):
    """The embedded drawings, but few of them."""
    monkeypatch.setattr("data.dataset.synthetic_images", lambda *_: few)


def loaded(**settings):
    return load_dataset(TrainSettings.of(**{"image_size": 32, **settings}), Store(None))


@pytest.mark.parametrize(("label", "names"), [("facing", ("left", "right")), ("coat", None)])
def test_drawings_can_be_learned_by_another_label(embedded, few, label, names):
    dataset, annotated = loaded(label=label), drawn_folder.annotation(few, label)
    assert {row.path: row.label for row in dataset.entries} == annotated
    assert set(dataset.class_names) == set(names or annotated.values())
    assert len(dataset.entries) == FEW


def test_the_coat_is_a_second_label_of_the_drawings(embedded, few):
    second, coats = loaded(auxiliary="coat").auxiliary, drawn_folder.annotation(few, "coat")
    told = [second.names[number] for number in second.labels]
    assert told == [coats[row.path] for row in loaded().entries]


@pytest.mark.parametrize("settings", [{"task": "segment", "model": "unet"}, {"auxiliary": "mask"}])
def test_drawings_bring_their_own_masks(embedded, few, settings):
    dataset = loaded(**settings)
    for at in (0, FEW - 1):
        row = dataset.entries[at]
        mask = Image.open(few.parent / "masks" / row.path.replace(".jpg", ".png"))
        number = 1 + dataset.class_names.index(row.label)
        np.testing.assert_array_equal(dataset.masks[np.array([at])][0], np.where(np.asarray(mask), number, 0))
    for split, indices in dataset.examples().indices.items():
        counted = np.bincount(dataset.masks[indices].ravel(), minlength=1 + len(dataset.class_names))
        assert dataset.mask_counts[split].classes.tolist() == counted.tolist()


@pytest.mark.parametrize(("rule", "left", "top"), [("crop", 200, 200), ("pad", 100, 128), ("squash", 100, 200)])
def test_pictures_become_square_by_the_rule_that_is_asked_for(tmp_path, rule, left, top):
    data = make_toy(tmp_path, 3)
    wide = np.full((40, 80, 3), 200, np.uint8)
    wide[:, :20] = wide[:, -20:] = 100  # dark sides
    Image.fromarray(wide).save(data / "circle" / "wide.png")
    dataset = loaded(data=str(data), resize=rule)
    (at,) = (at for at, row in enumerate(dataset.entries) if row.path == "circle/wide.png")
    picture = dataset.images.pixels[np.array([at])][0].astype(int)
    assert abs(picture[16, 0] - left).max() < 10  # an edge is smoothed
    assert abs(picture[0, 16] - top).max() < 10


def test_more_classes_than_a_mask_can_name_are_refused(tmp_path):
    source = Source(None, 32, background=True)
    ignoring = replace(source, mask_values="0=ignore,1=own")
    names = tuple(map(str, range(256)))
    for asked, most in ((source, 255), (ignoring, 254)):  # one value is that of the pixels that do not count
        assert message(check_files, Scan(tmp_path, (), (), names[: most + 1]), tmp_path, asked).startswith(
            f"Masks are bytes and tell {most} classes from the background; "
        )
        check_files(Scan(tmp_path, (), (), names[:most]), tmp_path, asked)


def test_marks_that_fit_no_picture_are_told(tmp_path, capsys):
    data = make_toy(tmp_path / "toy", 5)
    marked = ("circle/0.png", "Circle/1.png", "circle")  # a picture, one of another name, a row about a class
    (tmp_path / "check.csv").write_text("path,drop\n" + "".join(f"{path},x\n" for path in marked))
    dataset = loaded(data=str(data), exclude=str(tmp_path / "check.csv"))
    assert len(dataset.entries) == 14
    told = f"2 of 3 marked rows name no image of {data}, such as Circle/1.png; they leave nothing out"
    assert f"--exclude {tmp_path / 'check.csv'}: {told}\n" in capsys.readouterr().out


def test_parts_are_as_large_as_asked_for(tmp_path):
    dataset = loaded(data=str(make_toy(tmp_path, 20)), split=(2, 1, 1))
    for label in TOY_CLASSES:
        sizes = Counter(row.split for row in dataset.entries if row.label == label)
        assert [abs(sizes[split] - size) <= 1 for split, size in (("train", 10), ("val", 5), ("test", 5))] == [True] * 3


def test_classes_are_merged_by_a_file_which_is_kept_as_it_is(tmp_path):
    data, text = make_toy(tmp_path / "toy", 5), "folder,class\ncircle,round\nsquare,angular\nstripes,angular\n"
    (tmp_path / "labels.csv").write_text(text)
    dataset = loaded(data=str(data), labels=str(tmp_path / "labels.csv"))
    assert Counter(row.label for row in dataset.entries) == {"round": 5, "angular": 10}
    assert dataset.label_text == text


def test_a_part_that_folders_do_not_give_is_taken_out_of_training(tmp_path, capsys):
    make_toy(tmp_path / "train", 20)
    make_toy(tmp_path / "test", 5, first=100)
    for picture in list((tmp_path / "train" / "stripes").iterdir())[2:]:
        picture.unlink()  # too few to give one away
    dataset = loaded(data=str(tmp_path))
    counts = {split: sum(classes.values()) for split, classes in dataset.counts().items()}
    assert counts == {"train": 38, "val": 4, "test": 15}
    assert dataset.counts()["train"]["stripes"] == 2
    assert {row.split for row in dataset.entries if row.path.startswith("test/")} == {"test"}
    assert f"{tmp_path} gives no val split: 4 of its 42 training images are that\n" in capsys.readouterr().out
    assert dataset.entries == loaded(data=str(tmp_path)).entries


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"split": (6, 2, 2)}, "gives train, validation and test in names: leave `split` and `split_file` out."),
        ({"split_file": "split.csv"}, "gives train, validation and test in names: leave `split` and `split_file` out."),
        (
            {},
            "no training image of stripes, which could never be learnt: add some, or leave out or merge folders by "
            "`labels`.",
        ),
    ],
)
def test_parts_that_folders_give_are_not_divided_again(tmp_path, settings, text):
    for split in ("train", "val", "test"):
        make_toy(tmp_path / "toy" / split, 3, first=10 * len(split))
    for picture in (tmp_path / "toy" / "train" / "stripes").iterdir():
        picture.rename(tmp_path / "toy" / "val" / "stripes" / f"more{picture.name}")
    if "split_file" in settings:
        whole = loaded(data=str(make_toy(tmp_path / "whole", 5)))
        (tmp_path / "split.csv").write_text(
            "path,sha256,label,part\n"
            + "".join(f"{row.path},{row.sha256},{row.label},{row.split}\n" for row in whole.entries)
        )
        settings = {"split_file": str(tmp_path / "split.csv")}
    assert message(loaded, data=str(tmp_path / "toy"), **settings).endswith(text)


def test_a_split_file_that_puts_one_content_into_two_splits_is_told_and_nothing_is_judged_by_what_was_learned(
    tmp_path, capsys
):
    data, table = make_toy(tmp_path / "toy", 10), tmp_path / "split.csv"
    rows = [(row.path, row.sha256.upper(), row.label, row.split) for row in loaded(data=str(data)).entries]
    known = [next(row for row in rows if row[3] == split) for split in ("train", "test")]
    twice = [(*known[0][:3], "test"), (*known[1][:3], "train")]
    table.write_text("path, sha256, label, part\n" + "".join(", ".join(row) + " \n" for row in (*rows, *twice)))
    splits = {row.path: row.split for row in loaded(data=str(data), split_file=str(table)).entries}
    moved = {path for path, _, _, split in rows if splits[path] != split}
    assert moved == {known[1][0]}
    assert splits[known[1][0]] == splits[known[0][0]] == "train"
    printed = capsys.readouterr().out
    assert "--split-file: 28 of 30 images keep their split\n" in printed
    few = min(known[0][0], known[1][0], key=[row[0] for row in rows].index)
    assert (
        f"careful: --split-file {table} has 2 image(s), such as {few}, in several splits: they are learned" in printed
    )


def test_a_split_file_is_kept_where_classes_came_were_renamed_and_went(tmp_path, capsys):
    """Images go by their content: a class that came is divided as new ones, and the others stay where they are."""
    data, table = make_patches(tmp_path / "data", 19), tmp_path / "split.csv"
    shutil.move(data / "square", tmp_path / "square")
    rows = loaded(data=str(data)).entries
    write_split(table, rows)
    before = {row.sha256: row.split for row in rows}
    shutil.move(tmp_path / "square", data / "square")
    (data / "stripes").rename(data / "bands")
    capsys.readouterr()
    grown = loaded(data=str(data), split_file=str(table), seed=1).entries
    assert before.items() <= {row.sha256: row.split for row in grown}.items()
    assert Counter(row.split for row in grown if row.label == "square") == {"train": 16, "val": 2, "test": 2}
    printed = capsys.readouterr().out
    assert "--split-file: 40 of 60 images keep their split\n" in printed
    assert "--split-file has no image of square: these are divided by the ratio, like all new ones\n" in printed
    shutil.rmtree(data / "circle")
    left = loaded(data=str(data), split_file=str(table)).entries
    assert [(row.sha256, row.split) for row in left if row.label == "bands"] == [
        (row.sha256, row.split) for row in grown if row.label == "bands"
    ]


def test_a_table_that_gives_the_parts_is_told_by_its_column(tmp_path):
    data, table = make_toy(tmp_path / "toy", 10), tmp_path / "t.csv"
    rows = loaded(data=str(data)).entries
    table.write_text("path,label,part\n" + "".join(f"toy/{row.path},{row.label},{row.split}\n" for row in rows))
    assert message(loaded, data=str(table), split=(6, 2, 2)) == (
        f"{table} gives train, validation and test in a column: leave `split` and `split_file` out."
    )


def test_labels_become_numbers_and_several_of_them_a_row_of_0_and_1():
    names = ("cat", "dog", "spotted")
    entries = [SplitEntry(f"{at}.png", f"{at:064x}", text) for at, text in enumerate(("spotted|cat", "", "dog"))]
    several = label_array(entries, names, several=True)
    assert several.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert several.dtype == np.float32
    assert label_array(entries[2:], names, several=False).tolist() == [1]
    assert label_array([], names, several=True).shape == (0, 3)

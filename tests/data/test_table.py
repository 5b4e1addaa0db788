"""A table as the data set: what is read of it, and what is refused."""

import unicodedata

import pytest
from helpers import TOY_CLASSES, call, make_toy, message, toy_image

from data import split
from data.dataset import load
from data.source import Source
from data.table import scan
from study.tasks import multilabel


@pytest.fixture
def images(tmp_path):
    return make_toy(tmp_path / "images", 5)


def write(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def rows_of(images, first="images/"):
    return [(f"{first}{label}/{number}.png", label) for label in TOY_CLASSES for number in range(5)]


def test_columns_are_found_by_name_in_any_order_and_case(images, tmp_path):
    lines = [f"{label},x,{path}" for path, label in rows_of(images)]
    found = scan(write(tmp_path / "t.csv", "Label,note,PATH", *lines))
    assert found.class_names == TOY_CLASSES
    assert {image.name: image.label for image in found.images} == dict(rows_of(images))
    assert all(image.path == tmp_path / image.name for image in found.images)
    assert found.skipped == ()


def test_a_table_is_the_same_data_set_as_the_folders_it_names(images, tmp_path):
    table = write(images / "t.csv", "path,label", *(f"{path},{label}" for path, label in rows_of(images, "")))
    by_table, by_folder = load(Source(table, 32)), load(Source(images, 32))
    assert by_table.entries == by_folder.entries
    assert by_table.fingerprint() == by_folder.fingerprint()


def test_what_is_not_there_or_no_image_is_left_out_with_its_reason(images, tmp_path):
    lines = [f"{path},{label}" for path, label in rows_of(images)]
    (tmp_path / "notes.txt").write_text("none")
    found = scan(write(tmp_path / "t.csv", "path,label", *lines, "images/gone.png,circle", "notes.txt,circle"))
    assert {entry.name: entry.reason for entry in found.skipped} == {
        "images/gone.png": "no such file or folder",
        "notes.txt": "not an image file name (.txt)",
    }
    assert len(found.images) == 15


def test_given_parts_are_kept_and_images_of_a_group_stay_together(tmp_path):
    make_toy(tmp_path / "images", 20)
    entries = [(f"images/{label}/{number}.png", label, number) for label in TOY_CLASSES for number in range(20)]
    parts = ["train", "val", "Testing", "training"]
    lines = [f"{path},{label},{parts[number % 4]}" for path, label, number in entries]
    dataset = load(Source(write(tmp_path / "parts.csv", "path,label,part", *lines), 32))
    expected = {path: ("train", "val", "test", "train")[number % 4] for path, _, number in entries}
    assert {row.path: row.split for row in dataset.entries} == expected
    lines = [f"{path},{label},{label}-{number // 4}" for path, label, number in entries]
    dataset = load(Source(write(tmp_path / "groups.csv", "path,label,group", *lines), 32))
    part_of = {}
    for row, (_, label, number) in zip(dataset.entries, entries, strict=True):
        assert part_of.setdefault((label, number // 4), row.split) == row.split
    assert set(part_of.values()) == {"train", "val", "test"}


@pytest.mark.parametrize("column", ["split", "Subset", "SET"])
def test_other_names_of_the_column_part_are_known_and_told(column, images, tmp_path):
    lines = [f"{path},{label},{('train', 'val', 'test')[at % 3]}" for at, (path, label) in enumerate(rows_of(images))]
    table = write(tmp_path / "t.csv", f"path,label,{column}", *lines)
    found = scan(table)
    assert [image.split for image in found.images[:3]] == ["train", "val", "test"]
    assert found.notes == (f"{table}: its column {column} gives the splits",)


def test_columns_that_are_not_used_are_told(images, tmp_path):
    lines = [f"{path},{label},{at},a{at % 2}" for at, (path, label) in enumerate(rows_of(images))]
    notes = []
    table = write(tmp_path / "t.csv", "path,label,patient,split", *lines)
    load(Source(table, 32), note=notes.append)
    said = f"{table}: not used: patient, split (a column part gives splits, group what stays in one split)"
    assert said in notes
    assert scan(write(tmp_path / "u.csv", "path,label,group", *(line[:-3] for line in lines))).notes == ()


def test_groups_that_given_parts_divide_are_told(images, tmp_path):
    lines = [
        f"{path},{label},{('train', 'val', 'test')[at % 3]},one" for at, (path, label) in enumerate(rows_of(images))
    ]
    notes = []
    load(Source(write(tmp_path / "t.csv", "path,label,part,group", *lines), 32), note=notes.append)
    assert "careful: 1 group(s), such as one, stand in two of the given splits" in notes


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        (["file,label", "a.png,cat"], "has no column path: give a CSV file with the columns path,label and, if wanted, "
                                      "part and group. It has: file, label."),
        (["path,path,label", "a.png,b.png,cat"], "has the column path twice: leave one of the two out."),
        (["path,kind", "a.png,cat"], "has no column label: give a CSV file with the columns path,label and, if wanted, "
                                     "part and group. It has: path, kind."),
        (["path,label", "a.png,cat", "a.png,dog"], "gives a.png two labels, cat and dog: give it one, or train with "
                                                   "`task` multilabel."),
        (["path,label", "a.png,"], "has no label for a.png: write it into its row, or take that out."),
        (["path,label", "a.png,", "b.png,cat", "c.png, "], "has no label for a.png and 1 more of 3 images: write them "
                                                           "into their rows, or take these out."),
        (["path,label", ",cat"], ", line 2 names no image: its path is empty."),
        (["path,label", "a.png,cat,1,2"], ", line 2 has 4 cells under 2 columns."),
        (["path,label,part", "a.png,cat,sometimes"], ": part takes train, val or test. Received: sometimes"),
        (["path,label,part", "a.png,cat,train", "b.png,dog,"], "gives some images a part and not b.png: give all of "
                                                               "them one, or none."),
        (["path,label,group", "a.png,cat,1", "a.png,cat,2"], "gives a.png two values of group: give it one."),
        (["path,label", "a.png,cat"], "names no image that is there, such as a.png: paths are relative to the "
                                      "folder of the table."),
        (["path,label"], "names no image: below its first line it has no row. Give it one for each image."),
        (["path,cat,dog", "a.png,1,0"], "It has: path, cat, dog. For one column of 0 and 1 a class, train with `task` "
                                        "multilabel."),
    ],
)  # fmt: skip
def test_a_table_that_contradicts_itself_is_told_in_one_line(tmp_path, lines, error):
    path = write(tmp_path / "t.csv", *lines)
    assert error in message(scan, path)


def test_one_class_and_no_utf8_are_refused(images, tmp_path):
    one = write(tmp_path / "one.csv", "path,label", *(f"{path},animal" for path, _ in rows_of(images)))
    assert message(scan, one) == f"{one} has 1 class(es): at least 2 are needed."
    (tmp_path / "latin.csv").write_bytes("path,label\nimages/circle/0.png,Häschen\n".encode("latin-1"))
    assert message(scan, tmp_path / "latin.csv") == (
        f"{tmp_path / 'latin.csv'} is not in UTF-8: line 2 has the byte 0xe4, which is ä in Windows-1252. Save it as "
        "CSV in UTF-8."
    )


def test_a_cell_names_the_file_that_is_there_with_spaces_apostrophe_and_in_either_form(images, tmp_path):
    apart = unicodedata.normalize("NFD", "パ")
    for number, name in enumerate((" a.png", "b.png ", "=c.png", "'=d.png", f"{apart}.png", "e.png")):
        toy_image("circle", number).save(images / name, "PNG")
    cells = ['" a.png"', "b.png ", "'=c.png", "'=d.png", f"{apart}.png", " e.png "]
    found = scan(write(images / "t.csv", "path,label", *(f"{cell},circle" for cell in cells), "square/0.png,square"))
    assert {image.name for image in found.images} == {
        *(" a.png", "=c.png", "'=d.png", f"{apart}.png", "e.png", "square/0.png")
    }
    assert [entry.name for entry in found.skipped] == ["b.png "]  # there, and by its suffix no image


def test_a_row_cut_short_has_no_label(images):
    table = write(images / "t.csv", "label,path", "square,square/0.png", "circle")
    assert message(scan, table) == f"{table}, line 3 names no image: its path is empty."
    table = write(images / "t.csv", "path,label", "circle/0.png")
    assert message(scan, table) == f"{table} has no label for circle/0.png: write it into its row, or take that out."


def test_the_split_of_a_run_is_a_table_of_the_same_images(images):
    (images / "-x").mkdir()
    for number in range(9):
        toy_image("stripes", number + 50).save(images / "-x" / f"{number}.png")
    dataset = load(Source(images, 32))
    split.write_split(images / "t.csv", dataset.entries)
    assert load(Source(images / "t.csv", 32)).entries == dataset.entries


def test_too_few_groups_to_divide_are_told(images, tmp_path):
    lines = [f"{path},{label},{'' if label != 'circle' else 'same'}" for path, label in rows_of(images)]
    error = message(load, Source(write(tmp_path / "t.csv", "path,label,group", *lines), 32))
    assert error.startswith("Class 'circle' has 1 group(s) of images: at least 3 are needed, one for each of train")


@pytest.mark.slow
def test_training_on_a_table_predicts_its_own_test_split_and_is_checked(images, tmp_path):
    for number in range(5, 12):
        for label in TOY_CLASSES:
            toy_image(label, number).save(images / label / f"{number}.png")
    lines = [f"images/{label}/{number}.png,{label}" for label in TOY_CLASSES for number in range(12)]
    table = write(tmp_path / "t.csv", "path,label", *lines)
    trained = call("train", "--data", table, "-m", "lenet", "--epochs", 1, "--runs", tmp_path / "runs")
    assert trained.code == 0, trained.err
    (run,) = (tmp_path / "runs").iterdir()
    predicted = call("predict", "--run", run)
    assert predicted.code == 0, predicted.err
    assert "its own test split" in predicted.out
    checked = call("check", "--data", table, "--out", tmp_path / "checked")
    assert checked.code == 0, checked.err
    assert "36 image files in 3 classes" in checked.out


def test_a_name_in_the_other_form_of_unicode_or_with_other_slashes_is_the_file_that_is_there(images, tmp_path):
    apart = unicodedata.normalize("NFD", "パ")
    (images / apart).mkdir()
    toy_image("circle", 9).save(images / apart / "1.png")
    cells = ["パ/1.png", "./square/0.png", "circle\\0.png"]
    found = scan(write(images / "t.csv", "path,label", *(f"{cell},{i % 2}" for i, cell in enumerate(cells))))
    assert {image.name for image in found.images} == {f"{apart}/1.png", "square/0.png", "circle/0.png"}
    twice = write(images / "t.csv", "path,label", "./circle/../square/0.png,a", "square/0.png,b")
    assert message(scan, twice) == (
        f"{twice} gives square/0.png two labels, a and b: give it one, or train with `task` multilabel."
    )


def test_what_is_said_of_several_labels_is_what_that_task_can_do(tmp_path):
    labels = ["cat", "Cat"] * 3 + ["dog"] * 3
    for number in range(9):
        toy_image("circle", number).save(tmp_path / f"{number}.png")
    lines = [f"{number}.png,{label},{'test' if label == 'dog' else 'train'}" for number, label in enumerate(labels)]
    table, notes = write(tmp_path / "labels.csv", "path,label,part", *lines), []
    source = Source(table, 32, several_labels=True, assign=multilabel.assign)
    refused = message(load, source, note=notes.append)
    assert notes[0].endswith(f"the same class? give both one name in {table}")
    assert refused.endswith("no training image of dog, which could never be learnt: add some, or take its label out.")


def test_a_column_of_zeros_is_told_as_a_class_that_is_left_out(images, tmp_path):
    lines = [f"{path},{int(label == 'circle')},{int(label != 'circle')},0" for path, label in rows_of(images)]
    table = write(tmp_path / "wide.csv", "path,round,other,bird", *lines)
    found = scan(table, several_labels=True)
    assert found.class_names == ("other", "round")
    assert found.notes == (f"careful: {table} has no image of bird, which cannot be learned and is left out",)

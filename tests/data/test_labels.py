import unicodedata

import pytest
from helpers import message

from data import folder, labels
from study.settings.parsers import parse_class_weight


@pytest.fixture
def root(tmp_path):
    for name in ("cat", "kitten", "dog", "unknown"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for i in range(2):
            (tmp_path / "data" / name / f"{i}.jpg").write_bytes(b"x")
    return tmp_path / "data"


def table(tmp_path, *lines, header="folder,class"):
    path = tmp_path / "labels.csv"
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def test_a_name_fits_in_either_form_of_unicode(tmp_path):
    composed, apart = (unicodedata.normalize(form, "パグ") for form in ("NFC", "NFD"))
    assert composed != apart
    for name in (apart, "cat"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.jpg").write_bytes(b"x")
    found = folder.scan(tmp_path / "data")
    assert found.class_names == ("cat", composed)
    assert all(image.path.is_file() for image in found.images)
    for typed in (composed, apart):
        mapped = labels.apply(found, labels.read(table(tmp_path, f"{typed},{typed}2")))
        assert mapped.class_names == ("cat", f"{composed}2")
        assert parse_class_weight(f"{typed}=2") == {composed: 2.0}


def test_classes_are_merged_renamed_and_left_out(root, tmp_path):
    found = folder.scan(root)
    mapped = labels.apply(found, labels.read(table(tmp_path, "kitten,cat", "dog,犬", "unknown,")))
    assert mapped.class_names == ("cat", "犬")
    assert {image.name: image.label for image in mapped.images} == {
        "cat/0.jpg": "cat",
        "cat/1.jpg": "cat",
        "kitten/0.jpg": "cat",
        "kitten/1.jpg": "cat",
        "dog/0.jpg": "犬",
        "dog/1.jpg": "犬",
    }
    assert [(entry.name, entry.reason) for entry in mapped.skipped] == [
        ("unknown/0.jpg", "its folder is left out by the label file"),
        ("unknown/1.jpg", "its folder is left out by the label file"),
    ]
    assert len(found.images) == 8  # the scan itself is as it was


def test_folders_that_differ_in_spaces_and_case_are_merged(tmp_path):
    for name in ("cat", "cat ", " cat", "Cat", "dog"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "1.jpg").write_bytes(b"x")
    found = folder.scan(tmp_path / "data")
    mapped = labels.apply(found, labels.read(table(tmp_path, '"cat ",cat', '" cat",cat', "Cat,cat")))
    assert mapped.class_names == ("cat", "dog")
    assert sum(image.label == "cat" for image in mapped.images) == 4
    mapped = labels.apply(found, labels.read(table(tmp_path, "cat ,end", "cat,none", header=" Folder, Class,")))
    assert mapped.class_names == (" cat", "Cat", "dog", "end", "none")


def test_spaces_around_a_name_count_for_nothing_where_no_folder_has_them(root, tmp_path):
    found = folder.scan(root)
    mapped = labels.apply(
        found, labels.read(table(tmp_path, '" kitten " , "cat"', " unknown , ", header="folder, class"))
    )
    assert mapped.class_names == ("cat", "dog")
    twice = labels.read(table(tmp_path, "cat,a", "cat ,b"))
    assert message(labels.apply, found, twice) == "`labels` names the folder 'cat' twice."


def test_the_file_may_be_in_capitals_and_utf16(root, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("Folder\tCLASS\nkitten\tcat\nunknown\t\n", encoding="utf-16")
    assert labels.apply(folder.scan(root), labels.read(path)).class_names == ("cat", "dog")


def test_mirror_pairs_hold_in_both_directions(tmp_path):
    label_map = labels.read(table(tmp_path, "left<->right,", "cat,cat"))
    assert label_map.flip_pairs == {"left": "right", "right": "left"}
    assert label_map.classes == {"cat": "cat"}
    again = labels.read(table(tmp_path, "left<->right,", "right<->left,"))
    assert again.flip_pairs == label_map.flip_pairs


def test_a_class_has_one_mirror_image(root, tmp_path):
    twice = labels.read(table(tmp_path, "cat<->dog,", "dog<->kitten,"))
    told = "`labels` pairs dog with cat and with kitten: a flip turns it into one class."
    assert message(labels.apply, folder.scan(root), twice) == told


def test_what_cannot_be_is_refused(root, tmp_path):
    found = folder.scan(root)
    assert message(labels.apply, found, labels.read(table(tmp_path, "wolf,dog"))) == (
        f"`labels` names folders that are not in {root}: wolf. It has: cat, dog, kitten, unknown."
    )
    all_one = table(tmp_path, "kitten,cat", "dog,", "unknown,")
    assert "leaves 1 class(es)" in message(labels.apply, found, labels.read(all_one))
    mirror = labels.read(table(tmp_path, "left<->right,"))
    assert message(labels.apply, found, mirror) == "`labels` pairs classes that do not exist: left, right."
    assert "names the folder 'cat' twice" in message(labels.read, table(tmp_path, "cat,a", "cat,b"))
    assert "has no column folder, class: give a CSV file folder,class. It has: " in message(
        labels.read, table(tmp_path, "a,b", header="x,y")
    )
    assert "has no column folder, class: give a CSV file folder,class. It has: " in message(
        labels.read, table(tmp_path, header="x,y")
    )
    (tmp_path / "labels.csv").write_text("")
    assert "has no column folder, class: give a CSV file folder,class. It has: " in message(
        labels.read, tmp_path / "labels.csv"
    )
    assert "Cannot read `labels`" in message(labels.read, tmp_path / "none.csv")


def test_a_folder_that_is_empty_this_time_may_stand_in_the_table(root, tmp_path):
    (root / "wolf").mkdir()
    (root / "fox").mkdir()
    found = labels.apply(folder.scan(root), labels.read(table(tmp_path, "wolf,dog", "fox,", "kitten,cat")))
    assert found.class_names == ("cat", "dog", "unknown")
    assert {item.name for item in found.skipped} == {"fox", "wolf"}


def test_the_file_is_kept_as_it_was_read(tmp_path):
    path = table(tmp_path, "kitten,cat", "犬,dog")
    assert labels.read(path).text == path.read_text(encoding="utf-8")

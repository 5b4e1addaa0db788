"""An ImageFolder of the hub: metadata files name images, labels and splits; bad rows are told with their reason."""

import json

import pytest
from another_user import UNIX, may_only_read, shared_place
from helpers import TOY_CLASSES, call, make_toy, message

from data.any_form import paths_below, scan
from data.dataset import load
from data.source import Source
from errors import UserError


def flat(root, count=5, first=0):
    """Toy images in one folder, named by class and number; their labels by name."""
    labels = {}
    made = make_toy(root / "made", count, first)
    for path in sorted(made.rglob("*.png")):
        name = f"{path.parent.name}{path.name}"
        path.rename(root / name)
        labels[name] = path.parent.name
    for label in TOY_CLASSES:
        (made / label).rmdir()
    made.rmdir()
    return labels


def as_csv(folder, labels, *more):
    lines = ["file_name,label", *(f"{name},{label}" for name, label in labels.items()), *more]
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def as_jsonl(folder, labels, *more):
    lines = [json.dumps({"file_name": name, "label": label}) for name, label in labels.items()]
    (folder / "metadata.jsonl").write_text("\n".join([*lines, *more]) + "\n", encoding="utf-8")


@pytest.mark.parametrize("write", [as_csv, as_jsonl])
def test_metadata_give_the_labels_and_their_folders_the_split(write, tmp_path):
    for number, name in enumerate(("train", "validation", "test")):
        (tmp_path / name).mkdir()
        write(tmp_path / name, flat(tmp_path / name, 4, first=4 * number))
    found = scan(tmp_path)
    assert found.class_names == TOY_CLASSES
    for image in found.images:
        assert image.split == {"train": "train", "validation": "val", "test": "test"}[image.name.split("/")[0]]
        assert image.path.name.startswith(image.label)
    assert load(Source(tmp_path, 32)).sizes() == {"train": 12, "val": 12, "test": 12}
    assert set(paths_below(tmp_path)) == {image.name for image in found.images}


def test_one_file_in_the_root_may_name_images_in_folders(tmp_path):
    for name in ("train", "test"):
        make_toy(tmp_path / name, 2, first=5 * (name == "test"))
    as_csv(
        tmp_path, {path.relative_to(tmp_path).as_posix(): f"a {path.parent.name}" for path in tmp_path.rglob("*.png")}
    )
    found = scan(tmp_path)
    assert found.class_names == tuple(f"a {label}" for label in TOY_CLASSES)
    assert {image.split for image in found.images} == {"train", "test"}


def test_a_column_may_give_the_splits(tmp_path):
    make_toy(tmp_path, 3)
    parts = ("train", "validation", "test")
    rows = [f"{label}/{number}.png,{label},bus,{parts[number]}" for label in TOY_CLASSES for number in range(3)]
    (tmp_path / "metadata.csv").write_text("\n".join(["file_name,label,set,Split", *rows]))
    found = scan(tmp_path)
    assert found.notes == (f"{tmp_path / 'metadata.csv'}: its column Split gives the splits",)
    assert {image.name: image.split for image in found.images} == {
        f"{label}/{number}.png": ("train", "val", "test")[number] for label in TOY_CLASSES for number in range(3)
    }


def test_without_splits_the_data_are_divided_as_ever(tmp_path):
    as_jsonl(tmp_path, flat(tmp_path, 10))
    assert {image.split for image in scan(tmp_path).images} == {None}
    assert load(Source(tmp_path, 32)).sizes() == {"train": 24, "val": 3, "test": 3}


def test_train_alone_is_divided_too(tmp_path):
    (tmp_path / "train").mkdir()
    as_csv(tmp_path / "train", flat(tmp_path / "train"))
    found = scan(tmp_path)
    assert {image.split for image in found.images} == {None}
    assert "only train has images of classes, so validation and test come out of it" in found.notes[-1]


def test_bad_rows_are_left_out_with_their_reason_and_images_without_a_row_are_told(tmp_path):
    labels = flat(tmp_path)
    del labels["circle0.png"]
    more = ['{"file_name": "gone.png", "label": "circle"}', "{broken", '{"label": "circle"}', "[1]"]
    more += ['{"file_name": "circle1.png", "label": null}', '{"file_name": "circle2.png", "label": {"a": 1}}']
    del labels["circle1.png"], labels["circle2.png"]
    as_jsonl(tmp_path, labels, *more)
    found = scan(tmp_path)
    broken = "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"
    assert {item.name: item.reason for item in found.skipped} == {
        "circle1.png": "it has no label",
        "circle2.png": "its label must be text or a whole number. Received: {'a': 1}",
        "gone.png": "no such file or folder",
        "metadata.jsonl, line 14": f"no JSON: {broken}",
        "metadata.jsonl, line 15": "it names no image",
        "metadata.jsonl, line 16": "no JSON object with file_name and label",
    }
    assert found.notes == (
        f"{tmp_path}: 1 image(s), such as circle0.png, are named by no metadata file and are not used",
    )
    assert len(found.images) == 12


def test_a_list_is_several_labels_and_a_number_stays_one(tmp_path):
    names = list(flat(tmp_path))
    as_jsonl(tmp_path, {name: ["a", number % 2] if number % 3 else [] for number, name in enumerate(names)})
    found = scan(tmp_path, several_labels=True)
    assert found.class_names == ("0", "1", "a")
    assert {image.label for image in found.images} == {"", "0|a", "1|a"}
    assert "gives" in (told := message(scan, tmp_path))
    assert "two labels, a and 1: give it one, or train with `task` multilabel." in told


def test_metadata_without_labels_leave_the_folders_as_classes(tmp_path):
    make_toy(tmp_path, 3)
    (tmp_path / "metadata.csv").write_text("file_name,text\ncircle/0.png,a circle\n", encoding="utf-8")
    assert scan(tmp_path).class_names == TOY_CLASSES


def test_no_image_that_can_be_used_ends_with_the_reason(tmp_path):
    as_csv(tmp_path, {"1.png": "a", "2.png": "b"})
    assert message(scan, tmp_path) == (
        f"{tmp_path}: none of the images that metadata.csv names can be used (2 left out, such as 1.png: no such file "
        "or folder)."
    )


@pytest.mark.slow
def test_check_takes_it(tmp_path):
    (tmp_path / "data").mkdir()
    as_csv(tmp_path / "data", flat(tmp_path / "data", 8))
    ran = call("check", "--data", tmp_path / "data", "--out", tmp_path / "out", "--store", "off")
    assert ran.code == 0, ran.err
    assert "hidden" not in (tmp_path / "out" / "check.csv").read_text()


def test_a_name_that_leads_out_of_the_folder_is_left_out_and_a_link_within_is_followed(tmp_path):
    inside, outside = tmp_path / "set", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    labels = flat(inside)
    (inside / "circle0.png").rename(outside / "circle0.png")
    (inside / "circle0.png").symlink_to(outside / "circle0.png")
    as_csv(inside, labels, f"{outside / 'circle0.png'},circle", "../elsewhere/circle0.png,circle")
    found = scan(inside)
    assert {image.name for image in found.images} == set(labels)
    assert {item.reason for item in found.skipped} == {"it lies outside of the folder"}
    assert len(found.skipped) == 2


def test_the_first_row_may_lack_its_label(tmp_path):
    labels = flat(tmp_path)
    unlabelled = json.dumps({"file_name": "circle0.png"})
    as_jsonl(tmp_path, labels)
    rest = (tmp_path / "metadata.jsonl").read_text(encoding="utf-8").splitlines()[1:]
    (tmp_path / "metadata.jsonl").write_text("\n".join([unlabelled, *rest]), encoding="utf-8")
    found = scan(tmp_path)
    assert found.class_names == TOY_CLASSES
    assert [(item.name, item.reason) for item in found.skipped] == [("circle0.png", "it has no label")]


def test_labels_that_differ_in_spaces_alone_stay_apart_as_folders_do_and_a_stroke_is_a_letter(tmp_path):
    names = list(flat(tmp_path))
    as_jsonl(tmp_path, dict(zip(names, ["a", "a ", " a", "a|b"] * 4, strict=False)))
    assert set(scan(tmp_path).class_names) == {"a", "a ", " a", "a|b"}
    as_csv(tmp_path, dict.fromkeys(names[:5], " a ") | dict.fromkeys(names[5:], "b"))
    (tmp_path / "metadata.jsonl").unlink()
    assert scan(tmp_path).class_names == ("a", "b")  # of a cell the spaces around it are none of its text


def test_of_too_few_classes_the_reason_is_told_why_images_are_missing(tmp_path):
    names = list(flat(tmp_path))
    as_jsonl(tmp_path, {name: "a" if number else None for number, name in enumerate(names)})
    assert message(scan, tmp_path) == (
        f"{tmp_path} has 1 class(es), a: at least 2 are needed. 1 left out, such as circle0.png: it has no label."
    )


def test_a_table_of_captions_that_is_no_csv_leaves_the_folders_as_classes(tmp_path):
    make_toy(tmp_path, 3)
    (tmp_path / "metadata.csv").write_text("file_name,caption\na.png,ok\nb.png,a cat, on a mat\n", encoding="utf-8")
    assert scan(tmp_path).class_names == TOY_CLASSES


@UNIX
def test_a_class_folder_that_may_not_be_opened_is_left_out_and_named_itself():
    with shared_place() as place:
        make_toy(place, 2)
        with may_only_read(place / "square", mode=0):
            found = scan(place)
        assert found.class_names == ("circle", "stripes")
        assert [(one.name, one.reason) for one in found.skipped] == [("square", "cannot be read (Permission denied)")]
        with (
            may_only_read(place, mode=0),
            pytest.raises(UserError, match=r"cannot be read .*give a folder that"),
        ):
            scan(place)

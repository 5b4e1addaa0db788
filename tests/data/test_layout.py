"""Which folders are classes and which are splits, or hold the classes; told from names alone."""

import pytest
from helpers import call, make_toy, message, toy_image

from data.dataset import load
from data.folder import scan
from data.skipped import describe_skipped
from data.source import Source


def fill(root, *names):
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return root


def many(*folders, count=4, first=""):
    return [f"{folder}/{first}{number}.jpg" for folder in folders for number in range(count)]


def refused(root):
    return message(scan, root).replace(str(root), "ROOT")


# ---- folders that hold the classes, or are splits ----


def test_train_beside_test1_is_refused_and_names_the_way_on(tmp_path):
    fill(tmp_path, *many("train", first="cat."), *many("train", first="dog."), *many("test1"))
    assert refused(tmp_path) == (
        "ROOT: test1, train are named as splits, not as classes, and train has no folders of classes; names such as "
        "cat.0.jpg may tell the classes: give a table with the columns path,label, or put the images of train into one "
        "sub-folder for each class and give that folder."
    )


def test_a_table_beside_folders_of_images_is_named(tmp_path):
    fill(tmp_path, *many("train_images", "test_images"), "train.csv")
    assert (
        "ROOT: test_images, train_images are named as splits, not as classes, and train_images has no folders of "
        "classes; train.csv beside them may name the classes: give a table with the columns path,label"
    ) in refused(tmp_path)


@pytest.mark.parametrize(
    ("folders", "give"),
    [
        (("seg_train/seg_train/", "seg_test/seg_test/"), "seg_train/seg_train"),
        (("seg_train/", "seg_test/"), "seg_train"),
        (("TrainSet/", "TestSet/"), "TrainSet"),
        (("train/", "pred/"), "train"),
        (("data_training_2/", "data_valid_2/", "data_extra/"), "data_training_2"),
    ],
)
def test_splits_with_classes_below_name_the_folder_to_give(tmp_path, folders, give):
    names = [f"{folder}{label}/1.jpg" for folder in folders for label in ("forest", "sea")]
    text = refused(fill(tmp_path, *names, "seg_pred/1.jpg" if "seg_train/" in folders else names[0]))
    assert "named as splits, not as classes; the classes (forest, sea) are in " in text
    assert f"are in ROOT/{give}: give that folder, or one that holds them below train and test." in text
    assert scan(tmp_path / give).class_names == ("forest", "sea")  # the advice is good


def test_splits_nested_in_folders_of_their_own_name_name_the_folder_to_give(tmp_path):
    names = [f"{split}/{split}/{label}/1.jpg" for split in ("train", "test") for label in ("forest", "sea")]
    assert refused(fill(tmp_path, *names)) == (
        "ROOT: train in train is named as a split, not as a class; the classes (forest, sea) are in ROOT/train/train: "
        "give that folder, or one that holds them below train and test."
    )


def test_products_that_each_hold_a_data_set_are_refused(tmp_path):
    below = ("train/good", "test/good", "test/broken", "ground_truth/broken")
    fill(tmp_path, *(f"{product}/{folder}/1.png" for product in ("bottle", "cable") for folder in below))
    assert refused(tmp_path) == (
        "ROOT: bottle, cable hold folders of the same names (ground_truth, test, train), so that the classes seem to "
        "lie further down: give one folder of classes, such as ROOT/bottle/test (broken, good); where bottle, cable "
        "are the classes, give `group` folder or `group` none, which say what the folders in them are."
    )
    assert scan(tmp_path / "bottle/test").class_names == ("broken", "good")


def test_data_sets_beside_each_other_are_refused_and_one_is_named(tmp_path):
    fill(tmp_path, *(f"{top}/{label}/1.jpg" for top in ("flickr", "kaggle") for label in ("cat", "dog")))
    assert "give one folder of classes, such as ROOT/flickr (cat, dog); where flickr, kaggle are" in refused(tmp_path)
    assert scan(tmp_path, explained=True).class_names == ("flickr", "kaggle")
    parts = [f"{top}/{split}/{label}/1.jpg" for top in ("a", "b") for split in ("train", "test") for label in "xy"]
    text = refused(fill(tmp_path / "parts", *parts)).replace("parts", "")
    assert "/a (test, train); where a, b are the classes" in text


@pytest.mark.parametrize(
    "folders",
    [
        ("train", "plane"),
        ("train", "trains", "test_tube"),
        ("test_tube", "flask"),
        ("validated", "rejected"),
        ("valid", "invalid"),
        ("train_station", "bus_station", "test_track"),
        ("model_train", "freight_train"),
        ("train", "test_tube", "train_driver"),
        ("contest", "latest", "training_shoe"),
        ("train/steam", "train/diesel", "plane/jet"),
        ("train/steam", "train/old", "plane/jet", "plane/old"),  # one name in common says nothing
        ("train/cat", "bus/cat"),
        ("benign/patient01", "benign/patient02", "malignant/patient01", "malignant/patient02"),
        ("oak/2023", "oak/2024", "elm/2023", "elm/2024"),
        ("images", "labels"),
        ("développement", "тест", "試験"),
    ],
)
def test_what_real_classes_are_called_is_no_split(tmp_path, folders):
    found = scan(fill(tmp_path, *many(*folders)))
    assert set(found.class_names) == {folder.split("/")[0] for folder in folders}
    assert all(image.split is None for image in found.images)
    assert found.notes == ()


# ---- splits below the classes ----


def test_splits_below_the_classes_are_used(tmp_path):
    for split, count, first in (("train", 8, 0), ("Validation", 3, 50), ("test", 4, 80)):
        for label in ("circle", "square"):
            (tmp_path / label / split).mkdir(parents=True)
            for number in range(first, first + count):
                toy_image(label, number).save(tmp_path / label / split / f"{number}.png")
    dataset = load(Source(tmp_path, 32))
    expected = {"train": 8, "val": 3, "test": 4}
    assert dataset.counts() == {split: dict.fromkeys(("circle", "square"), n) for split, n in expected.items()}
    assert {row.split for row in dataset.entries if "/Validation/" in row.path} == {"val"}
    for label in ("circle", "square"):
        for file in (tmp_path / label / "Validation").iterdir():
            file.unlink()
    notes = []
    load(Source(tmp_path, 32), note=notes.append)
    assert f"{tmp_path} gives no val split: 2 of its 16 training images are that" in notes


def test_splits_in_some_classes_only_are_told_and_not_used(tmp_path):
    found = scan(fill(tmp_path, *many("cat/train", "cat/test", "dog")))
    assert {image.split for image in found.images} == {None}
    assert found.notes == (
        "careful: cat holds test, train, named as splits, which are not used: every class folder would need train and "
        "val or test, and nothing beside them",
    )


def test_folders_below_such_splits_may_be_groups(tmp_path):
    names = [f"{label}/{split}/p{at}/1.jpg" for label in "ab" for split in ("train", "test") for at in range(3)]
    found = scan(fill(tmp_path, *names))
    assert found.class_names == ("a", "b")
    assert {(image.split, image.folder) for image in found.images} == {
        (split, f"p{at}") for split in ("train", "test") for at in range(3)
    }


# ---- splits that are missing, and what is no class ----


def test_an_unlabelled_test_folder_is_named_and_train_is_divided(tmp_path, capsys):
    make_toy(tmp_path / "Train", 20)
    (tmp_path / "Test").mkdir()
    for number in range(10):
        toy_image("circle", 300 + number).save(tmp_path / "Test" / f"{number}.png")
    notes = []
    dataset = load(Source(tmp_path, 32), note=notes.append)
    assert dataset.sizes() == {"train": 48, "val": 6, "test": 6}
    assert notes[0] == (
        f"{tmp_path}: only train has images of classes, so validation and test come out of it; the 10 image(s) in Test "
        "have no class and are not used"
    )
    assert notes[1:3] == ["10 file(s) left out:", "  Test/0.png and 9 more in Test: outside the class folders"]
    assert load(Source(tmp_path, 32, split=(1, 1, 1))).sizes() == {"train": 21, "val": 21, "test": 18}


def test_few_files_outside_the_classes_are_named_one_by_one(tmp_path):
    found = scan(fill(tmp_path, *many("cat", "dog"), *(f"{number}.jpg" for number in range(5))))
    assert describe_skipped(found.skipped)[1:] == [f"  {number}.jpg: outside the class folders" for number in range(5)]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "__MACOSX",
            ".DS_Store",
            ".Trashes",
            ".thumbnails",
            ".ipynb_checkpoints",
            "@eaDir",
            "#recycle",
            "$RECYCLE.BIN",
        ),
        *("System Volume Information", "lost+found", "Thumbs.db", "@Recycle", "FOUND.000", "__pycache__", "LOST.DIR"),
    ],
)
def test_what_systems_leave_is_no_class(tmp_path, name):
    found = scan(fill(tmp_path, "cat/1.jpg", "dog/1.jpg", f"{name}/1.jpg", f"cat/{name}/1.jpg"))
    assert found.class_names == ("cat", "dog")
    assert len(found.images) == 2
    assert found.skipped == ()


@pytest.mark.parametrize("name", ["recycled", "lost", "trash", "thumbnail"])
def test_words_of_such_names_may_be_classes(tmp_path, name):
    assert name in scan(fill(tmp_path, "cat/1.jpg", f"{name}/1.jpg")).class_names


# ---- at the command line ----


def test_train_check_and_compare_stop_with_one_line_before_anything_is_read(tmp_path):
    make_toy(tmp_path / "data/seg_train", 3)
    make_toy(tmp_path / "data/seg_test", 3, first=10)
    for command in (
        ("train", "-m", "lenet", "--runs", tmp_path / "runs"),
        ("check", "--out", tmp_path / "out"),
        ("compare", "-m", "lenet", "--vary", "optimizer=sgd,adam", "--out", tmp_path / "compare"),
    ):
        ran = call(*command, "--data", tmp_path / "data")
        assert ran.code == 2
        assert len(ran.err.splitlines()) == 1
        assert f"the classes (circle, square, stripes) are in {tmp_path}/data/seg_train: give that folder" in ran.err
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_classes_with_folders_of_the_same_names_train_once_the_flag_explains_them(tmp_path):
    for place in ("indoor", "outdoor"):
        for label in ("circle", "square"):
            (tmp_path / label / place).mkdir(parents=True)
            for number in range(5):
                toy_image(label, number + 10 * len(place)).save(tmp_path / label / place / f"{number}.png")
    refusal = call("check", "--data", tmp_path, "--out", tmp_path.parent / "none")
    assert "give --group folder or --group none" in refusal.err
    checked = call("check", "--data", tmp_path, "--out", tmp_path.parent / "checked", "--group", "none")
    assert (checked.code, checked.err) == (0, "")
    assert "20 image files in 2 classes" in checked.out
    assert load(Source(tmp_path, 32, group="none")).class_names == ("circle", "square")


def test_classes_that_differ_in_case_are_told_before_training(tmp_path):
    for label in ("circle", "Circle", "square"):
        (tmp_path / label).mkdir()
        for number in range(5):
            toy_image(label.lower(), number + 10 * (label == "Circle")).save(tmp_path / label / f"{number}.png")
    notes = []
    load(Source(tmp_path, 32), note=notes.append)
    assert notes[0] == (
        "careful: class circle differs from class Circle only in case, spaces or the width of letters: the same class? "
        "`labels` can merge them"
    )

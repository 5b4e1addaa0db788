import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import ROOT

from data.folder import IMAGE_SUFFIXES, SPLITS, Skipped, list_images, scan
from data.formats import DICOM, RAW
from data.names import natural_key, printable
from errors import UserError


def fill(root, *names):
    """Make files by name, with their folders; a name that ends in a slash is an empty folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"")
    return root


def names(result):
    return [image.name for image in result.images]


def reasons(result):
    return {item.name: item.reason for item in result.skipped}


def error_of(root):
    with pytest.raises(UserError) as caught:
        scan(root)
    text = str(caught.value)
    assert "\n" not in text
    assert str(root) in text or "\\x" in text
    return text.replace(str(root), "ROOT")


# --- classes and order ---


def test_sub_folders_are_classes(tmp_path):
    result = scan(fill(tmp_path, "dog/1.jpg", "cat/b.PNG", "cat/deep/er/a.jpeg"))
    assert result.root == tmp_path
    assert result.class_names == ("cat", "dog")
    assert [(image.name, image.label, image.split) for image in result.images] == [
        ("cat/b.PNG", "cat", None),
        ("cat/deep/er/a.jpeg", "cat", None),
        ("dog/1.jpg", "dog", None),
    ]
    assert all(image.path == tmp_path / image.name for image in result.images)
    assert result.skipped == ()


def test_natural_order_of_classes_and_files(tmp_path):
    made = ("class 12/1.jpg", "class 2/10.jpg", "class 2/9.jpg", "Class 2/1.jpg", "class 2/sub 3/1.jpg")
    result = scan(fill(tmp_path, *made, "class 2/sub 20/1.jpg"))
    assert result.class_names == ("Class 2", "class 2", "class 12")
    assert names(result) == [
        "Class 2/1.jpg",
        "class 2/9.jpg",
        "class 2/10.jpg",
        "class 2/sub 3/1.jpg",
        "class 2/sub 20/1.jpg",
        "class 12/1.jpg",
    ]


def test_natural_key():
    given = ["b", "B", "a10", "a2", "A2", "a02", "1", "", "a", "10x", "9x", "٣", "²"]
    expected = ["", "1", "٣", "9x", "10x", "a", "A2", "a02", "a2", "a10", "B", "b", "²"]
    assert sorted(given, key=natural_key) == expected


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_accepted_suffixes(tmp_path, suffix):
    assert len(scan(fill(tmp_path, f"a/1{suffix}", f"b/1{suffix.upper()}")).images) == 2


def test_names_from_all_over_the_world(tmp_path):
    result = scan(fill(tmp_path, "猫/写真 一.jpg", "犬 🐶/été 👨‍👩‍👧.jpg"))
    assert result.class_names == ("犬 🐶", "猫")
    assert names(result) == ["犬 🐶/été 👨‍👩‍👧.jpg", "猫/写真 一.jpg"]


def test_names_that_are_no_utf_8_still_open(tmp_path):
    for name in (b"caf\xe9", b"caf\xe8"):
        folder = os.fsencode(tmp_path) + b"/" + name
        try:
            Path(os.fsdecode(folder)).mkdir()
        except OSError:
            pytest.skip("this file system takes UTF-8 names only")
        Path(os.fsdecode(folder + b"/\xff\n.jpg")).write_bytes(b"x")
    result = scan(tmp_path)
    assert result.class_names == ("caf\\xe8", "caf\\xe9")  # two classes, though neither name can be shown
    assert names(result)[0] == "caf\\xe8/\\xff\\x0a.jpg"
    assert result.images[0].path.read_bytes() == b"x"
    assert names(result)[0].encode().isascii()


def test_printable():
    assert printable("été 猫 👨‍👩‍👧") == "été 猫 👨‍👩‍👧"
    assert printable("a\tb\x7f") == "a\\x09b\\x7f"


# --- what is left out ---


def test_hidden_files_and_folders_are_passed_over_silently(tmp_path):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg", ".git/1.jpg", "__MACOSX/cat/1.jpg", ".DS_Store", "Thumbs.db")
    fill(
        tmp_path, "cat/._1.jpg", "cat/.ipynb_checkpoints/1.jpg", "cat/Thumbs.db", "dog/desktop.ini", "dog/@eaDir/1.jpg"
    )
    result = scan(tmp_path)
    assert names(result) == ["cat/1.jpg", "dog/1.jpg"]
    assert result.skipped == ()


def test_other_files_are_listed_with_the_reason(tmp_path):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg", "cat/notes.TXT", "cat/README", "dog/2.CR2", "3.jpg", "labels.csv")
    assert reasons(scan(tmp_path)) == {
        "3.jpg": "outside the class folders",
        "cat/notes.TXT": "not an image file name (.txt)",
        "cat/README": "not an image file name (no suffix)",
        "dog/2.CR2": f"not an image file name (.cr2): {RAW.format(maker=' (CR2)')}",
        "labels.csv": "outside the class folders, and not an image file name (.csv)",
    }


def test_folders_without_images_are_no_classes(tmp_path):
    result = scan(fill(tmp_path, "cat/1.jpg", "dog/1.jpg", "empty/", "texts/a.txt", "nested/deeper/"))
    assert result.class_names == ("cat", "dog")
    assert reasons(result) == {
        "empty": "no image files in this folder",
        "nested": "no image files in this folder",
        "texts": "no image files in this folder",
        "texts/a.txt": "not an image file name (.txt)",
    }


def test_an_unreadable_folder_is_skipped_with_the_reason(tmp_path):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg", "dog/locked/1.jpg", "horse/1.jpg")
    locked = [tmp_path / "dog/locked", tmp_path / "horse"]
    for folder in locked:
        folder.chmod(0)
    try:
        if os.access(locked[0], os.R_OK):
            pytest.skip("this user may read everything")
        result = scan(tmp_path)
        assert result.class_names == ("cat", "dog")
        assert reasons(result) == dict.fromkeys(["dog/locked", "horse"], "cannot be read (Permission denied)")
        assert list_images([tmp_path / "horse"])[1] == [
            Skipped((tmp_path / "horse").as_posix(), "cannot be read (Permission denied)")
        ]
        with pytest.raises(UserError, match=r"cannot be read .*give a folder that you may open"):
            scan(tmp_path / "horse")
    finally:
        for folder in locked:
            folder.chmod(0o700)


# --- links ---


def test_linked_files_are_followed_and_broken_links_listed(tmp_path):
    fill(tmp_path, "elsewhere/photo.jpg", "root/cat/1.jpg", "root/dog/1.jpg")
    root = tmp_path / "root"
    (root / "cat/2.jpg").symlink_to(tmp_path / "elsewhere/photo.jpg")
    (root / "cat/3.jpg").symlink_to(tmp_path / "gone.jpg")
    (root / "cat/4.jpg").symlink_to(root / "cat/4.jpg")
    result = scan(root)
    assert names(result) == ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"]
    assert reasons(result)["cat/3.jpg"] == "a broken link"
    assert reasons(result)["cat/4.jpg"].startswith("cannot be read")


def test_linked_folders_do_not_loop(tmp_path):
    root = fill(tmp_path / "root", "cat/1.jpg", "dog/1.jpg")
    (root / "cat/self").symlink_to(root / "cat")
    (root / "cat/up").symlink_to(tmp_path)
    (root / "cat/other class").symlink_to(root / "dog")
    (root / "all").symlink_to(root)
    result = scan(root)
    assert names(result) == ["cat/1.jpg", "dog/1.jpg"]
    reason = "a link to a folder inside or above the one searched"
    assert reasons(result) == dict.fromkeys(["all", "cat/other class", "cat/self", "cat/up"], reason)


def test_linked_class_folders_are_followed_once(tmp_path):
    fill(tmp_path, "store/dogs/1.jpg", "root/cat/1.jpg")
    (tmp_path / "store/dogs/loop").symlink_to(tmp_path / "store")
    (tmp_path / "root/dog").symlink_to(tmp_path / "store/dogs")
    (tmp_path / "root/dog again").symlink_to(tmp_path / "store/dogs")
    result = scan(tmp_path / "root")
    assert names(result) == ["cat/1.jpg", "dog/1.jpg"]
    assert reasons(result) == dict.fromkeys(["dog again", "dog/loop/dogs"], "searched already, under another name")


def test_the_root_itself_may_be_a_link(tmp_path):
    fill(tmp_path, "real/cat/1.jpg", "real/dog/1.jpg")
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert names(scan(tmp_path / "root")) == ["cat/1.jpg", "dog/1.jpg"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_on(tmp_path):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg")
    os.mkfifo(tmp_path / "cat/2.jpg")
    assert reasons(scan(tmp_path)) == {"cat/2.jpg": "not a regular file"}


def test_a_tree_deeper_than_the_call_stack(tmp_path):
    fill(tmp_path, "cat/1.jpg", "dog/1.jpg")
    here = os.open(tmp_path / "cat", os.O_RDONLY)
    try:
        for _ in range(1100):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
    finally:
        os.close(here)
    assert len(scan(tmp_path).images) == 2
    subprocess.run(["rm", "-rf", str(tmp_path / "cat")], check=True)  # deeper than pytest's own clean-up can go


# --- ready-made parts ---


@pytest.mark.parametrize("val", ["val", "valid", "validation", "VAL", "Validation"])
def test_ready_made_parts(tmp_path, val):
    fill(tmp_path, "Train/cat/1.jpg", "Train/dog/deep/2.jpg", f"{val}/cat/3.jpg", "TEST/dog/4.jpg", ".cache/x/1.jpg")
    result = scan(tmp_path)
    assert result.class_names == ("cat", "dog")
    assert {(image.path.name, image.label, image.split) for image in result.images} == {
        ("1.jpg", "cat", "train"),
        ("2.jpg", "dog", "train"),
        ("3.jpg", "cat", "val"),
        ("4.jpg", "dog", "test"),
    }
    assert {image.split for image in result.images} == set(SPLITS)
    assert result.skipped == ()


def test_ready_made_parts_need_no_validation(tmp_path):
    result = scan(fill(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "test/cat/1.jpg"))
    assert [(image.label, image.split) for image in result.images] == [
        ("cat", "test"),
        ("cat", "train"),
        ("dog", "train"),
    ]


def test_files_outside_the_class_folders_of_a_part(tmp_path):
    result = scan(fill(tmp_path, "train/cat/1.jpg", "train/dog/1.jpg", "val/2.jpg", "val/bird/", "notes.txt"))
    assert result.class_names == ("cat", "dog")
    assert reasons(result) == {
        "notes.txt": "outside the class folders, and not an image file name (.txt)",
        "val/2.jpg": "outside the class folders",
        "val/bird": "no image files in this folder",
    }


@pytest.mark.parametrize("tops", [("Training", "Testing"), ("training_set", "test_set"), ("train", "val_set")])
def test_other_usual_names_of_parts(tmp_path, tops):
    fill(tmp_path, *(f"{top}/{name}/1.jpg" for top in tops for name in ("cat", "dog")), "annotations/1.xml")
    result = scan(tmp_path)
    assert result.class_names == ("cat", "dog")
    assert {image.split for image in result.images} == {"train", "val" if "val_set" in tops else "test"}


def test_a_class_may_be_called_train(tmp_path):
    result = scan(fill(tmp_path, "train/cat/1.jpg", "bus/cat/1.jpg"))
    assert set(result.class_names) == {"train", "bus"}
    assert all(image.split is None for image in result.images)


@pytest.mark.parametrize(
    ("tops", "text"),
    [
        (("train", "val", "extra"), "ROOT has train, val, which are names of splits, beside extra: give "),
        (("val", "test"), "ROOT has test, val, which are names of splits, and no train: give "),
    ],
)
def test_parts_among_classes_are_refused(tmp_path, tops, text):
    assert error_of(fill(tmp_path, *(f"{top}/cat/1.jpg" for top in tops))).startswith(text)


# --- errors ---


WANTED = (
    "give a folder that holds one sub-folder of photos for each class, or a table, .csv, with the columns path,label"
)


def test_missing_folder(tmp_path):
    assert error_of(tmp_path / "gone") == f"ROOT: no such file or folder; {WANTED}"


def test_a_file_for_a_folder(tmp_path):
    assert error_of(fill(tmp_path, "a.jpg") / "a.jpg") == f"ROOT is a file; {WANTED}"


def test_empty_folder(tmp_path):
    text = error_of(tmp_path)
    assert text.startswith("ROOT: no images found; give a folder that holds one sub-folder for each class, with files")
    assert all(suffix in text for suffix in IMAGE_SUFFIXES)


def test_no_images_but_other_files(tmp_path):
    text = error_of(fill(tmp_path, "cat/1.dcm", "cat/2.dcm"))
    assert text.startswith(
        f"ROOT: no images found (2 skipped, such as cat/1.dcm: not an image file name (.dcm): {DICOM}"
    )


def test_images_but_no_class_folders(tmp_path):
    text = "ROOT: 2 image file(s), such as 1.jpg, but no class folders; put them into one sub-folder for each class"
    assert error_of(fill(tmp_path, "1.jpg", "2.png", "notes.txt", "empty/")) == text + ", such as cat and dog"


def test_images_in_parts_but_no_class_folders(tmp_path):
    assert "2 image file(s), such as train/1.jpg, but no class" in error_of(fill(tmp_path, "train/1.jpg", "val/1.jpg"))


def test_one_class(tmp_path):
    text = error_of(fill(tmp_path, "cat/1.jpg", "dog/"))
    assert text == "ROOT: only one class, cat; at least two sub-folders with images are needed"


def test_one_class_that_holds_the_classes(tmp_path):
    text = error_of(fill(tmp_path, "photos/cat/1.jpg", "photos/dog/1.jpg"))
    assert text == (
        "ROOT: only one class, photos; at least two sub-folders with images are needed; "
        "if the classes are the folders in it, give ROOT/photos"
    )


def test_one_class_in_ready_made_parts(tmp_path):
    text = error_of(fill(tmp_path, "train/cat/1.jpg", "val/cat/1.jpg"))
    assert text == "ROOT: only one class, cat; at least two sub-folders with images are needed"


# --- list_images ---


def test_list_images(tmp_path):
    fill(tmp_path, "in/10.jpg", "in/2.jpg", "in/deep/1.png", "in/a.txt", "in/.hidden/1.jpg", "photo.dat", ".own.jpg")
    given = [tmp_path / name for name in ("photo.dat", "in", ".own.jpg", "gone.jpg", "in/2.jpg")]
    images, skipped = list_images(given)
    assert [path.relative_to(tmp_path).as_posix() for path in images] == [
        "photo.dat",
        "in/2.jpg",
        "in/10.jpg",
        "in/deep/1.png",
        ".own.jpg",
    ]
    assert skipped == [
        Skipped((tmp_path / "in/a.txt").as_posix(), "not an image file name (.txt)"),
        Skipped((tmp_path / "gone.jpg").as_posix(), "no such file or folder"),
    ]


def test_list_images_of_nothing(tmp_path):
    assert list_images([]) == ([], [])
    assert list_images([tmp_path]) == ([], [])


def test_no_framework_is_imported():
    loaded = "import sys, data.folder, data.image; print({'keras', 'tensorflow', 'models', 'study'} & set(sys.modules))"
    root = ROOT
    done = subprocess.run([sys.executable, "-c", loaded], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_file_with_the_longest_name_that_a_disk_takes_hides_no_other(tmp_path):
    fill(tmp_path, "cat/1.jpg", "cat/2.jpg", f"cat/{251 * 'n'}.txt", "dog/1.jpg")
    assert [image.name for image in scan(tmp_path).images] == ["cat/1.jpg", "cat/2.jpg", "dog/1.jpg"]


def test_a_table_of_predictions_that_is_not_done_is_none_of_the_files_to_predict_for(tmp_path):
    names = ("a.jpg", "out.csv", "out.csv.progress", "out.csv.progress-journal", "other.csv")
    fill(tmp_path, *names)
    images, skipped = list_images([tmp_path])
    assert [path.name for path in images] == ["a.jpg"]
    assert [Path(item.name).name for item in skipped] == ["other.csv"]

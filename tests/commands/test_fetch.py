"""`fetch`: a data set by its name becomes a folder that training takes; nothing is overwritten or left half-made."""

import json
import os
import shutil
import sys
import types
import zipfile
from importlib.machinery import ModuleSpec

import pytest
from full_disk import whole_folder_or_none
from helpers import call, classes_in, fails, left_behind, make_toy

from data import folder, labels
from study.fetch import animals10, place
from study.fetch.animals10 import TABLES

ITALIAN = {"cane": "circle", "cavallo": "square", "gatto": "stripes", "ragno": "circle"}


@pytest.fixture(scope="module")
def kaggle(tmp_path_factory):
    """A folder as one downloads it from Kaggle, with four of its ten folders, and its archive."""
    root = tmp_path_factory.mktemp("kaggle")
    toy = make_toy(root / "toy", 2)
    for italian, label in ITALIAN.items():
        shutil.copytree(toy / label, root / "animals" / "raw-img" / italian)
    (root / "animals" / "translate.py").write_text("translate = {}\n", encoding="utf-8")
    (root / "animals" / "raw-img" / "cane" / "notes.txt").write_text("no image", encoding="utf-8")
    shutil.make_archive(str(root / "archive"), "zip", root / "animals")
    return root


@pytest.mark.parametrize("given", ["animals", "animals/raw-img", "archive.zip"])
def test_folders_with_italian_names_become_the_classes_of_the_study(given, kaggle, tmp_path):
    out, before = tmp_path / "out", left_behind(kaggle)
    ran = call("fetch", "animals10", "--from", kaggle / given, "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert classes_in(out) == {"cat": 2, "dog": 2, "horse": 2}
    assert (out / "dog" / "0.png").read_bytes() == (kaggle / "animals/raw-img/cane/0.png").read_bytes()
    told = json.loads(ran.out)
    assert (told["images"], told["left_out"], told["classes"]) == (6, 2, {"cat": 2, "dog": 2, "horse": 2})
    assert ran.next == f"next: learn them: python main.py train --data {out}\n"
    assert "careful: cane holds 2 images; that of the known set holds 4,863\n" in ran.err
    assert left_behind(kaggle) == before
    assert left_behind(tmp_path)[0] == ".licence.txt"
    assert "GPL-2.0" in (out / ".licence.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(("flags", "links"), [((), 2), (("--copy",), 1)])
def test_a_folder_is_linked_unless_copies_are_asked_for(flags, links, kaggle, tmp_path):
    shutil.copytree(kaggle / "animals", tmp_path / "animals")
    (tmp_path / "animals/raw-img/gatto/9.png").symlink_to(tmp_path / "gone.png")  # a broken link is no image
    assert call("fetch", "animals10", "--from", tmp_path / "animals", "--out", tmp_path / "out", *flags).code == 0
    assert (tmp_path / "out" / "cat" / "1.png").stat().st_nlink == links


def test_where_the_disk_has_no_links_the_images_are_copied(kaggle, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    assert call("fetch", "animals10", "--from", kaggle / "animals", "--out", tmp_path / "out").code == 0
    assert classes_in(tmp_path / "out") == {"cat": 2, "dog": 2, "horse": 2}


def test_all_takes_all_ten(kaggle, tmp_path):
    for italian in animals10.classes(every=True):
        shutil.copytree(kaggle / "toy" / "circle", tmp_path / "raw-img" / italian)
    assert call("fetch", "animals10", "--from", tmp_path / "raw-img", "--all", "--out", tmp_path / "out").code == 0
    assert len(classes_in(tmp_path / "out")) == 10
    assert classes_in(tmp_path / "out")["squirrel"] == 2


def test_the_label_table_is_one_that_labels_takes_for_the_folders_as_they_are(kaggle, tmp_path):
    for italian in animals10.classes(every=True):
        shutil.copytree(kaggle / "toy" / "circle", tmp_path / italian)
    read = labels.apply(folder.scan(tmp_path), labels.read(TABLES / "animals10.csv"))
    assert (read.class_names, len(read.images)) == (("cat", "dog", "horse"), 6)


def test_the_label_table_leaves_seven_of_ten_out_and_renames_the_others():
    three, ten = animals10.classes(every=False), animals10.classes(every=True)
    assert list(three) == list(ten)
    assert {folder: label for folder, label in three.items() if label} == {
        "cane": "dog",
        "cavallo": "horse",
        "gatto": "cat",
    }
    assert sorted(path.name for path in TABLES.glob("*.csv")) == ["animals10-all.csv", "animals10.csv"]


def test_without_an_archive_it_says_what_to_download_by_hand(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    ran = call("fetch", "animals10", "--out", tmp_path / "out")
    fails(ran, "Download it by hand from https://www.kaggle.com/datasets/alessiocorrado99/animals10 ", tmp_path)
    assert "licence: GPL-2.0, as its page on Kaggle says." in ran.out
    assert "python main.py fetch animals10 --from archive.zip" in ran.err


@pytest.mark.parametrize("works", [True, False])
def test_kagglehub_downloads_where_it_is_installed(works, kaggle, tmp_path, monkeypatch):
    def dataset_download(handle):
        assert handle == "alessiocorrado99/animals10"
        if not works:
            raise RuntimeError("403 Client Error.\n\nYou don't have permission")
        return str(kaggle / "animals")

    module = types.ModuleType("kagglehub")
    module.dataset_download = dataset_download
    module.__spec__ = ModuleSpec("kagglehub", None, origin="kagglehub/__init__.py")
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    ran = call("fetch", "animals10", "--out", tmp_path / "out")
    if works:
        assert classes_in(tmp_path / "out") == {"cat": 2, "dog": 2, "horse": 2}
    else:
        fails(ran, "kagglehub could not download it: 403 Client Error. You don't have permission. Download ", tmp_path)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("animals10", "--from", "{toy}"), "holds no images in cane, cavallo, gatto. Give the archive of https://"),
        (("animals10", "--from", "{animals}", "--all"), "holds no images in elefante, farfalla, gallina, mucca, "),
        (("animals10", "--from", "missing.zip"), "There is no --from missing.zip: give the archive or the folder"),
        (("animals10", "--from", "{animals}/translate.py"), "translate.py is damaged, or no archive of that kind: "),
        (("animals10", "--from", "{archive}", "--copy"), "--copy goes with a folder. Received: --from "),
        (("animals10", "--species"), "--species goes with oxford-pets. Received: animals10; leave --species out."),
        (("oxford-pets", "--all"), "--all goes with animals10. Received: oxford-pets; leave --all out."),
        (("cifar",), "fetch takes the name of one data set: animals10 or oxford-pets. Received: cifar"),
        ((), "fetch takes the name of one data set: animals10 or oxford-pets. Received: nothing"),
    ],
)
def test_what_cannot_be_fetched_is_one_line_and_leaves_nothing(words, text, kaggle, tmp_path):
    places = {"toy": kaggle / "toy", "animals": kaggle / "animals", "archive": kaggle / "archive.zip"}
    words = [word.format(**places) for word in words]
    fails(call("fetch", *words, "--out", tmp_path / "out"), text, tmp_path)


def test_an_archive_that_would_write_elsewhere_is_refused_and_leaves_nothing(kaggle, tmp_path):
    archive = tmp_path / "archive.zip"
    shutil.copy(kaggle / "archive.zip", archive)
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("raw-img/cane/../../../evil.jpg", b"evil")
    (tmp_path / "here").mkdir()
    ran = call("fetch", "animals10", "--from", archive, "--out", tmp_path / "here" / "out")
    fails(ran, "evil.jpg would be written outside of the folder. Nothing was unpacked", tmp_path / "here")
    assert left_behind(tmp_path) == ["archive.zip", "here"]


def test_two_images_of_one_name_do_not_overwrite_each_other(kaggle, tmp_path):
    archive = tmp_path / "archive.zip"
    shutil.copy(kaggle / "archive.zip", archive)
    with zipfile.ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("raw-img/cane/0.png", b"another")
    (tmp_path / "here").mkdir()
    ran = call("fetch", "animals10", "--from", archive, "--out", tmp_path / "here" / "out")
    fails(ran, "Two images of dog are called 0.png: one would overwrite the other.", tmp_path / "here")


def test_a_folder_that_is_there_is_not_touched_and_an_empty_one_is_filled(kaggle, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert call("fetch", "animals10", "--from", kaggle / "animals", "--out", out).code == 0
    before = left_behind(out)
    ran = call("fetch", "animals10", "--from", kaggle / "animals", "--out", out)
    assert ran.code == 2
    assert f"so that nothing is overwritten. Received: {out}, which is there." in ran.err
    assert left_behind(out) == before


def test_the_new_folder_may_not_lie_in_the_original(kaggle, tmp_path):
    shutil.copytree(kaggle / "animals", tmp_path / "animals")
    out = tmp_path / "animals" / "out"
    fails(call("fetch", "animals10", "--from", tmp_path / "animals", "--out", out), "lies within the images", out)


def test_a_disk_with_too_little_room_is_told_before_anything_is_made(kaggle, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(place.shutil, "disk_usage", lambda _: usage._replace(free=10))
    ran = call("fetch", "animals10", "--from", kaggle / "archive.zip", "--out", tmp_path / "out")
    fails(ran, "animals10 needs 1 MB in ", tmp_path)


def test_a_disk_that_is_full_at_any_moment_is_told_and_leaves_no_half_of_the_folder(kaggle, tmp_path):
    out = tmp_path / "there" / "out"
    whole_folder_or_none(
        tmp_path, lambda: call("fetch", "animals10", "--from", kaggle / "archive.zip", "--out", out), out, 6
    )

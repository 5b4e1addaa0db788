"""Names of folders that every disk takes, and files that come to a folder whole and over no other."""

import os
import subprocess
import sys

import pytest
from helpers import ROOT

from data import file_names
from study.predict import places


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        *(("cat", "cat"), ("柴犬", "柴犬"), ("a b-c.d", "a b-c.d"), ("(unsure)", "(unsure)"), ("console", "console")),
        *(("a/b", "a_b"), ("a\\b", "a_b"), ('<>:"|?*', "_______"), ("a\nb\x7f", "a_b_")),
        *((".", "_"), ("..", "_._"), (".hidden", "_.hidden"), ("cat.", "cat_"), ("cat ", "cat_"), ("", "_")),
        *(("CON", "_CON"), ("nul.txt", "_nul.txt"), ("com1", "_com1"), ("LPT¹", "_LPT¹"), ("com10", "com10")),
        ("x" * 300, "x" * 100),
        ("猫" * 300, "猫" * 33),
        ("x" * 99 + ".y", "x" * 99 + "_"),
    ],
)
def test_a_class_of_any_name_has_a_folder(name, folder):
    assert file_names.as_folder(name) == folder


@pytest.mark.parametrize(
    ("name", "file"),
    [
        *(("a.b.JPG", "a.b.JPG"), ("a\\b:c.png", "a_b_c.png"), (".a.png", "_.a.png"), ("con.png", "_con.png")),
        *(("a .png", "a_.png"), ("000005", "000005.webp"), ("a.txt", "a.txt.webp"), (".png", "_.png.webp")),
        ("x" * 300 + ".png", "x" * 100 + ".png"),
    ],
)
def test_an_image_of_any_name_has_a_file(name, file):
    assert file_names.as_file(file_names.image_name(name, ".webp")) == file


def test_no_two_classes_share_a_folder_and_a_plain_name_stays():
    names = ["a/b", "Cat", "a?b", "a_b", "cat", "y" * 101, "y" * 102]
    assert file_names.folder_names(names) == {
        **{"a_b": "a_b", "Cat": "Cat", "cat": "cat-2", "a/b": "a_b-2", "a?b": "a_b-3"},
        **{"y" * 101: "y" * 100, "y" * 102: "y" * 100 + "-2"},
    }


@pytest.mark.parametrize(
    ("name", "second"),
    [
        *(("a.jpg", "a-2.jpg"), ("a.b.JPG", "a.b-2.JPG"), ("a", "a-2"), (".jpg", ".jpg-2")),
        (f"{'猫' * 83}x.jpg", f"{'猫' * 83}-2.jpg"),
    ],
    ids=["plain", "two dots", "no suffix", "no stem", "long"],
)
def test_a_name_that_is_taken_gets_a_number(name, second):
    assert file_names.numbered(name, 1) == name
    assert file_names.numbered(name, 2) == second
    assert len(os.fsencode(file_names.numbered(name, 2))) <= 255


@pytest.mark.parametrize("place", [places.place_copy, places.place_link])
def test_a_file_comes_beside_those_of_its_name_and_keeps_its_date(place, tmp_path):
    folder = tmp_path / "cat"
    folder.mkdir()
    for number, text in enumerate(("one", "two", "three"), 1):
        source = tmp_path / str(number)
        source.mkdir()
        (source / "a.jpg").write_text(text)
        os.utime(source / "a.jpg", (1e9, 1e9))
        target = place(source / "a.jpg", folder, "a.jpg")
        assert target == folder / ("a.jpg" if number == 1 else f"a-{number}.jpg")
        assert target.stat().st_mtime == 1e9
        assert target.is_symlink() == (place is places.place_link)
    assert [path.read_text() for path in sorted(folder.iterdir())] == ["two", "three", "one"]


def test_a_link_that_leads_nowhere_keeps_its_name(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "a.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "a.jpg").write_text("new")
    assert places.place_copy(tmp_path / "a.jpg", tmp_path / "cat", "a.jpg").name == "a-2.jpg"
    assert not (tmp_path / "gone.jpg").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits no file's size")
def test_a_full_disk_leaves_no_half_file(tmp_path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "a.jpg").write_bytes(bytes(300_000))
    code = """
import resource, signal, sys
from pathlib import Path
from study.predict.places import place_copy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    place_copy(Path(sys.argv[1]), Path(sys.argv[2]), "a.jpg")
except OSError as error:
    print(error.strerror)
"""
    words = [sys.executable, "-c", code, tmp_path / "a.jpg", tmp_path / "cat"]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout == "File too large\n"
    assert list((tmp_path / "cat").iterdir()) == []

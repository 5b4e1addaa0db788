"""Files found by their content: what is read, and in which order."""

import hashlib

from data import moved


def written(folder, *texts):
    folder.mkdir(exist_ok=True)
    files = [folder / f"{number}.png" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    return files


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_first_file_of_each_content_is_found(tmp_path):
    files = written(tmp_path, "a", "b", "c", "b")
    assert moved.find({sha256("b"), sha256("c"), sha256("gone")}, files) == {
        sha256("b"): files[1],
        sha256("c"): files[2],
    }


def test_no_more_is_read_than_until_all_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(moved, "TOGETHER", 2)
    files, read = written(tmp_path, *"abcdef"), []
    assert moved.find({sha256("c")}, files, lambda: read.append(1)) == {sha256("c"): files[2]}
    assert len(read) == 4
    assert moved.find(set(), files, lambda: read.append(1)) == {}
    assert len(read) == 4


def test_a_file_that_cannot_be_read_is_passed_over(tmp_path):
    files = [tmp_path / "none.png", *written(tmp_path / "more", "a")]
    assert moved.find({sha256("a")}, files) == {sha256("a"): files[1]}

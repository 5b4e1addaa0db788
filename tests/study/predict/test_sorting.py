"""`predict --sort`: every file comes into the folder of its verdict, and nothing that was there is touched."""

import hashlib
import io
import json
import shutil
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from helpers import TOY_CLASSES, call, make_toy, message, toy_image
from run_files import table

from data import unpacked
from study.predict import sorting
from study.predict.answers import answers_of
from study.predict.places import place_copy
from study.predict.stream import Prediction
from study.predict.verdicts import judge_of
from study.runs.folder import read_run


@pytest.fixture
def images(tmp_path):
    """Images that the run has never seen."""
    return make_toy(tmp_path / "new", 3, first=700)


def tree(folder):
    """Everything in a folder: its bytes or where it leads, and its date."""
    return {
        path.relative_to(folder).as_posix(): (path.is_symlink(), path.read_bytes(), path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def sort(run, *words, code=0, **named):
    ran = call("predict", "--run", run, *words, **named)
    assert ran.code == code, ran.err
    return ran


def test_copies_lie_by_class_and_the_table_says_where(run, images, tmp_path):
    before, out = tree(images), tmp_path / "sorted"
    ran = sort(run, images, "--sort", out, "--csv", tmp_path / "a.csv")
    rows = {row["path"]: row for row in table(tmp_path / "a.csv")}
    listed = table(out / "sort.csv")
    assert list(listed[0]) == ["path", "verdict", "sorted_to", "error"]
    assert [row["path"] for row in listed] == list(rows)
    for row in listed:
        assert row["verdict"] == rows[row["path"]]["verdict"] == row["sorted_to"].split("/")[0]
        assert (out / row["sorted_to"]).read_bytes() == Path(row["path"]).read_bytes()
        assert not (out / row["sorted_to"]).is_symlink()
    assert len(tree(out)) == 11  # with the table, and the lock
    assert {path.name for path in out.iterdir() if path.is_dir()} == {row["verdict"] for row in listed}
    assert tree(images) == before
    told = ran.out.splitlines()[-1]
    assert told.startswith(f"sorted into {out}: 9 copied (")
    assert told.endswith(f"); {out / 'sort.csv'} says where each is")


def test_unsure_and_unlike_have_folders_of_their_own(judging, images, tmp_path):
    out = tmp_path / "sorted"
    sort(judging(images=100), images / "circle", "--right", 0.99, "--sort", out)
    assert {path.parent.name for path in out.rglob("*.png")} == {"unsure"}
    sort(judging(limit=0.0), images / "square", "--sort", out)
    assert {path.parent.name for path in out.rglob("*.png")} == {"unsure", "unlike"}


def test_a_class_called_unsure_does_not_share_a_folder_with_the_verdict(judging, images, tmp_path):
    names = {name: "unsure" if name == "circle" else name for name in TOY_CLASSES}
    run = judging(images=100, names=names)
    sort(run, images / "circle", "--right", 0.99, "--sort", tmp_path / "doubt")
    assert {path.parent.name for path in (tmp_path / "doubt").rglob("*.png")} == {"(unsure)"}
    sort(run, images / "circle", "--right", 0.97, "--sort", tmp_path / "sure", "--csv", tmp_path / "a.csv")
    predicted = {row["predicted"] for row in table(tmp_path / "a.csv")}
    assert {path.parent.name for path in (tmp_path / "sure").rglob("*.png")} == predicted


@pytest.mark.parametrize("way", ["copy", "link"])
def test_the_same_command_again_changes_nothing(way, run, images, tmp_path):
    out = tmp_path / "sorted"
    sort(run, images, "--sort", out, "--sort-as", way)
    before = tree(out)
    ran = sort(run, images, "--sort", out, "--sort-as", way)
    assert tree(out) == before
    assert f"sorted into {out}: 0 {'copied' if way == 'copy' else 'linked'}, 9 there already; " in ran.out


def test_folders_that_are_links_to_another_place_are_looked_into(run, images, tmp_path):
    out, other = tmp_path / "sorted", tmp_path / "other disk"
    out.mkdir()
    for name in (*TOY_CLASSES, "unlike"):
        (other / name).mkdir(parents=True)
        (out / name).symlink_to(other / name)
    for _ in range(2):
        sort(run, images, "--sort", out)
        assert len(list(other.rglob("*.png"))) == 9
    assert not (out / "sort-2.csv").exists()


def test_new_files_are_added_and_a_new_table_stands_beside_the_old_one(run, images, tmp_path):
    out = tmp_path / "sorted"
    sort(run, images / "circle", "--sort", out)
    before = tree(out)
    sort(run, images, "--sort", out)
    after = tree(out)
    assert before.items() <= after.items()
    assert len(list(out.rglob("*.png"))) == 9
    assert len(table(out / "sort-2.csv")) == 9


def test_what_was_moved_by_hand_stays_where_it_was_put(run, images, tmp_path):
    out = tmp_path / "sorted"
    sort(run, images, "--sort", out)
    first = table(out / "sort.csv")[0]["sorted_to"]
    (out / "by hand").mkdir()
    (out / first).rename(out / "by hand" / "other.png")
    ran = sort(run, images, "--sort", out)
    assert not (out / first).exists()
    assert "9 there already (1 not in the folder of this verdict, and left where they are)" in ran.out
    assert table(out / "sort-2.csv")[0]["sorted_to"] == "by hand/other.png"


def test_two_files_of_one_name_both_come_whether_they_differ_or_not(run, tmp_path):
    for folder, number in (("a", 0), ("b", 0), ("c", 1)):
        (tmp_path / "new" / folder).mkdir(parents=True)
        toy_image("square", number).save(tmp_path / "new" / folder / "1.png")
    out = tmp_path / "sorted"
    sort(run, tmp_path / "new", "--sort", out)
    assert len(list(out.rglob("*.png"))) == 3
    assert len({row["sorted_to"] for row in table(out / "sort.csv")}) == 3
    before = tree(out)
    sort(run, tmp_path / "new", "--sort", out)
    assert tree(out) == before


def test_a_file_of_that_name_and_other_content_is_not_written_over(run, images, tmp_path):
    out = tmp_path / "sorted"
    for name in TOY_CLASSES:
        (out / name).mkdir(parents=True)
        (out / name / "700.png").write_text("mine")
    (out / "sort.csv").write_text("mine")
    before = tree(out)
    sort(run, images, "--sort", out)
    assert before.items() <= tree(out).items()
    assert len(list(out.rglob("*.png"))) == 12
    assert any(row["sorted_to"].endswith("/700-2.png") for row in table(out / "sort-2.csv"))


def test_links_lead_to_the_files(run, images, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = sort(run, "new", "--sort", "sorted", "--sort-as", "link")
    links = list((tmp_path / "sorted").rglob("*.png"))
    assert len(links) == 9
    assert all(link.is_symlink() and link.resolve().is_relative_to(images) for link in links)
    assert "sorted into sorted: 9 linked (" in ran.out


def test_files_that_cannot_be_used_are_in_the_table_with_the_reason_and_nowhere_else(run, images, tmp_path):
    (images / "empty.png").write_bytes(b"")
    sort(run, images, "--sort", tmp_path / "sorted")
    assert table(tmp_path / "sorted" / "sort.csv")[-1] == {
        "path": str(images / "empty.png"),
        **{"verdict": "", "sorted_to": "", "error": "the file is empty"},
    }
    assert not list((tmp_path / "sorted").rglob("empty*"))


def test_labelled_images_are_sorted_by_what_is_predicted(run, images, tmp_path):
    (images / "square" / "700.png").rename(images / "circle" / "square.png")
    out = tmp_path / "sorted"
    sort(run, images, "--labelled", "--sort", out, "--csv", tmp_path / "a.csv")
    verdict = {row["path"]: row["verdict"] for row in table(tmp_path / "a.csv")}[str(images / "circle" / "square.png")]
    assert (out / verdict / "square.png").is_file()


@pytest.fixture
def rows_of_parquet(tmp_path):
    """Write a data set of the hub whose images have these names."""
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    def write(names):
        content = [toy_image("square", number) for number in range(len(names))]
        cells = []
        for image, name in zip(content, names, strict=True):
            held = io.BytesIO()
            image.save(held, "PNG")
            cells.append({"bytes": held.getvalue(), "path": name})
        (tmp_path / "hub").mkdir()
        table = {"image": cells, "label": ["square"] * len(names)}
        parquet.write_table(arrow.table(table), tmp_path / "hub" / "train.parquet")
        return tmp_path / "hub"

    return write


def test_images_of_a_data_set_in_larger_files_are_copied_under_their_names_in_it(run, rows_of_parquet, tmp_path):
    hub = rows_of_parquet(["rex.png", "a/rex.png", "b\\rex:2.png", None])
    for _ in range(2):
        sort(run, "--labelled", hub, "--sort", tmp_path / "sorted")
        found = sorted(path.name for path in (tmp_path / "sorted").rglob("*.png"))
        assert found == ["000001.png", "000003.png", "b_rex_2.png", "rex.png"]
    for row in table(tmp_path / "sorted" / "sort.csv"):
        assert row["path"].startswith(f"{hub}/train/")


def test_no_link_leads_into_the_cache(run, rows_of_parquet, tmp_path):
    ran = sort(run, "--labelled", rows_of_parquet(["a.png"]), "--sort", tmp_path / "out", "--sort-as", "link", code=2)
    assert ran.err == (
        f"error: --sort-as link would lead to images that were unpacked into the cache {unpacked.place()}, from which "
        "they go again: leave it out, which copies them.\n"
    )
    assert ran.out == ""
    assert not (tmp_path / "out").exists()


def test_classes_of_any_name_are_sorted(judging, images, tmp_path):
    names = dict(zip(TOY_CLASSES, ("../out", "con", "x" * 250), strict=True))
    sort(judging(names=names), images, "--sort", tmp_path / "deep" / "sorted")
    folders = {path.parent.name for path in (tmp_path / "deep").rglob("*.png")}
    assert folders <= {"_.._out", "_con", "x" * 100, "unlike"}
    assert not list((tmp_path / "deep").glob("out*"))


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("new", "lies within {tmp}/new, whose images are to be sorted"),
        ("new/circle/sorted", "lies within {tmp}/new, whose images are to be sorted"),
        (".", "holds {tmp}/new, which is to be sorted"),
        ("toy/sorted", "lies within the images, which stay as they are"),
        ("run/sorted", "lies within the run folder {tmp}/run, which stays as it is"),
        ("file", "Cannot write to --sort {tmp}/file: Not a directory"),
        ("blocked", "needs a folder circle, and has a file of that name"),
        ("linked", "lies within {tmp}/new, whose images are to be sorted"),
    ],
)
def test_a_folder_that_would_mix_with_the_images_is_refused_before_anything_is_done(
    place, told, run, judging, toy, images, tmp_path
):
    copy = judging()
    (tmp_path / "file").write_text("x")
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "circle").write_text("x")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "circle").symlink_to(images / "circle")
    out = toy / "sorted" if place == "toy/sorted" else tmp_path / place
    before = tree(tmp_path)
    ran = sort(copy, images, "--sort", out, code=2)
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    assert told.format(tmp=tmp_path) in ran.err
    assert tree(tmp_path) == before
    assert not out.joinpath("sort.csv").exists()


def test_files_given_one_by_one_may_be_sorted_beside_themselves_and_not_into_a_folder_that_holds_them(
    run, images, tmp_path
):
    file = images / "circle" / "700.png"
    sort(run, file, "--sort", images / "circle" / "sorted")
    assert len(list((images / "circle" / "sorted").rglob("*.png"))) == 1
    ran = sort(run, file, "--sort", images, code=2)
    assert ran.err == (
        f"error: --sort {images} holds {images / 'circle'}, which is to be sorted. Give another --sort DIR.\n"
    )


def test_images_of_a_table_are_not_mistaken_for_a_folder_of_data(judging, images, tmp_path):
    data = json.loads((judging() / "run.json").read_text())["data"]
    run = judging(data=data | {"folder": str(tmp_path), "table": str(tmp_path / "labels.csv")})
    sort(run, images, "--sort", tmp_path / "sorted")
    assert len(list((tmp_path / "sorted").rglob("*.png"))) == 9


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sort", "DIR"], "--sort takes files and folders to sort. Received: no path; the run's own images have "),
        (
            ["NEW", "--sort-as", "link"],
            "--sort-as link goes with --sort DIR. Received: no --sort; leave --sort-as out.",
        ),
        (["NEW", "--sort", "DIR", "--sort-as", "move"], "--sort-as takes copy, link. Received: move"),
    ],
)
def test_what_makes_no_sense_is_refused(words, told, run, images, tmp_path):
    meant = {"NEW": images, "DIR": tmp_path / "sorted"}
    ran = sort(run, *(meant.get(word, word) for word in words), code=2)
    assert ran.err.startswith("error: " + told)
    assert not (tmp_path / "sorted").exists()


def test_several_labels_have_no_folder(judging, images, tmp_path):
    run = judging(task="multilabel", thresholds=dict.fromkeys(TOY_CLASSES, 0.3))
    ran = sort(run, images, "--sort", tmp_path / "sorted", code=2)
    assert ran.err == (
        f"error: --sort puts an image into the folder of its class, and in {run} it may have several labels, or none: "
        "leave it out; --csv names all labels of each image.\n"
    )


def test_a_file_that_cannot_be_sorted_ends_it_and_what_is_done_stays(run, images, tmp_path):
    loaded, out = read_run(run), tmp_path / "sorted"
    files = [images / "circle" / f"{number}.png" for number in (700, 701)]
    answers = certain_of(loaded, files)
    files[1].unlink()
    told = message(sorting.sort_files, out, "copy", answers, sorting.folders_of(loaded, None), [])
    assert told == (
        f"Cannot sort {files[1]} into {out}: No such file or directory. 1 of 2 files are there; the same command goes "
        "on, and copies nothing twice."
    )
    assert sorted(path.name for path in out.rglob("*.*")) == [".lock", "700.png"]


def certain_of(run, files):
    """Answers of the run that these files show the first class."""
    certain = np.array([1, 0, 0], np.float32)
    contents = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    predictions = [
        Prediction(str(file), certain, sha256=content, file=file, distance=0.0)
        for file, content in zip(files, contents, strict=True)
    ]
    return answers_of(run, predictions, judge_of(run, None))


class Errors(io.StringIO):
    """Standard error that notes when a line is there: what another thread prints is lost now and then to `capsys`."""

    def __init__(self):
        super().__init__()
        self.has_line = threading.Event()

    def write(self, text):
        written = super().write(text)
        if "\n" in text:
            self.has_line.set()
        return written


def test_of_two_that_sort_into_one_folder_at_once_the_second_waits_and_brings_nothing_twice(
    run, images, tmp_path, monkeypatch
):
    loaded, out, second, errors = read_run(run), tmp_path / "sorted", [], Errors()
    monkeypatch.setattr(sys, "stderr", errors)
    answers = certain_of(loaded, sorted((images / "circle").iterdir()))
    words = (out, "copy", answers, sorting.folders_of(loaded, None), [])

    def copy_while_another_sorts(file, folder, name):
        if not second:
            second.append(pool.submit(sorting.sort_files, *words))
            assert errors.has_line.wait(60)
            assert errors.getvalue() == f"another predict sorts into {out}: waiting for it to end\n"
        return place_copy(file, folder, name)

    monkeypatch.setattr(sorting, "place_copy", copy_while_another_sorts)
    with ThreadPoolExecutor() as pool:
        first = sorting.sort_files(*words)
    assert (first.now.total(), second[0].result().now.total(), second[0].result().before) == (3, 0, 3)
    assert len(list(out.rglob("*.png"))) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no such name")
def test_a_name_that_is_no_utf_8_is_sorted(run, images, tmp_path):
    odd = images / "circle" / "\udcff.png"
    shutil.copy(images / "circle" / "700.png", odd)
    sort(run, images / "circle", "--sort", tmp_path / "sorted", "--page", tmp_path / "out.html")
    assert len(list((tmp_path / "sorted").rglob("*.png"))) == 4
    assert "/%FF.png" in (tmp_path / "out.html").read_text()

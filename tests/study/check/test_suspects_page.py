"""The cards of suspected labels: what they show, how many, and what a browser is given to save."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from data.fixes import Fix
from data.folder import ImageRecord, Scan
from study.check import gallery, suspects_page
from study.check.audit import AuditResult
from study.check.image_statistics import measure
from study.check.label_issues import as_issues
from study.inference.label_errors import Suspect
from study.pages.render import render


@pytest.fixture
def audited(tmp_path):
    """A function: how many suspects of six images, and rows of an earlier table -> the result."""
    rng, records, statistics, thumbnails = np.random.default_rng(0), [], [], []
    for i in range(6):
        path = tmp_path / f"{i}.jpg"
        Image.fromarray(rng.integers(0, 255, (300, 600, 3), np.uint8)).save(path)
        stats, thumbnail = measure(path.read_bytes())
        records.append(ImageRecord(path, f"cat/<b>{i}.jpg", "cat" if i < 3 else "dog", None))
        statistics.append(stats)
        thumbnails.append(thumbnail)
    scanned = Scan(tmp_path, tuple(records), (), ("cat", "dog"))

    def make(count, fixes=()):
        suspects = [Suspect(0, "cat", "dog", 0.002, 0.99, (1, 2), (3, 4, 5))] * count
        pixels = np.stack(thumbnails)
        found = as_issues(suspects, records)
        source = ("", scanned, statistics, pixels, found, np.arange(6), None, (0, 0), [], "", {}, True)
        return AuditResult(*source, suspects, fixes)

    return make


def shown(result):
    return render("_suspects.html.jinja", suspects=suspects_page.section(result))


def test_a_card_has_a_picture_to_judge_and_the_nearest_of_both_classes(audited):
    page = shown(audited(1))
    sizes = [(int(w), int(h)) for w, h in re.findall(r'<img [^>]*width="(\d+)" height="(\d+)"', page)]
    assert sizes[0][0] >= 200 <= sizes[0][1]
    assert sizes[1:] == [(88, 44)] * 5
    assert page.count("data:image/jpeg;base64,") == 6
    assert "Labelled <b>cat</b> (0.2%), looks like <b>dog</b> (99.0%)" in page
    assert re.findall(r'data-action="([\w ]+)"', page) == ["keep", "relabel", "leave out"]
    assert 'data-path="cat/&lt;b&gt;0.jpg"' in page
    assert "<b>0.jpg" not in page


def test_of_many_suspects_the_first_are_shown(audited):
    result = audited(gallery.MAX_PAIRS + 7)
    assert shown(result).count("<article") == gallery.MAX_PAIRS
    (section,) = (
        entry for entry in gallery.sections(result, gallery.Thumbnails(result)) if entry["id"] == "wrong-labels"
    )
    assert section["count"] == gallery.MAX_PAIRS + 7
    assert f"the first {gallery.MAX_PAIRS} are shown, the other 7 stand in check.csv" in section["text"]
    assert section["pairs"] == []


def test_rows_of_an_earlier_table_are_saved_again(audited):
    page = shown(audited(1, (Fix("cat/9.jpg", "relabel", "dog", "00"),)))
    data = json.loads(re.search(r'id="fixes-data">(.*?)</script>', page)[1])
    assert data["columns"] == ["path", "action", "label", "sha256"]
    assert data["earlier"] == [["cat/9.jpg", "relabel", "dog", "00"]]
    assert data["classes"] == ["cat", "dog"]


def test_choices_belong_to_contents_and_labels(audited):
    result = audited(1)
    key = suspects_page.section(result)["data"]["key"]
    assert suspects_page.section(audited(2))["data"]["key"] == key
    renamed = replace(result.scan.images[0], label="dog")
    other = replace(result, scan=replace(result.scan, images=(renamed, *result.scan.images[1:])))
    assert suspects_page.section(other)["data"]["key"] != key


def test_a_picture_that_has_gone_leaves_its_thumbnail(audited):
    result = audited(1)
    result.scan.images[0].path.unlink()
    assert shown(result).count("data:image/jpeg;base64,") == 6

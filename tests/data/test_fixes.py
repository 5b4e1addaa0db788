"""The table of fixes: what it may look like, which images it means, and what it does to them."""

import hashlib
import shutil
import unicodedata

import pytest
from helpers import TOY_CLASSES, make_toy, message

from data import fixes
from data.folder import scan


@pytest.fixture
def data(tmp_path):
    return make_toy(tmp_path / "toy", 4)


def written(tmp_path, *rows, header="path,action,label,sha256"):
    path = tmp_path / "fixes.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8-sig")
    return path


def applied(data, table, told=None):
    lines = [] if told is None else told
    scanned, fixed = fixes.apply(scan(data), table, lines.append)
    return {image.name: image.label for image in scanned.images}, scanned, fixed


def content(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_images_are_relabelled_left_out_and_kept(data, tmp_path):
    table = written(
        tmp_path,
        "circle/0.png,relabel,square,",
        "circle/1.png,leave_out,,",
        "circle/2.png,Leave out,square,",
        "circle/3.png,keep,square,",  # a label that is not asked for says nothing
        "square/0.png,,,",  # not decided yet
    )
    told = []
    labels, scanned, fixed = applied(data, table, told)
    assert labels["circle/0.png"] == "square"
    assert labels["circle/3.png"] == "circle"
    assert len(labels) == 10
    assert [(entry.name, entry.reason) for entry in scanned.skipped] == [
        ("circle/1.png", "left out by the table of fixes"),
        ("circle/2.png", "left out by the table of fixes"),
    ]
    assert fixed.counts() == {"kept": 1, "relabelled": 1, "left_out": 2}
    assert fixed.decided == {"circle/0.png", "circle/3.png"}
    assert told == [f"`fixes` {table}: 1 image(s) relabelled, 2 left out"]


def test_two_columns_are_enough(data, tmp_path):
    table = written(tmp_path, "circle/1.png,leave out", header="path,action")
    assert "circle/1.png" not in applied(data, table)[0]


def test_a_moved_or_renamed_file_is_known_by_its_content(data, tmp_path):
    sha256 = content(data / "circle" / "0.png")
    (data / "circle" / "0.png").rename(data / "stripes" / "new name.png")
    told = []
    labels, _, _ = applied(data, written(tmp_path, f"circle/0.png,relabel,square,{sha256.upper()}"), told)
    assert labels["stripes/new name.png"] == "square"
    assert len(told) == 1


def test_another_file_in_its_place_is_not_meant(data, tmp_path):
    sha256 = content(data / "circle" / "0.png")
    shutil.move(data / "circle" / "0.png", data / "circle" / "moved.png")
    shutil.copy(data / "circle" / "1.png", data / "circle" / "0.png")
    labels, _, _ = applied(data, written(tmp_path, f"circle/0.png,relabel,square,{sha256}"))
    assert labels["circle/moved.png"] == "square"
    assert labels["circle/0.png"] == "circle"


def test_of_two_copies_only_the_one_that_is_named(data, tmp_path):
    shutil.copy(data / "circle" / "0.png", data / "square" / "copy.png")
    table = written(tmp_path, f"square/copy.png,leave out,,{content(data / 'circle' / '0.png')}")
    labels, _, _ = applied(data, table)
    assert "square/copy.png" not in labels
    assert labels["circle/0.png"] == "circle"


def test_rows_that_mean_no_image_are_told(data, tmp_path):
    sha256 = "0" * 64
    table = written(tmp_path, f"a/gone.png,leave out,,{sha256}", f"circle/1.png,keep,,{sha256}", "circle/2.png,keep,,")
    told = []
    applied(data, table, told)
    assert told == [
        f"`fixes` {table}: 1 of 3 rows name no image of {data} by path or content, such as a/gone.png; they change "
        "nothing",
        f"`fixes` {table}: 1 of 3 rows name a file whose content has changed since, such as circle/1.png; they change "
        "nothing",
        f"`fixes` {table}: 0 image(s) relabelled, 0 left out",
    ]


def test_a_table_of_other_images_is_refused(data, tmp_path):
    table = written(tmp_path, "a/1.png,keep,,", "a/2.png,keep,,")
    told = message(applied, data, table)
    names = f"`fixes` {table} names 2 image(s), such as a/1.png, none of which is in {data}"
    assert told == f"{names}: give the fixes of these images."


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("circle/0.png,delete,,", "action must be one of keep, relabel, leave out. Received: delete"),
        ("circle/0.png,relabel,,", "circle/0.png is to be relabelled and has no label."),
        ("circle/0.png,relabel,zebra,", "relabels circle/0.png as zebra, which is no class of"),
    ],
)
def test_rows_that_cannot_be_obeyed(data, tmp_path, row, told):
    assert told in message(applied, data, written(tmp_path, row))


def test_two_rows_that_disagree_are_refused(data, tmp_path):
    rows = ("circle/0.png,keep,,", "circle/0.png,leave out,,")
    assert message(applied, data, written(tmp_path, *rows)).endswith(
        "says two things of circle/0.png: leave one of the rows out."
    )
    applied(data, written(tmp_path, rows[0], rows[0]))


def test_files_that_are_no_such_table(data, tmp_path):
    assert "No such file" in message(applied, data, tmp_path / "nowhere.csv")
    assert (
        "has no column action: give a CSV file path,action,label and, if known, sha256. It has: path, label."
        in message(applied, data, written(tmp_path, header="path,label"))
    )
    (tmp_path / "fixes.csv").write_bytes("path,action\nä,keep\n".encode("latin-1"))
    assert "Save it as CSV in UTF-8." in message(applied, data, tmp_path / "fixes.csv")


def test_several_labels(data, tmp_path):
    table = written(tmp_path, "circle/0.png,relabel,square|stripes,")
    scanned, _ = fixes.apply(scan(data), table, lambda line: None, several_labels=True)
    assert {image.name: image.label for image in scanned.images}["circle/0.png"] == "square|stripes"
    assert scanned.class_names == TOY_CLASSES


def test_an_image_is_known_by_a_name_in_the_other_form_of_unicode_and_with_dot_or_backslash(data, tmp_path):
    apart = unicodedata.normalize("NFD", "パ.png")
    (data / "circle" / "0.png").rename(data / "circle" / apart)
    rows = ("circle/パ.png,relabel,square,", "./circle/1.png,leave out,,", "circle\\2.png,relabel,stripes,")
    labels, scanned, _ = applied(data, written(tmp_path, *rows))
    assert labels[f"circle/{apart}"] == "square"
    assert labels["circle/2.png"] == "stripes"
    assert [item.name for item in scanned.skipped] == ["circle/1.png"]


def test_two_rows_of_one_image_that_are_written_in_two_ways_are_a_contradiction(data, tmp_path):
    table = written(tmp_path, "circle/1.png,keep,,", "./circle/1.png,relabel,square,")
    assert message(fixes.apply, scan(data), table, print) == (
        f"`fixes` {table} says two things of circle/1.png: leave one of the rows out."
    )


def test_spaces_at_the_ends_of_a_name_count_where_an_image_has_them(data, tmp_path):
    (data / " circle").mkdir()
    for number in range(4):
        shutil.copy(data / "circle" / f"{number}.png", data / " circle" / f"{number}.png")
    labels, *_ = applied(data, written(tmp_path, " circle/0.png,relabel,square,", " square/0.png ,relabel,circle,"))
    assert (labels[" circle/0.png"], labels["circle/0.png"], labels["square/0.png"]) == ("square", "circle", "circle")


def test_rows_of_copies_that_were_moved_must_agree(data, tmp_path):
    """At their paths each copy has its own row; moved, they cannot be told apart."""
    sha256 = content(data / "circle" / "0.png")
    shutil.copy(data / "circle" / "0.png", data / "square" / "copy.png")
    rows = (f"circle/0.png,keep,,{sha256}", f"square/copy.png,relabel,circle,{sha256}")
    table = written(tmp_path, *rows)
    assert applied(data, table)[0]["square/copy.png"] == "circle"
    (data / "circle" / "0.png").unlink()
    assert applied(data, table)[0]["square/copy.png"] == "circle"
    (data / "square" / "copy.png").rename(data / "stripes" / "new.png")
    assert message(applied, data, table) == (
        f"`fixes` {table} says two things of stripes/new.png, which its rows know by content: keep (circle/0.png) and "
        "relabel circle (square/copy.png). Leave one of the rows out."
    )
    agreed = written(tmp_path, *(f"{name},relabel,circle,{sha256}" for name in ("circle/0.png", "square/copy.png")))
    assert applied(data, agreed)[0]["stripes/new.png"] == "circle"


def test_a_row_with_its_content_counts_beside_one_without(data, tmp_path):
    sha256, told = content(data / "circle" / "0.png"), []
    rows = ("circle/0.png,relabel,square,", f"circle/0.png,keep,,{sha256}")
    for table in (written(tmp_path, *rows), written(tmp_path, *rows[::-1])):
        assert message(applied, data, table).endswith("says two things of circle/0.png: leave one of the rows out.")
    same = written(tmp_path, rows[0], f"circle/0.png,relabel,square,{sha256}", f",leave out,,{sha256}")
    labels, *_ = applied(data, same, told)
    assert labels["circle/0.png"] == "square"  # the row of the path goes before that of the content
    assert told == [f"`fixes` {same}: 1 image(s) relabelled, 0 left out"]

"""Images that belong together stay in one split, however it is made; names that suggest it are told."""

import json
import re
from collections import defaultdict

import numpy as np
import pytest
from helpers import QUICK, call, make_toy, message
from PIL import Image

from data import split
from data.dataset import load
from data.folder import SPLITS, scan
from data.groups import apply, hint, parse_group
from data.source import Source
from study.tasks import multilabel


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def picture(*seed):
    """Coloured blobs, unlike those of any other seed."""
    blobs = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(blobs).resize((40, 40), Image.Resampling.BICUBIC)


def patients(root, name="{label}/{group}/{number}.png", groups=6, each=5, shared=True):
    """`each` pictures of every one of some patients, of which both classes have some where they are `shared`."""
    for at, label in enumerate(("circle", "square")):
        for group in range(groups):
            for number in range(each):
                patient = f"patient{group + (0 if shared else 100 * at):02d}"
                path = root / name.format(label=label, group=patient, number=number)
                path.parent.mkdir(parents=True, exist_ok=True)
                picture(at, group, number).save(path)
    return root


def parts_of(rows, pattern=r"patient\d+"):
    found = defaultdict(set)
    for row in rows:
        found[re.search(pattern, row.path)[0]].add(row.split)
    return found


def counts(dataset):
    return {split: set(own) for split, own in dataset.counts().items()}


EVERY = {split: {"circle", "square"} for split in SPLITS}


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_folders_below_a_class_are_groups(tmp_path, shared, seed):
    dataset = load(Source(patients(tmp_path, shared=shared), 32, group="folder", seed=seed))
    found = parts_of(dataset.entries)
    assert len(found) == (6 if shared else 12)
    assert all(len(parts) == 1 for parts in found.values())
    assert counts(dataset) == EVERY
    plain = load(Source(tmp_path, 32, group="none", seed=seed))
    assert any(len(parts) > 1 for parts in parts_of(plain.entries).values())


@pytest.mark.parametrize("rule", [r"patient\d+", r"^(patient\d+)_", "(?i)PATIENT.."])
def test_a_pattern_on_the_file_name_is_a_group(tmp_path, rule):
    notes = []
    data = patients(tmp_path, "{label}/{group}_{number}.png")
    dataset = load(Source(data, 32, group=rule), note=notes.append)
    assert all(len(parts) == 1 for parts in parts_of(dataset.entries).values())
    assert counts(dataset) == EVERY
    assert notes[0] == f"`group` {rule}: 60 images in 6 groups, such as patient00, stay together"


def test_images_without_a_match_stand_alone(tmp_path):
    data = patients(tmp_path, "{label}/{group}_{number}.png", shared=False)
    for number in range(20):
        picture(7, number).save(data / "circle" / f"other{number}.png")
    notes = []
    dataset = load(Source(data, 32, group=r"patient\d+"), note=notes.append)
    assert notes[0].endswith("60 images in 12 groups, such as patient00, stay together; 20 are in none")
    others = [row.split for row in dataset.entries if "other" in row.path]
    assert len(set(others)) > 1
    assert dataset.sizes()["train"] <= 70


def test_a_pattern_holds_for_a_table_and_not_beside_its_own_column(tmp_path):
    patients(tmp_path, "{label}/{group}_{number}.png")
    names = [f"{label}/patient{group:02d}_{at}.png" for label in ("circle", "square") for group in range(6)
             for at in range(5)]  # fmt: skip
    table = tmp_path / "t.csv"
    table.write_text("path,label\n" + "".join(f"{name},{name.split('/')[0]}\n" for name in names))
    dataset = load(Source(table, 32, group=r"patient\d+"))
    assert all(len(parts) == 1 for parts in parts_of(dataset.entries).values())
    assert message(load, Source(table, 32, group="folder")) == (
        f"`group` folder is for a folder of classes: give {table} a column group, or a pattern."
    )
    table.write_text("path,label,group\n" + "".join(f"{name},{name.split('/')[0]},{name[7:16]}\n" for name in names))
    assert message(load, Source(table, 32, group="patient")).endswith(
        "t.csv has a column group: leave `group` out. Received: patient"
    )


def test_a_group_column_may_name_groups_of_several_classes(tmp_path):
    patients(tmp_path, "{label}/{group}_{number}.png")
    names = [f"{label}/patient{group:02d}_{at}.png" for label in ("circle", "square") for group in range(6)
             for at in range(5)]  # fmt: skip
    rows = "".join(f"{name},{name.split('/')[0]},{name.split('/')[1][:9]}\n" for name in names)
    (tmp_path / "t.csv").write_text("path,label,group\n" + rows)
    dataset = load(Source(tmp_path / "t.csv", 32))
    assert all(len(parts) == 1 for parts in parts_of(dataset.entries).values())
    assert counts(dataset) == EVERY


def test_new_images_of_a_group_follow_an_earlier_split(tmp_path):
    data = patients(tmp_path / "data", groups=6, each=5)
    first = load(Source(data, 32, group="folder"))
    split.write_split(tmp_path / "split.csv", first.entries)
    for group in range(6):
        for number in range(5, 9):
            picture(8, group, number).save(data / "circle" / f"patient{group:02d}" / f"{number}.png")
    more = load(Source(data, 32, group="folder", split_file=str(tmp_path / "split.csv"), seed=9))
    assert {row.path: row.split for row in first.entries}.items() <= {
        row.path: row.split for row in more.entries
    }.items()
    assert all(len(parts) == 1 for parts in parts_of(more.entries).values())
    assert len(more.entries) == 84


def test_an_earlier_split_that_divides_a_group_is_told(tmp_path):
    data = patients(tmp_path / "data")
    split.write_split(tmp_path / "split.csv", load(Source(data, 32, group="none")).entries)
    notes = []
    load(Source(data, 32, group="folder", split_file=str(tmp_path / "split.csv")), note=notes.append)
    (told,) = [line for line in notes if "stand in two of the given splits" in line]
    assert re.match(r"careful: \d group\(s\), such as patient0\d, stand in two of the given splits", told)


def test_a_missing_validation_part_is_taken_by_whole_groups(tmp_path):
    patients(tmp_path / "train", shared=False, groups=8, each=3)
    for label in ("circle", "square"):
        (tmp_path / "test" / label).mkdir(parents=True)
        for number in range(4):
            picture(9, len(label), number, ord(label[0])).save(tmp_path / "test" / label / f"{number}.png")
    dataset = load(Source(tmp_path, 32, group="folder"))
    found = parts_of([row for row in dataset.entries if row.path.startswith("train/")])
    assert all(len(parts) == 1 for parts in found.values())
    assert counts(dataset) == EVERY


@pytest.mark.parametrize("seed", range(3))
def test_groups_of_several_labels_stay_together(tmp_path, seed):
    data = patients(tmp_path, "{label}/{group}_{number}.png", groups=12, each=4, shared=False)
    lines = []
    for at, file in enumerate(sorted(data.rglob("*.png"))):
        name = file.relative_to(data).as_posix()
        lines += [f"{name},{label}" for label in ([file.parent.name, "odd"] if at % 3 else [file.parent.name])]
    (data / "t.csv").write_text("path,label\n" + "\n".join(lines) + "\n")
    source = Source(data / "t.csv", 32, several_labels=True, assign=multilabel.assign, group=r"patient\d+", seed=seed)
    dataset = load(source)
    assert all(len(parts) == 1 for parts in parts_of(dataset.entries).values())
    assert counts(dataset) == {split: {"circle", "square", "odd"} for split in SPLITS}


def test_few_large_groups_of_several_labels_leave_no_part_empty(tmp_path):
    data = patients(tmp_path, "{label}/{group}_{number}.png", groups=3, each=5)
    lines = [f"{file.relative_to(data).as_posix()},{file.parent.name}" for file in sorted(data.rglob("*.png"))]
    (data / "t.csv").write_text("path,label\n" + "\n".join(lines) + "\n")
    source = Source(data / "t.csv", 32, several_labels=True, assign=multilabel.assign, group=r"patient\d+")
    assert load(source).sizes() == dict.fromkeys(SPLITS, 10)


# ---- what is refused ----


def test_a_rule_that_finds_nothing_is_refused_with_the_reason(tmp_path):
    data = make_toy(tmp_path / "toy", 5)
    assert message(load, Source(data, 32, group="folder")) == (
        f"`group` folder finds no group in {data}: no folder below a class holds images."
    )
    assert message(load, Source(data, 32, group="patient")) == (
        f"`group` patient finds no group in {data}: it matches no file name, as circle/0.png."
    )


@pytest.mark.slow
def test_too_few_groups_and_no_regular_expression_are_refused(tmp_path):
    data = patients(tmp_path, groups=2)
    assert message(load, Source(data, 32, group="folder")).startswith(
        "Class 'circle' has 2 group(s) of images: at least 3 are needed"
    )
    assert message(parse_group, "clip(") == (
        "`group` takes folder, none, or a regular expression on file names. Received: clip( (missing ), unterminated "
        "subpattern at position 4)"
    )
    ran = call("train", "--data", data, "--group", "clip(")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "--group takes folder, none, or a regular expression" in ran.err
    assert "--group is for images of your own: leave it out or give --data" in call("train", "--group", "folder").err


# ---- names that suggest groups ----


def exported(label):
    return [f"{label}/{label}{at}_jpg.rf.{at * 7919 + copy:08x}.jpg" for at in range(5) for copy in range(3)]


def frames(label):
    return [f"{label}/clip_{at:03d}_{number:04d}.jpg" for at in range(4) for number in range(0, 60, 5)]


SUGGESTING = {
    "folders": (lambda label: [f"{label}/{label}{at}/{n}.jpg" for at in range(4) for n in range(3)], "folder"),
    "exported": (exported, r"(.+)_(?:jpe?g|png|webp|bmp|tiff?)\.rf\."),
    "frames by clip": (frames, r"clip[ _-]?\d+"),
    "frames": (
        lambda label: [f"{label}/MVI_12{at}_{n:05d}.png" for at in range(4) for n in range(20)],
        r"(.*\d.*?)[ _-](?:frame|img)?[ _-]?\d+\.\w+$",
    ),
    "patients": (
        lambda label: [f"{label}/Patient-{at}_{view}.jpg" for at in range(4) for view in ("left", "right")],
        r"Patient[ _-]?\d+",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SUGGESTING)
def test_names_that_suggest_groups_are_told_with_the_flag(tmp_path, kind):
    names, rule = SUGGESTING[kind]
    found = scan(fill(tmp_path, *names("cat"), *names("dog")))
    told = hint(found.images)
    assert told.startswith("careful: images seem to belong together by their ")
    shown = rule if rule == "folder" else f"'{rule}'"
    assert f"may be divided between the splits: `group` {shown} keeps them in one, `group` none says" in told
    grouped = apply(found, rule, False, lambda line: None)  # the advice can be followed
    assert len({image.group for image in grouped.images}) >= 3
    assert all(image.group for image in grouped.images)


@pytest.mark.parametrize(
    "name",
    [
        "{at}.jpg",
        "IMG_{at:04d}.jpg",
        "IMG_2020010{day}_{time}.jpg",
        "n02085620_{at}.jpg",
        "breed{day}.jpg",
        "2008_{time}.jpg",
        "Abyssinian_{at}.jpg",
        "cat ({at}).jpg",
        "photo{at}_jpg.rf.{time}.jpg",
        "{at}/only.jpg",
        "suitcase{at}.jpg",
    ],
)
def test_ordinary_names_suggest_nothing(tmp_path, name):
    made = [
        f"{label}/{name.format(at=at, day=at % 5 + 1, time=100_000 + at * at * 997)}"
        for label in ("cat", "dog")
        for at in range(1, 40)
    ]
    assert hint(scan(fill(tmp_path, *made)).images) == ""


def test_given_splits_and_given_groups_are_not_questioned(tmp_path):
    made = [f"{split}/{label}/p{at}/{n}.jpg" for split in ("train", "test") for label in "ab" for at in range(4)
            for n in range(3)]  # fmt: skip
    assert hint(scan(fill(tmp_path, *made)).images) == ""
    notes = []
    apply(scan(tmp_path), "none", False, notes.append)
    assert notes == []


# ---- at the command line ----


@pytest.mark.slow
def test_a_grouped_training_is_kept_in_its_run_and_predicts_its_own_split(tmp_path):
    data = patients(tmp_path / "data")
    ran = call("train", *QUICK, "--epochs", 1, "--data", data, "--group", "folder", "--runs", tmp_path / "runs")
    assert ran.code == 0, ran.err
    assert "--group folder: 60 images in 6 groups, such as patient00, stay together\n" in ran.out
    (run,) = (tmp_path / "runs").iterdir()
    assert json.loads((run / "run.json").read_text())["settings"]["group"] == "folder"
    assert all(len(parts) == 1 for parts in parts_of(split.read_split(run / "split.csv")).values())
    (told,) = (line for line in ran.out.splitlines() if line.startswith("test: accuracy"))
    assert ", counted by 1 group: images that belong together count once), macro" in told
    assert "counted by 1 group: images" in (run / "report.html").read_text()
    predicted = call("predict", "--run", run)
    assert predicted.code == 0, predicted.err
    assert told in predicted.out
    tested_again = call("predict", "--run", run, "--labelled", data)
    assert ", counted by 6 groups: images that belong together count once), macro" in tested_again.out
    tested = sum(row.split == "test" for row in split.read_split(run / "split.csv"))
    assert f" of {tested}; 95 %" in predicted.out
    refused = call("compare", "--data", data, "--vary", "group=folder,none")
    assert "--vary cannot take group: every run is evaluated on the same images" in refused.err


@pytest.mark.slow
def test_check_tells_of_groups_and_of_too_few(tmp_path):
    data = patients(tmp_path / "data", groups=2)
    told = call("check", "--data", data, "--out", tmp_path / "out", "--group", "folder")
    assert told.code == 0, told.err
    table = (tmp_path / "out" / "check.csv").read_text(encoding="utf-8-sig")
    assert 'circle,few images,"2 group(s) of images: at least 3 are needed, one for each split",,severe,' in table
    patients(tmp_path / "more")
    assert call("check", "--data", tmp_path / "more", "--out", tmp_path / "plain").code == 0
    table = (tmp_path / "plain" / "check.csv").read_text(encoding="utf-8-sig")
    assert "images seem to belong together by their folder, such as 5 of patient00" in table
    assert "--group folder keeps them in one" in table

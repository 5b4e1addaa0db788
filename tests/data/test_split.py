import csv
import hashlib
import random
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest

from data import multilabel_split, split
from data.folder import SPLITS
from data.split import SplitEntry, assign, check_splits, parse_ratio
from errors import UserError

RATIOS = [(8, 1, 1), (7, 2, 1), (1, 1, 1)]


def sha(number):
    return hashlib.sha256(f"content {number}".encode()).hexdigest()


def rows_of(contents, label="cat"):
    """One row a content number; every file has a name of its own."""
    return [SplitEntry(f"{label}/{at}.jpg", sha(number), label) for at, number in enumerate(contents)]


def sizes(rows, label=None):
    count = Counter(row.split for row in rows if label in (None, row.label))
    return tuple(count[split] for split in SPLITS)


def part_of(rows):
    return {row.sha256: row.split for row in rows}


# ---- what the split depends on ---------------------------------------------------------------------------------------

# Taken down from this program once: the same on every machine, Python and operating system, or runs cannot be compared.
GOLDEN = {
    0: "val train train train train train train train val train test test",
    1: "train val test train train train train val train train test train",
}


@pytest.mark.parametrize("seed", GOLDEN)
def test_the_split_is_the_same_on_every_machine(seed):
    rows = assign(rows_of(range(12)), (8, 2, 2), seed)
    assert " ".join(row.split for row in rows) == GOLDEN[seed]


def test_names_and_order_have_no_say():
    rows = rows_of(range(60)) + rows_of(range(100, 140), "dog")
    renamed = [SplitEntry(f"elsewhere/{row.label}/{row.sha256[:5]}.png", row.sha256, row.label) for row in rows]
    random.Random(1).shuffle(renamed)
    assert part_of(assign(renamed, (8, 1, 1), 0)) == part_of(assign(rows, (8, 1, 1), 0))


def test_rows_come_back_as_they_were_with_a_part_each():
    rows = rows_of([5, 3, 8, 1, 1, 9])
    done = assign(rows, (8, 1, 1), 0)
    assert [(row.path, row.sha256, row.label) for row in done] == [(row.path, row.sha256, row.label) for row in rows]
    assert {row.split for row in done} == set(SPLITS)


def test_another_seed_gives_another_split():
    rows = rows_of(range(100))
    splits = {tuple(row.split for row in assign(rows, (8, 1, 1), seed)) for seed in range(10)}
    assert len(splits) == 10


def test_over_many_seeds_every_image_is_tested_about_equally_often():
    tested = Counter()
    for seed in range(400):
        tested.update(row.sha256 for row in assign(rows_of(range(20)), (8, 1, 1), seed) if row.split == "test")
    assert len(tested) == 20
    assert 20 < min(tested.values()) <= max(tested.values()) < 65  # 40 expected, standard deviation 6


def test_a_class_is_split_without_regard_to_the_others():
    cats, dogs = rows_of(range(50)), rows_of(range(100, 150), "dog")
    alone = part_of(assign(cats, (8, 1, 1), 0))
    together = part_of(assign(cats + dogs, (8, 1, 1), 0))
    assert {content: together[content] for content in alone} == alone


# ---- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ratio", RATIOS)
def test_every_class_is_exact_to_one_image(ratio):
    for n in range(10, 501):
        got = sizes(assign(rows_of(range(n)), ratio, seed=n))
        assert sum(got) == n
        for have, share in zip(got, ratio, strict=True):
            assert abs(have - n * share / sum(ratio)) < 1 or have == 1


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_parts_are_stratified(ratio):
    rows = rows_of(range(200)) + rows_of(range(1000, 1050), "dog") + rows_of(range(2000, 2010), "horse")
    done = assign(rows, ratio, 0)
    for label, n in (("cat", 200), ("dog", 50), ("horse", 10)):
        for have, share in zip(sizes(done, label), ratio, strict=True):
            assert abs(have - n * share / sum(ratio)) < 1 or have == 1


@pytest.mark.parametrize("ratio", [*RATIOS, (98, 1, 1), (1, 98, 1), (1, 1, 98)])
@pytest.mark.parametrize("n", [3, 4, 5])
def test_few_images_leave_no_part_empty(ratio, n):
    assert min(sizes(assign(rows_of(range(n)), ratio, 0))) >= 1


def test_known_sizes():
    assert sizes(assign(rows_of(range(10)), (8, 1, 1), 0)) == (8, 1, 1)
    assert sizes(assign(rows_of(range(3)), (8, 1, 1), 0)) == (1, 1, 1)
    assert sizes(assign(rows_of(range(5)), (8, 1, 1), 0)) == (3, 1, 1)
    assert sizes(assign(rows_of(range(100)), (7, 2, 1), 0)) == (70, 20, 10)


@pytest.mark.parametrize("contents", [[], [1], [1, 2], [1, 1, 1, 2, 2]])
def test_fewer_than_three_different_images_is_refused(contents):
    rows = rows_of(range(100, 120)) + rows_of(contents, "dog")
    if not contents:
        assert sizes(assign(rows, (8, 1, 1), 0)) == (16, 2, 2)
        return
    with pytest.raises(UserError) as caught:
        assign(rows, (8, 1, 1), 0)
    copies = "3 more of its images are exact copies of these. " if len(contents) == 5 else ""
    assert str(caught.value) == (
        f"Class 'dog' has {len(set(contents))} usable image(s): at least 3 different ones are needed, one for each of "
        f"train, val, test. {copies}Add images or take the class out."
    )


# ---- copies ----------------------------------------------------------------------------------------------------------


def test_byte_identical_copies_share_a_part():
    rows = rows_of([*range(40), *range(20), *range(10)])
    for seed in range(20):
        done = assign(rows, (8, 1, 1), seed)
        parts = {}
        for row in done:
            assert parts.setdefault(row.sha256, row.split) == row.split
        for have, share in zip(sizes(done), (56, 7, 7), strict=True):
            assert abs(have - share) <= 2


@pytest.mark.parametrize("contents", [[1] * 10 + [2] * 10 + [3] * 10, [1] * 100 + [2, 3], [1] * 9 + [2] * 9 + [3] * 9])
@pytest.mark.parametrize("seed", range(5))
def test_many_copies_of_few_contents_leave_no_part_empty(contents, seed):
    assert min(sizes(assign(rows_of(contents), (8, 1, 1), seed))) >= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_content_in_two_classes_goes_to_training(seed):
    rows = rows_of(range(30)) + rows_of(range(25, 55), "dog")
    done = assign(rows, (1, 1, 1), seed)
    shared = {sha(number) for number in range(25, 30)}
    assert {row.split for row in done if row.sha256 in shared} == {"train"}
    assert sizes(done, "cat") == sizes(done, "dog") == (10, 10, 10)


def test_no_content_stands_in_two_parts_whatever_the_data():
    rng = random.Random(0)
    for _ in range(100):
        rows = [
            row
            for label in ("cat", "dog", "horse")
            for row in rows_of([*rng.sample(range(40), 3), *rng.choices(range(40), k=rng.randrange(30))], label)
        ]
        parts = {}
        for row in assign(rows, rng.choice(RATIOS), rng.randrange(9)):
            parts.setdefault(row.sha256, set()).add(row.split)
        assert max(map(len, parts.values())) == 1


# ---- an earlier split ------------------------------------------------------------------------------------------------


def test_an_earlier_split_is_kept_and_new_files_restore_the_ratio():
    first = assign(rows_of(range(100)), (8, 1, 1), 0)
    more = assign(rows_of(range(200)), (8, 1, 1), 7, part_of(first))
    assert part_of(first).items() <= part_of(more).items()
    assert sizes(more) == (160, 20, 20)


def test_an_earlier_split_of_another_ratio_is_pulled_towards_the_new_one():
    first = assign(rows_of(range(90)), (1, 1, 1), 0)
    more = assign(rows_of(range(150)), (8, 1, 1), 0, part_of(first))
    assert part_of(first).items() <= part_of(more).items()
    assert sizes(more) == (90, 30, 30)  # all new ones go where they are missing


def test_files_that_are_gone_and_seeds_do_not_move_the_others():
    first = assign(rows_of(range(100)), (8, 1, 1), 0)
    fewer = assign(rows_of(range(0, 100, 2)), (8, 1, 1), 5, part_of(first))
    assert part_of(fewer).items() <= part_of(first).items()


def test_a_copy_of_an_earlier_test_image_under_another_name_stays_in_test():
    first = assign(rows_of(range(50)), (8, 1, 1), 0)
    tested = [number for number in range(50) if part_of(first)[sha(number)] == "test"]
    more = assign(rows_of([*range(50), *tested]), (8, 1, 1), 1, part_of(first))
    assert {row.split for row in more[50:]} == {"test"}


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_new_in_a_unit_that_an_earlier_split_tears_apart_is_not_tested(order):
    rows = rows_of(range(20))
    earlier = {sha(0): "test", sha(1): "val", sha(2): "test", sha(3): "train", sha(4): "test"}
    earlier = dict(list(earlier.items())[::order])
    units = {"a": (0, 1, 10), "b": (2, 3, 11), "c": (4, 12)}
    unit_of = {sha(number): name for name, numbers in units.items() for number in numbers}
    for rule in (assign, multilabel_split.assign):
        done = part_of(rule(rows, (8, 1, 1), 0, earlier, unit_of))
        assert earlier.items() <= done.items()
        assert [done[sha(number)] for number in (10, 11, 12)] == ["val", "train", "test"]


# ---- ratio -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "ratio"), [("8:1:1", (8, 1, 1)), ("70:20:10", (70, 20, 10)), (" 1: 1 :1", (1, 1, 1))])
def test_ratio_is_read(text, ratio):
    assert parse_ratio(text) == ratio


@pytest.mark.parametrize(
    "text", ["", "8", "8:2", "8:1:1:1", "8:1:0", "8:-1:1", "0.8:0.1:0.1", "a:b:c", "8::1", "²:1:1"]
)
def test_a_ratio_that_is_none_is_refused(text):
    with pytest.raises(UserError) as caught:
        parse_ratio(text)
    assert str(caught.value) == (
        f"`split` takes three whole numbers above 0, train:val:test, such as 8:1:1. Received: {text}"
    )


# ---- the file --------------------------------------------------------------------------------------------------------

NAMES = [
    "猫/写真 1.jpg",
    "cat/a, b.jpg",
    'cat/"quoted".jpg',
    "😀/😺.png",
    "e\u0301/nfd.jpg",
    "cat/ leading.jpg",
    "=1+1.png",
]


def test_written_and_read_again_it_is_the_same(tmp_path):
    rows = [SplitEntry(name, sha(at), name.split("/")[0], SPLITS[at % 3]) for at, name in enumerate(NAMES)]
    split.write_split(tmp_path / "split.csv", rows)
    labels = [unicodedata.normalize("NFC", row.label) for row in rows]  # whatever form the folder's name had
    assert split.read_split(tmp_path / "split.csv") == [
        replace(row, label=label) for row, label in zip(rows, labels, strict=True)
    ]
    with (tmp_path / "split.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == ["path", "sha256", "label", "part"]


def test_the_units_of_images_that_belong_together_are_kept_and_nothing_else_is_changed(tmp_path):
    rows, path = assign(rows_of(range(4)), (8, 1, 1), 0), tmp_path / "split.csv"
    split.write_split(path, rows)
    plain = path.read_bytes()
    assert split.read_units(path) == {}
    split.write_split(path, rows, ["a", "b", "c", "d"])
    assert path.read_bytes() == plain
    split.write_split(path, rows, ["b", "a", "b", "c"])
    assert path.read_text(encoding="utf-8").startswith("path,sha256,label,part,unit\n")
    assert split.read_split(path) == rows
    assert list(split.read_units(path).values()) == ["0", "1", "0", "2"]
    assert list(split.read_units(path)) == [row.sha256 for row in rows]


def test_a_table_saved_by_a_spreadsheet_is_read(tmp_path):
    rows = assign(rows_of(range(5)), (8, 1, 1), 0)
    split.write_split(tmp_path / "split.csv", rows)
    marked = b"\xef\xbb\xbf" + (tmp_path / "split.csv").read_bytes().replace(b"\r\n", b"\n")
    (tmp_path / "split.csv").write_bytes(marked)
    assert split.read_split(tmp_path / "split.csv") == rows


def read_error(path):
    with pytest.raises(UserError) as caught:
        split.read_split(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_file_and_a_folder_say_so(tmp_path):
    path = tmp_path / "none.csv"
    assert read_error(path) == (
        f"Cannot read {path}: No such file or directory. Give the split.csv of a run, with the columns "
        "path,sha256,label,part."
    )
    assert read_error(tmp_path).startswith(f"Cannot read {tmp_path}: ")


@pytest.mark.parametrize(
    ("content", "missing", "has"),
    [
        (b"", "path, sha256, label, part", "none"),
        (b"path,label\n", "sha256, part", "path, label"),
        (b"path,label\na.jpg,cat\n", "sha256, part", "path, label"),
    ],
    ids=["empty", "other header, no rows", "other header"],
)
def test_what_is_no_split_file_says_so(tmp_path, content, missing, has):
    path = tmp_path / "split.csv"
    path.write_bytes(content)
    assert read_error(path) == (
        f"{path} has no column {missing}: give the split.csv of a run, with the columns "
        f"path,sha256,label,part. It has: {has}."
    )


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", "line 1 has the byte 0x89, which is \u2030 in Windows-1252"),
        (b"path,sha256,label,part\n\xff\xfe,1,cat,train\n", "line 2 has the byte 0xff, which is \xff in Windows-1252"),
    ],
    ids=["picture", "another encoding"],
)
def test_what_is_no_text_says_which_byte_is_none(tmp_path, content, fault):
    path = tmp_path / "split.csv"
    path.write_bytes(content)
    assert read_error(path) == f"{path} is not in UTF-8: {fault}. Save it as CSV in UTF-8."


@pytest.mark.parametrize(("line", "received"), [("a.jpg,1,cat,dev", "dev"), ("a.jpg,1,cat,", "")])
def test_an_unknown_part_is_named(tmp_path, line, received):
    path = tmp_path / "split.csv"
    path.write_text(f"path,sha256,label,part\nb.jpg,2,cat,train\n{line}\n")
    assert read_error(path) == f"{path}: part must be one of train, val, test. Received: {received}"


def test_a_split_without_a_part_is_refused():
    rows = [SplitEntry("a", "1", "cat", "train"), SplitEntry("b", "2", "cat", "val")]
    with pytest.raises(UserError, match=r"^The split has no image for test: all of train, val, test are needed\.$"):
        check_splits(rows)
    with pytest.raises(UserError, match=r"no image for val, test:"):
        check_splits(rows[:1])
    check_splits([*rows, SplitEntry("c", "3", "cat", "test")])

"""Near duplicates stay on one side of the split; a plain split would tear some of them apart."""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from data import split
from data.drawn import draw
from data.duplicate_groups import count_duplicates, duplicate_groups, unit_names
from data.duplicates import Pair
from data.split import SplitEntry
from data.store.store import Store
from study.settings.source import load_dataset
from study.settings.train import TrainSettings
from study.train.prepare import count_contaminated


def rows_of(*names):
    return [SplitEntry(f"{name}.jpg", name, name[0]) for name in names]


def test_near_duplicates_and_theirs_share_a_unit_named_by_content():
    rows = rows_of("a3", "a1", "a2", "a4", "a5", "a6")
    group_by_hash = duplicate_groups(rows, [Pair(0, 1, 0.9), Pair(1, 2, 0.9)])
    assert {group_by_hash[name] for name in ("a1", "a2", "a3")} == {"a1"}
    assert group_by_hash["a4"] == "a4"


def test_a_class_that_is_one_series_is_not_kept_together():
    rows = rows_of("a1", "a2", "a3", "a4")
    group_by_hash = duplicate_groups(rows, [Pair(0, 1, 1.0), Pair(1, 2, 1.0), Pair(2, 3, 1.0)])
    assert group_by_hash == {name: name for name in ("a1", "a2", "a3", "a4")}


@pytest.mark.parametrize("seed", range(20))
def test_pairs_that_a_plain_split_would_leak_do_not(seed):
    rows = rows_of(*(f"a{i:03}" for i in range(200)))
    pairs = [Pair(i, i + 1, 0.9) for i in range(0, 100, 2)]
    plain = split.assign(rows, (8, 1, 1), seed)
    ours = split.assign(rows, (8, 1, 1), seed, group_by_hash=duplicate_groups(rows, pairs))
    copies = count_duplicates(ours, pairs, plain)
    assert copies.would_leak > 0
    assert copies.leaking == 0
    assert [sum(row.split == split for row in ours) for split in ("train", "val", "test")] == [160, 20, 20]


def test_a_unit_in_two_classes_goes_to_training():
    rows = [*rows_of(*(f"a{i}" for i in range(9))), *rows_of(*(f"b{i}" for i in range(9)))]
    ours = split.assign(rows, (1, 1, 1), 0, group_by_hash=duplicate_groups(rows, [Pair(0, 9, 0.95)]))
    assert ours[0].split == ours[9].split == "train"


def varied(image, kind):
    if kind == "jpeg":
        content = io.BytesIO()
        image.save(content, "jpeg", quality=35)
        return Image.open(content).convert("RGB")
    if kind == "resized":
        return image.resize((90, 90))
    return Image.fromarray(np.clip(np.asarray(image) * 1.12, 0, 255).astype(np.uint8))


def test_train_keeps_copies_of_real_files_together_and_says_so(tmp_path, capsys):
    """Forty drawings, each again with other bytes and another look: no pair is torn apart."""
    for label in ("cat", "dog"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for i in range(20):
            picture = draw.draw(label, i).image
            picture.save(tmp_path / "data" / label / f"{i}.png")
            again = varied(picture, ("jpeg", "resized", "brighter")[i % 3])
            again.save(tmp_path / "data" / label / f"{i}_again.png")
    dataset = load_dataset(TrainSettings.of(data=str(tmp_path / "data"), image_size=64), Store(None))
    told = re.search(r"(\d+) near-duplicate pairs.* (\d+) would leak.* 0 do", capsys.readouterr().out)
    assert int(told[1]) >= 38
    assert int(told[2]) > 0
    split = {row.path: row.split for row in dataset.entries}
    torn = [name for name in split if "_again" in name and split[name] != split[name.replace("_again", "")]]
    assert torn == []


def test_what_weights_have_learned_from_is_counted_by_content(tmp_path):
    rows = [replace(row, split=split) for row, split in zip(rows_of("a1", "a2", "a3"), split.SPLITS, strict=True)]
    split.write_split(tmp_path / "split.csv", [replace(row, split="train") for row in rows[:2]])
    assert count_contaminated(str(tmp_path), rows) == count_contaminated(str(tmp_path / "model.keras"), rows) == 1  # a2
    assert count_contaminated(str(tmp_path / "a.weights.h5"), rows) == count_contaminated("imagenet", rows) == 0
    (tmp_path / "split.csv").write_text("a table,of another program\n")
    assert count_contaminated(str(tmp_path), rows) == 0


def test_files_that_stand_in_two_given_parts_are_told():
    parts = ("train", "test", "train", "val")
    rows = [replace(row, split=split) for row, split in zip(rows_of("a1", "a1", "a2", "a3"), parts, strict=True)]
    copies = count_duplicates(rows, [Pair(0, 1, 1.0), Pair(2, 3, 0.9)])
    assert (copies.torn, copies.leaking, copies.would_leak) == (1, 1, None)
    assert copies.describe(4).endswith(
        "1 near-duplicate pair found; of those found, 1 leak between the given splits; 1 images are in two splits"
    )


def test_units_join_near_duplicates_and_groups_and_keep_a_series_whole():
    contents = ["e", "d", "c", "b", "a", "f", "g"]
    entries = [SplitEntry(f"{name}.png", name, "cat" if name in "abc" else "dog") for name in contents]
    pairs = [Pair(0, 1, 0.9), Pair(2, 3, 0.9)]
    assert unit_names(entries, pairs, ["", "", "", "one", "one", "", ""]) == ("d", "d", "a", "a", "a", "f", "g")
    assert duplicate_groups(entries, pairs, strict=False)["c"] == "c"  # there a class of two units is divided after all
    assert unit_names(entries, [Pair(2, 3, 0.9), Pair(3, 4, 0.9)]) == ("e", "d", "a", "a", "a", "f", "g")

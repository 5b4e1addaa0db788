"""The files to predict for, listed on the disk: in the order of a list in memory, and divided among shards."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import folder
from data.listing import Listing, sort_key
from data.names import natural_key, printable

NAMES = ("2.png", "12.png", "a.jpg", "A2.png", "note.txt", "猫.png", "٣.png", "007.png", "7.png", ".a.png", "z=1.gif")
PLACES = ("", "b", "B10", "b9", "b9/deep", "b9/deep/1")


@pytest.fixture
def tree(tmp_path):
    for place in PLACES:
        (tmp_path / "images" / place).mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (tmp_path / "images" / place / name).write_bytes(b"x")
    (tmp_path / "images" / "again").symlink_to(tmp_path / "images" / "b", target_is_directory=True)
    (tmp_path / "images" / "gone.png").symlink_to(tmp_path / "nowhere")
    return tmp_path / "images"


def listed(paths, shard=(1, 1)):
    listing = Listing(paths, shard)
    found = [one for chunk in listing.chunks(7) for _, one in chunk]
    assert len(found) == listing.files
    listing.close()
    return found


def test_it_is_the_list_in_memory_in_its_order(tree, tmp_path):
    roots = [tree / "b9", tmp_path / "missing", tree / "a.jpg", tree, tree / "b9" / "2.png"]
    images, skipped = folder.list_images(roots)
    found = listed(roots)
    assert [one.file for one in found if not one.reason] == images
    told = dict.fromkeys((item.name, item.reason) for item in skipped)  # what two roots skip stands once
    assert [(printable(one.file.as_posix()), one.reason) for one in found if one.reason] == list(told)
    assert [one.position for one in found] == list(range(len(found)))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0/"), min_size=1), min_size=1), max_size=8))
def test_bytes_sort_as_natural_order_does(paths):
    plain = sorted(paths, key=lambda parts: [natural_key(part) for part in parts])
    assert sorted(paths, key=sort_key) == plain


def test_shards_are_disjoint_and_complete_whatever_the_order(tree):
    whole = listed([tree])
    shards = [listed([tree], (number, 5)) for number in range(1, 6)]
    assert sorted(one.position for shard in shards for one in shard) == list(range(len(whole)))
    assert sum(bool(shard) for shard in shards) > 1
    files = [one.file for one in whole if not one.reason]
    random.Random(0).shuffle(files)
    for number, shard in enumerate(shards, 1):
        assert {one.file for one in listed(files, (number, 5))} == {one.file for one in shard if not one.reason}


def test_a_chunk_holds_the_same_images_wherever_it_begins_again(tree):
    listing = Listing([tree])
    numbers = [number for chunk in listing.chunks(7) for number, one in chunk if not one.reason]
    listing.open(numbers)
    whole = [[one.file for one in chunk] for chunk in listing.open_chunks(4)]
    assert {len(chunk) for chunk in whole[:-1]} == {4}
    later = Listing([tree])
    later.open(numbers[6:])
    assert [[one.file for one in chunk] for chunk in later.open_chunks(4)] == [whole[1][2:], *whole[2:]]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_images(tmp_path):
    def peak(count):
        folder = tmp_path / str(count)
        folder.mkdir()
        for number in range(count):
            (folder / f"{number}.png").touch()
        tracemalloc.start()
        listing = Listing([folder])
        assert sum(len(chunk) for chunk in listing.chunks(64)) == count
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        listing.close()
        return highest

    peak(500)  # what is kept once
    assert peak(20_000) < 4_000_000  # as many paths take twice that

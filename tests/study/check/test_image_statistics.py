import io
import itertools
import os
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import odd_files
import pytest
from helpers import ROOT
from PIL import Image, ImageFilter

from data import folder, image, names
from data.store import store
from data.store.cache import cache_folder
from data.store.store import Store
from study.check import image_statistics
from study.check.image_statistics import STATISTICS, THUMB, THUMBNAILS, ImageStatistics, gather, sharpness

MANY = 600  # small pictures, enough for several segments of ROWS
ROWS = 100

CHILD = """
import hashlib, sys
from pathlib import Path
from data import folder
from data.store import store
from study.check import image_statistics as facts
store.SEGMENT_ROWS = int(sys.argv[4])
done = 0
def advance():
    global done
    done += 1
    if done == int(sys.argv[2]):
        print("reached", flush=True)
        sys.stdin.read()  # until killed
found, thumbs, _ = facts.gather(folder.scan(Path(sys.argv[1])).images, store.Store(Path(sys.argv[3])), advance)
print(hashlib.sha256(repr(found).encode() + thumbs.tobytes()).hexdigest())
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    root = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(0)
    for label in ("a", "b"):
        (root / label).mkdir()
        for number in range(MANY // 2):
            Image.fromarray(rng.integers(0, 255, (24, 24, 3)).astype(np.uint8)).save(root / label / f"{number}.png")
    return root


def put(path, picture, form="PNG", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, form, **options)
    return folder.ImageRecord(path, path.name, path.parent.name, None)


def kept():
    return Store(cache_folder() / "store")


def look(*images):
    return gather(images, kept())[:2]


def same(one, other):
    return one[0] == other[0] and np.array_equal(one[1], other[1])


def index(query):
    with sqlite3.connect(kept().root / "index.sqlite3") as database:
        return database.execute(query).fetchall()


def rows():
    """Kind -> how many rows of it are kept."""
    return {usage.kind: usage.rows for usage in kept().usage()}


def child(root, stop=0):
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(root), str(stop), str(kept().root), str(ROWS)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# --- the facts ---


def test_facts_of_a_known_picture(tmp_path):
    halves = np.zeros((60, 80, 3), np.uint8)
    halves[:, 40:] = 200
    entry = put(tmp_path / "a.png", Image.fromarray(halves))
    (found,), thumbs = look(entry)
    assert (found.format, found.mode, found.width, found.height) == ("PNG", "RGB", 80, 60)
    assert (found.orientation, found.frames, found.bytes) == (1, 1, entry.path.stat().st_size)
    assert found.brightness == pytest.approx(100)
    assert found.contrast == pytest.approx(100)
    assert len(found.sha256) == 64
    assert thumbs.dtype == np.uint8
    assert thumbs.shape == (1, THUMB, THUMB, 3)
    assert np.array_equal(thumbs[0], image.load(entry.path.read_bytes(), THUMB, "squash"))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("turn", range(1, 9))
def test_size_is_that_of_the_upright_picture(tmp_path, turn, form):
    exif = Image.Exif()
    exif[0x0112] = turn
    (found,), _ = look(put(tmp_path / f"a.{form.lower()}", Image.new("RGB", (40, 30)), form, exif=exif))
    assert found.orientation == turn
    assert (found.width, found.height) == ((30, 40) if turn >= 5 else (40, 30))


@pytest.mark.parametrize("turn", [0, 9, 60000])
def test_an_orientation_that_does_not_exist_is_none(tmp_path, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    (found,), _ = look(put(tmp_path / "a.jpg", Image.new("RGB", (40, 30)), "JPEG", exif=exif))
    assert (found.orientation, found.width, found.height) == (1, 40, 30)


def test_size_is_that_of_the_file_however_it_was_decoded(tmp_path):
    large = odd_files.picture(1, (3000, 2000))
    (jpeg, png), thumbs = look(put(tmp_path / "a.jpg", large, "JPEG"), put(tmp_path / "a.png", large, compress_level=1))
    assert (jpeg.width, jpeg.height) == (png.width, png.height) == (3000, 2000)
    assert jpeg.brightness == pytest.approx(png.brightness, abs=2)
    assert np.abs(thumbs[0].astype(int) - thumbs[1]).mean() < 5


def test_frames_and_modes(tmp_path):
    pictures = [odd_files.picture(seed) for seed in range(3)]
    entries = [
        put(tmp_path / f"a.{form}", pictures[0], form, save_all=True, append_images=pictures[1:])
        for form in ("GIF", "WEBP", "PNG", "TIFF")
    ]
    entries.append(put(tmp_path / "cmyk.jpg", pictures[0].convert("CMYK"), "JPEG"))
    found, _ = look(*entries)
    assert [one.frames for one in found] == [3, 3, 3, 3, 1]
    assert [one.format for one in found] == ["GIF", "WEBP", "PNG", "TIFF", "JPEG"]
    assert found[-1].mode == "CMYK"


def test_sharpness_falls_with_blur():
    grey = odd_files.picture(0).convert("L")
    values = [sharpness(np.asarray(grey.filter(ImageFilter.GaussianBlur(r)), np.float32)) for r in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 10 * values[-1]


def test_sharpness_is_the_variance_of_the_laplacian():
    grey = np.zeros((5, 5), np.float32)
    grey[2, 2] = 10
    assert sharpness(grey) == pytest.approx(np.var([-40, 10, 10, 10, 10, 0, 0, 0, 0]))
    assert sharpness(np.full((9, 9), 7, np.float32)) == 0
    assert sharpness(np.ones((1, 50), np.float32)) == 0


def test_what_cannot_be_decoded_gives_its_reason_and_a_black_thumbnail(tmp_path):
    expected = odd_files.build(tmp_path / "data")
    scan = folder.scan(tmp_path / "data")
    calls = itertools.count()
    found, thumbs, _ = gather(scan.images, kept(), lambda: next(calls))
    assert next(calls) // 2 == len(scan.images) == len(found) == len(thumbs)
    outcome = {
        entry.name: "used" if isinstance(one, ImageStatistics) else one
        for entry, one in zip(scan.images, found, strict=True)
    }
    outcome |= {entry.name: entry.reason for entry in scan.skipped}
    for name, reason in expected.items():
        assert reason in outcome.get(names.printable(name), ""), name
        assert (reason == "used") == (outcome.get(names.printable(name)) == "used"), name
    for one, thumb in zip(found, thumbs, strict=True):
        if isinstance(one, str):
            assert one.startswith(("empty", "not an image", "truncated", "too large", "undecodable", "cannot be read"))
            assert not thumb.any()


def test_missing_file(tmp_path):
    (reason,), _ = look(folder.ImageRecord(tmp_path / "gone.jpg", "gone.jpg", "a", None))
    assert reason.startswith("cannot be read: ")


def test_no_images():
    found, thumbs = look()
    assert found == []
    assert thumbs.shape == (0, THUMB, THUMB, 3)


# --- the store ---


def forge():
    """Mark all that is kept, so that what comes from the store can be told."""
    keys = [key for (key,) in index("SELECT key FROM blobs")]
    contents = kept().blobs(STATISTICS, keys)
    index("DELETE FROM blobs")
    marked = {key: facts.replace(b'"mode": "RGB"', b'"mode": "OLD"') for key, facts in contents.items()}
    kept().keep_blobs(STATISTICS, marked)


def test_second_look_takes_what_was_kept(tmp_path):
    entries = [put(tmp_path / f"{seed}.png", odd_files.picture(seed)) for seed in range(3)]
    first = look(*entries)
    assert same(look(*entries), first)
    forge()
    assert {one.mode for one in look(*entries)[0]} == {"OLD"}


def test_touched_moved_and_copied_files_are_not_done_again(tmp_path):
    entry = put(tmp_path / "a.png", odd_files.picture(0))
    look(entry)
    forge()
    os.utime(entry.path, (1, 1))
    assert look(entry)[0][0].mode == "OLD"
    copied = folder.ImageRecord(tmp_path / "b.jpg", "b.jpg", "b", "val")
    shutil.copy(entry.path, copied.path)
    assert look(copied)[0][0].mode == "OLD"


def test_changed_file_is_noticed_even_at_the_same_size_and_time(tmp_path):
    entry = put(tmp_path / "a.bmp", odd_files.picture(0), "BMP")
    before, stat = look(entry), entry.path.stat()
    put(tmp_path / "a.bmp", odd_files.picture(1), "BMP")
    os.utime(entry.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert entry.path.stat().st_size == stat.st_size
    after = look(entry)
    assert after[0][0].sha256 != before[0][0].sha256
    assert not np.array_equal(after[1], before[1])


def test_facts_of_another_version_are_done_again(tmp_path, monkeypatch):
    entry = put(tmp_path / "a.png", odd_files.picture(0))
    first = look(entry)
    forge()
    monkeypatch.setattr(image_statistics, "STATISTICS", "facts (another version)")
    assert same(look(entry), first)
    assert rows() == {THUMBNAILS.name: 1, STATISTICS: 1, "facts (another version)": 1}


def test_broken_files_are_not_kept(tmp_path):
    (tmp_path / "a.png").write_bytes(b"no image")
    look(folder.ImageRecord(tmp_path / "a.png", "a.png", "a", None))
    assert rows() == {}


@pytest.mark.parametrize("trouble", ["a file in its place", "no database", "another table", "locked"])
def test_a_store_that_cannot_be_used_does_no_harm(tmp_path, monkeypatch, trouble):
    entry = put(tmp_path / "a.png", odd_files.picture(0))
    expected, path = look(entry), kept().root / "index.sqlite3"
    holder = sqlite3.connect(path if trouble == "locked" else ":memory:")
    if trouble == "a file in its place":
        monkeypatch.setenv("STUDY_CACHE", str(entry.path))
    elif trouble == "no database":
        path.write_bytes(b"spilt milk " * 1000)
    elif trouble == "another table":
        index("ALTER TABLE segments RENAME COLUMN file TO place")
    else:
        monkeypatch.setattr(store, "PATIENCE", 0.1)
        holder.execute("BEGIN EXCLUSIVE")
    useless = kept()
    assert same(gather([entry], useless), expected)
    if trouble in ("no database", "another table"):  # a new index is begun
        assert useless.trouble == ""
        assert path.with_name("index.sqlite3.damaged").exists()
    else:
        assert useless.trouble.startswith(f"the store in {useless.root} is not used: ")
    holder.close()


@pytest.mark.parametrize("stop", [100, MANY + 100, MANY + 300, 2 * MANY - 1])
def test_killed_half_way(many, tmp_path, monkeypatch, stop):
    images = folder.scan(many).images
    process = child(many, stop)
    assert process.stdout.readline() == "reached\n"
    process.kill()
    process.communicate()
    assert process.returncode != 0
    assert all(count % ROWS == 0 for count in rows().values())  # whole segments, or none
    assert sum(rows().values()) == 0 or stop > MANY
    assert sum(rows().values()) > 0 or stop < 2 * MANY - 1
    resumed = look(*images)
    assert rows() == {THUMBNAILS.name: MANY, STATISTICS: MANY}
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "fresh"))
    assert same(resumed, look(*images))


def test_two_processes_at_once(many):
    pair = [child(many), child(many)]
    answers = [process.communicate(timeout=60)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0]
    assert answers[0] == answers[1] != ""
    assert rows() == {THUMBNAILS.name: MANY, STATISTICS: MANY}
    assert index("PRAGMA integrity_check") == [("ok",)]


def test_interrupted_run_stops_soon_and_keeps_what_is_done(many):
    def interrupt(calls=itertools.count(1)):  # noqa: B008 - one counter for all calls is meant
        if next(calls) == MANY + 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gather(folder.scan(many).images, kept(), interrupt)
    assert 5 <= rows()[STATISTICS] < MANY


def test_a_picture_is_measured_alike_from_any_source(tmp_path):
    file = io.BytesIO()
    odd_files.picture(0).save(file, "PNG")
    found, thumb = image_statistics.measure(file.getvalue())
    (looked,), thumbs = look(put(tmp_path / "a.png", odd_files.picture(0)))
    assert found == looked
    assert np.array_equal(thumb, thumbs[0])

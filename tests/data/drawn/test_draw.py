import csv
import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from data.drawn.draw import COATS, VERSION, draw
from data.drawn.folder import CLASS_COUNTS, cached, class_counts, write
from errors import UserError

LABELS = list(CLASS_COUNTS)


@pytest.fixture(scope="module")
def default_set():
    """The 1,500 images of seed 0, at half their size to save time, without the disk."""
    return [draw(label, index, 64) for label, share in class_counts(1500).items() for index in range(share)]


def png(image):
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


# ---- one picture ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("label", LABELS)
def test_same_seed_same_bytes_other_seed_other_picture(label):
    first, again, other = draw(label, 7), draw(label, 7), draw(label, 8)
    assert png(first.image) == png(again.image)
    assert png(first.mask) == png(again.mask)
    assert (first.facing, first.coat, first.box) == (again.facing, again.coat, again.box)
    assert png(first.image) != png(other.image)


def test_same_seed_of_two_classes_shares_no_scene():
    corners = {np.asarray(draw(label, 3).image)[:6, :6].tobytes() for label in LABELS}
    assert len(corners) == len(LABELS)


@pytest.mark.parametrize("size", [16, 64, 224])
def test_image_and_mask_have_the_asked_size(size):
    drawing = draw("horse", 1, size)
    assert (drawing.image.mode, drawing.mask.mode) == ("RGB", "L")
    assert drawing.image.size == drawing.mask.size == (size, size)
    assert drawing.mask.getbbox() == drawing.box


def test_unknown_label_says_what_came_and_what_there_is():
    with pytest.raises(ValueError, match=r"'zebra'.*cat, dog, horse"):
        draw("zebra", 0)


def test_too_small_a_size_is_refused():
    with pytest.raises(ValueError, match="size is 8"):
        draw("cat", 0, 8)


def test_the_animal_stands_out_from_what_is_around_it():
    # A mask that is shifted or mirrored would mix animal and background and bring the two mean colours together.
    distances = []
    for seed in range(60):
        drawing = draw(LABELS[seed % 3], seed)
        pixels, inside = np.asarray(drawing.image, float), np.asarray(drawing.mask) == 255
        distances.append(np.abs(pixels[inside].mean(axis=0) - pixels[~inside].mean(axis=0)).max())
    assert np.median(distances) > 25


# ---- annotations over the default set --------------------------------------------------------------------------------


def test_mask_is_binary_and_its_bounding_box_is_the_box(default_set):
    for drawing in default_set[::5]:
        mask = np.asarray(drawing.mask)
        assert set(np.unique(mask)) == {0, 255}
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert drawing.box == (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        assert 0.05 < (mask == 255).mean() < 0.6


@pytest.mark.parametrize("label", LABELS)
def test_both_directions_and_all_coats_are_about_equally_common_in_each_class(default_set, label):
    mine = [drawing for drawing in default_set if drawing.label == label]
    facings = Counter(drawing.facing for drawing in mine)
    coats = Counter(drawing.coat for drawing in mine)
    assert set(facings) == {"left", "right"}
    assert abs(facings["left"] / len(mine) - 0.5) < 0.1
    assert set(coats) == set(COATS)
    assert all(abs(number / len(mine) - 0.25) < 0.08 for number in coats.values())


def test_facing_says_where_the_head_is(default_set):
    # The mean mask of all left-facing animals, mirrored, is that of the right-facing ones; unmirrored it is not.
    profiles = {}
    for facing in ("left", "right"):
        masks = [np.asarray(d.mask.crop(d.box).resize((32, 32))) for d in default_set if d.facing == facing]
        profiles[facing] = np.mean(masks, axis=0) / 255
    mirrored = np.abs(profiles["left"][:, ::-1] - profiles["right"]).mean()
    as_is = np.abs(profiles["left"] - profiles["right"]).mean()
    assert mirrored < 0.03
    assert as_is > 3 * mirrored
    upper_right = profiles["right"][:10, 16:].mean() - profiles["right"][:10, :16].mean()
    assert upper_right > 0.05  # heads are up and in front


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_raw_pixels_do_not_tell_the_classes_apart(default_set):
    pixels = np.stack([np.asarray(d.image.resize((32, 32), Image.Resampling.BOX)).ravel() for d in default_set]) / 255
    labels = [drawing.label for drawing in default_set]
    train, rest, y_train, y_rest = train_test_split(pixels, labels, test_size=0.2, stratify=labels, random_state=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=60))  # better than 1e-4 and 1e-2
    with threadpool_limits(1):  # on a busy machine BLAS threads wait for one another longer than they work
        accuracy = model.fit(train, y_train).score(rest, y_rest)
    assert 0.45 < accuracy < 0.75  # below that the classifier is broken, above that the pictures are too easy


# ---- the data set on disk --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1500, (273, 797, 430)), (150, (27, 80, 43)), (3, (1, 1, 1)), (4, (1, 2, 1)), (5, (1, 3, 1)), (1, (0, 1, 0))],
)
def test_count_keeps_the_ratio(count, expected):
    assert class_counts(count) == dict(zip(LABELS, expected, strict=True))


def test_every_count_adds_up_and_leaves_no_class_out():
    for count in range(3, 400):
        counts = class_counts(count)
        assert sum(counts.values()) == count
        assert min(counts.values()) >= 1


def test_no_pictures_is_refused(tmp_path):
    with pytest.raises(ValueError, match="count is 0"):
        write(tmp_path, count=0)


def test_written_files_match_the_annotations(tmp_path):
    steps = []
    images = write(tmp_path, count=20, size=48, seed=3, progress=lambda done, total: steps.append((done, total)))
    assert images == tmp_path / "images"
    assert steps == [(done, 20) for done in range(1, 21)]
    with (tmp_path / "annotations.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == sorted(path.relative_to(images).as_posix() for path in images.rglob("*.*"))
    assert Counter(row["label"] for row in rows) == class_counts(20)
    for row in rows:
        assert row["path"].split("/")[0] == row["label"]
        mask = Image.open((tmp_path / "masks" / row["path"]).with_suffix(".png"))
        assert mask.getbbox() == tuple(int(row[side]) for side in ("left", "top", "right", "bottom"))
        assert Image.open(images / row["path"]).size == mask.size == (48, 48)


def test_data_sets_of_two_seeds_share_no_picture(tmp_path):
    pictures = [
        {path.read_bytes() for path in write(tmp_path / str(seed), count=12, size=32, seed=seed).rglob("*.jpg")}
        for seed in (0, 1)
    ]
    assert len(pictures[0]) == len(pictures[1]) == 12
    assert not pictures[0] & pictures[1]


# ---- the cache -------------------------------------------------------------------------------------------------------


def test_cached_draws_once_and_where_study_cache_says(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "cache"))
    images = cached(count=6, size=32)
    assert images.parent.parent == tmp_path / "cache"
    assert images.parent.name == f"drawn-v{VERSION}-6-32-0"
    before = {path: path.stat().st_mtime_ns for path in images.parent.rglob("*")}
    assert sum(path.suffix == ".jpg" for path in before) == 6
    steps = []
    assert cached(count=6, size=32, progress=lambda *step: steps.append(step)) == images
    assert steps == []
    assert {path: path.stat().st_mtime_ns for path in images.parent.rglob("*")} == before
    assert list((tmp_path / "cache").iterdir()) == [images.parent]


def test_other_count_size_or_seed_has_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))
    folders = {cached(count=3, size=32), cached(count=4, size=32), cached(count=3, size=48), cached(3, 32, seed=1)}
    assert len(folders) == 4


class Stopped(Exception):
    pass


def stop_at_second(done, total):
    if done == 2:
        raise Stopped


def test_an_interrupted_run_leaves_nothing_that_looks_complete(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))
    with pytest.raises(Stopped):
        cached(count=5, size=32, progress=stop_at_second)
    assert list(tmp_path.iterdir()) == []
    assert len(list(cached(count=5, size=32).rglob("*.jpg"))) == 5


def test_leftovers_of_a_killed_run_are_not_taken_for_the_data_set(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))
    leftover = tmp_path / f"drawn-v{VERSION}-5-32-0.0123abcd.tmp"
    write(leftover, count=3, size=32)
    images = cached(count=5, size=32)
    assert leftover not in images.parents
    assert len(list(images.rglob("*.jpg"))) == 5


def test_two_runs_at_once_end_with_one_complete_set(tmp_path, monkeypatch):
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path))

    def other_run_finishes_first(done, total):
        if done == 2:
            cached(count=5, size=32)

    images = cached(count=5, size=32, progress=other_run_finishes_first)
    assert len(list(images.rglob("*.jpg"))) == 5
    assert list(tmp_path.iterdir()) == [images.parent]


def test_unwritable_cache_names_the_folder_and_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("STUDY_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(UserError) as error:
        cached(count=3, size=32)
    assert str(tmp_path / "file" / "cache") in str(error.value)
    assert "STUDY_CACHE" in str(error.value)
    assert "\n" not in str(error.value)

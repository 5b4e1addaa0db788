import importlib.util

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from scipy.spatial import cKDTree

from data import box_tree, duplicate_candidates, duplicates
from data.box_tree import BoxTree
from data.drawn.draw import draw
from data.drawn.folder import CLASS_COUNTS
from data.duplicates import KEPT, Pair, fingerprints, groups, near_pairs, stored_near_pairs
from data.image import decode, resize
from data.store.store import Store

SIDE = 96
COUNT = 60
LABELS = list(CLASS_COUNTS)


@pytest.fixture(scope="module")
def drawings():
    """Different animals, the classes in turn."""
    return [draw(LABELS[seed % 3], seed, SIDE).image for seed in range(COUNT)]


@pytest.fixture(scope="module")
def originals(drawings):
    return prints_of(drawings)


def prints_of(images):
    return fingerprints(np.stack([resize(image, SIDE, "crop") for image in images]))


def found(prints, **options):
    return {(pair.first, pair.second) for pair in near_pairs(prints, **options)}


def jpeg(image, tmp_path):
    image.save(tmp_path / "copy.jpg", quality=40)
    return decode((tmp_path / "copy.jpg").read_bytes())


def marked(image):
    image = image.copy()
    ImageDraw.Draw(image).text((5, 70), "(c) me", fill="white", font_size=8)
    return image


def with_logo(image):
    image = image.copy()
    ImageDraw.Draw(image).ellipse((82, 3, 93, 14), fill=(200, 30, 40))
    return image


def cropped(image):
    return image.crop((round(0.04 * SIDE), 0, SIDE, SIDE))


def cut(share):
    return lambda image: image.crop([round(edge * SIDE) for edge in (share, share, 1 - share, 1 - share)])


def turned(angle):
    """Turned, and cut so that no corner is empty."""
    return lambda image: cut(np.sin(np.radians(angle)) * 0.55)(image.rotate(angle, Image.Resampling.BICUBIC))


def lit(factor):
    return lambda image: ImageEnhance.Brightness(image).enhance(factor)


COPIES = {
    "smaller": lambda image: image.resize((58, 58)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.85),
    "cropped": cropped,
    "text": marked,
    "logo": with_logo,
    "brightness 0.7": lit(0.7),
    "brightness 1.3": lit(1.3),
    "gamma 1.5": lambda image: image.point(lambda level: 255 * (level / 255) ** 1.5),
    "cut by 6 %": cut(0.06),
    "cut by 10 %": cut(0.10),
    "turned by 3 degrees": turned(3),
    "turned by 5 degrees": turned(5),
    "grey": lambda image: image.convert("L").convert("RGB"),
    "white border": lambda image: ImageOps.expand(image, round(0.05 * SIDE), "white"),
    "mirrored": ImageOps.mirror,
    "mirrored and cropped": lambda image: cropped(ImageOps.mirror(image)),
}


# ---- copies are found, strangers are not ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*COPIES, "jpeg"])
def test_copies_are_found_and_nothing_else(kind, drawings, originals, tmp_path):
    copies = [jpeg(image, tmp_path) if kind == "jpeg" else COPIES[kind](image) for image in drawings]
    pairs = found(np.concatenate([originals, prints_of(copies)]))
    expected = {(index, COUNT + index) for index in range(COUNT)}
    assert len(pairs & expected) >= (0.9 if kind == "white border" else 0.95) * COUNT
    assert pairs <= expected


def test_different_drawings_are_no_pairs():
    images = [draw(LABELS[seed % 3], seed, 48).image for seed in range(1000, 1600)]
    assert near_pairs(fingerprints(np.stack([np.asarray(image) for image in images]))) == []


def test_a_grey_plain_image_is_no_copy_of_a_coloured_one(drawings):
    grey = [image.convert("L").convert("RGB") for image in drawings[:5]]
    pairs = found(prints_of([*drawings[5:10], *grey, Image.new("RGB", (SIDE, SIDE), (90, 90, 90))]))
    assert pairs == set()


def test_mirror_images_can_be_left_out(drawings, originals):
    mirrored = np.concatenate([originals, prints_of([ImageOps.mirror(image) for image in drawings])])
    assert len(found(mirrored)) == COUNT
    assert found(mirrored, mirrored=False) == set()


def test_similarity_is_higher_for_a_closer_copy_and_bounds_the_pairs(drawings, monkeypatch):
    image = drawings[0]
    prints = prints_of([image, image.resize((58, 58)), cropped(image)])
    score = {(pair.first, pair.second): pair.similarity for pair in near_pairs(prints)}
    assert 1 >= score[0, 1] > score[0, 2] >= 0.74
    monkeypatch.setattr(duplicates, "MIN_SIMILARITY", score[0, 1])
    assert found(prints) == {(0, 1)}


# ---- plain pictures ------------------------------------------------------------------------------------------------


def plain(*colour):
    return np.broadcast_to(np.array(colour, dtype=np.uint8), (32, 32, 3))


def gradient(start, end):
    rows = np.linspace(start, end, 32)[:, None]
    return np.broadcast_to(rows, (32, 32, 3)).astype(np.uint8)


def test_plain_pictures_pair_by_colour_only():
    pictures = [
        plain(128, 128, 128),
        plain(128, 128, 128),
        plain(128, 96, 128),
        plain(10, 10, 10),
        plain(250, 250, 250),
    ]
    assert found(fingerprints(np.stack(pictures))) == {(0, 1)}


def test_gradients_of_another_colour_are_no_pair():
    blue, red = gradient((60, 90, 160), (120, 150, 220)), gradient((160, 90, 60), (220, 150, 120))
    upwards = gradient((120, 150, 220), (60, 90, 160))
    assert found(fingerprints(np.stack([blue, red, upwards, blue // 2 * 2]))) == {(0, 3)}


def test_many_blanks_make_few_pairs():
    prints = fingerprints(np.broadcast_to(np.uint8(200), (10_000, 16, 16, 3)))
    pairs = near_pairs(prints)
    assert pairs == [Pair(0, index, 1.0) for index in range(1, 10_000)]
    assert not groups(pairs, 10_000).any()


@pytest.mark.slow
def test_many_noisy_blanks_make_few_pairs_and_one_group():
    noise = np.random.default_rng(0).integers(126, 131, (150, 32, 32, 3), dtype=np.uint8)
    pairs = near_pairs(fingerprints(noise))
    assert 149 <= len(pairs) <= 150 * 54  # nine neighbours, at three scales, mirrored or not
    assert len(set(groups(pairs, 150))) == 1


def test_of_several_copies_all_are_compared_not_the_nearest_alone(drawings, originals):
    """Else two pairs of copies of one image would be nobody's neighbours, and might be torn apart."""
    copies = [drawings[0].rotate(angle, Image.Resampling.BICUBIC) for angle in (0.2, 0.4, 2.0, 2.2)]
    several = {COUNT, COUNT + 1, COUNT + 2, COUNT + 3, 0}
    pairs = found(np.concatenate([originals, prints_of(copies)]))
    assert pairs == {(first, second) for first in several for second in several if first < second}


# ---- the contract --------------------------------------------------------------------------------------------------


def test_order_does_not_matter(drawings, originals):
    prints = np.concatenate([originals, prints_of([cropped(image) for image in drawings])])
    order = np.random.default_rng(3).permutation(len(prints))
    shuffled = {tuple(sorted((order[first], order[second]))) for first, second in found(prints[order])}
    assert shuffled == found(prints)
    assert len(shuffled) >= 0.95 * COUNT


def test_pairs_are_sorted_by_index_and_first_is_smaller(drawings, originals):
    pairs = near_pairs(np.concatenate([originals, originals[::-1]]))
    assert [(pair.first, pair.second) for pair in pairs] == [(i, 2 * COUNT - 1 - i) for i in range(COUNT)]


@pytest.mark.parametrize("mirrored", [True, False])
def test_pairs_from_the_store_are_those_of_the_same_images_in_the_same_order(mirrored, tmp_path, drawings, originals):
    flipped = prints_of([ImageOps.mirror(drawings[1]), drawings[2].rotate(2)])
    store = Store(tmp_path / "store")
    for prints in (np.concatenate([originals, flipped]), np.concatenate([flipped, originals]), originals):
        pairs = near_pairs(prints, mirrored=mirrored)
        assert [stored_near_pairs(prints, store, mirrored) for _ in range(2)] == [pairs, pairs]
    assert [(usage.kind, usage.rows) for usage in store.usage()] == [(KEPT, 3)]


def test_a_memory_map_gives_the_same_fingerprints(tmp_path, drawings, originals):
    np.save(tmp_path / "pixels.npy", np.stack([np.asarray(image) for image in drawings]))
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    prints = fingerprints(mapped)
    assert prints.dtype == np.uint8
    np.testing.assert_array_equal(prints, originals)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_pictures(count, drawings):
    pixels = np.zeros((count, SIDE, SIDE, 3), dtype=np.uint8)
    for index in range(count):
        pixels[index] = np.asarray(drawings[index])
    prints = fingerprints(pixels)
    assert len(prints) == count
    pairs = near_pairs(prints)
    assert pairs == []
    np.testing.assert_array_equal(groups(pairs, count), np.arange(count))


@pytest.mark.parametrize("size", [16, 24, 100, 224])
def test_a_fingerprint_does_not_depend_on_the_size_of_a_plain_picture(size):
    prints = fingerprints(np.full((1, size, size, 3), (20, 120, 220), dtype=np.uint8))
    np.testing.assert_array_equal(prints.reshape(-1, 3), np.full((prints.size // 3, 3), (20, 120, 220)))


@pytest.mark.parametrize("shape", [(2, 32, 32), (2, 32, 48, 3), (2, 15, 15, 3), (2, 32, 32, 4)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        fingerprints(np.zeros(shape, dtype=np.uint8))


def test_floats_are_refused():
    with pytest.raises(ValueError, match="uint8"):
        fingerprints(np.zeros((1, 32, 32, 3)))


def test_groups_are_transitive_and_named_by_their_smallest_member():
    pairs = [Pair(1, 4, 0.9), Pair(4, 6, 0.8), Pair(2, 3, 0.8)]
    np.testing.assert_array_equal(groups(pairs, 7), [0, 1, 2, 2, 1, 5, 1])
    np.testing.assert_array_equal(groups(reversed(pairs), 7), [0, 1, 2, 2, 1, 5, 1])


@pytest.mark.parametrize("count", [1, 9, 64, 65, 600])
def test_the_tree_of_boxes_finds_the_nearest_within_the_radius_as_that_of_scipy_does(count):
    known = np.random.default_rng(0).normal(0, 0.09, (count, duplicate_candidates.TREE_DIMENSIONS))
    exact = cKDTree(known).query(known, 10, distance_upper_bound=0.4)[1]
    np.testing.assert_array_equal(BoxTree.of(known).nearest(known, 10, 0.4, 0.0), exact)
    assert (exact < count).sum() > count or count < 10  # more than each its own


def test_the_tree_of_boxes_compares_each_point_with_few_and_looks_at_no_equal_ones_for_nothing(monkeypatch):
    compared, squares_to = [], box_tree.squares_to
    monkeypatch.setattr(box_tree, "squares_to", lambda *given: compared.append(given[1].size) or squares_to(*given))
    rng = np.random.default_rng(0)
    centres = rng.normal(0, 0.3, (400, 13))
    for points in (centres[np.arange(8000) % 400] + rng.normal(0, 0.02, (8000, 13)), np.zeros((8000, 13))):
        compared.clear()
        found = BoxTree.of(points).nearest(points, 10, 0.4, duplicate_candidates.SLACK_OF_BOXES)
        assert (found < 8000).all()
        assert sum(compared) < 500 * 8000  # all with all would be 8,000 each


def test_without_scipy_the_same_images_are_joined(monkeypatch, drawings, originals):
    """Of more than nine copies of an image, both trees leave out some pairs, which others join."""
    copies = [prints_of([make(image) for image in drawings[:2]]) for make in COPIES.values()]
    prints, find_spec = np.concatenate([originals[:12], *copies]), importlib.util.find_spec
    joined = groups(near_pairs(prints), len(prints))
    assert len(set(joined.tolist())) < 12 + len(COPIES)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "scipy" else find_spec(name))
    monkeypatch.setattr("scipy.spatial.cKDTree", None)
    np.testing.assert_array_equal(groups(near_pairs(prints), len(prints)), joined)

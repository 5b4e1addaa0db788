import numpy as np
import pytest

from study.confidence import neighbours


def by_hand(image, known, count=10):
    cosines = [float(image @ other / np.linalg.norm(image) / np.linalg.norm(other)) for other in known]
    return np.mean(sorted(1 - cosine for cosine in cosines)[:count])


def test_distance_is_that_of_brute_force():
    rng = np.random.default_rng(0)
    known, images = rng.normal(size=(60, 7)), rng.normal(size=(20, 7)) * 1000
    got = neighbours.distances(images, neighbours.directions(known))
    np.testing.assert_allclose(got, [by_hand(image, known) for image in images], atol=1e-5)


def test_distance_is_that_of_scikit_learn():
    from sklearn.neighbors import NearestNeighbors

    rng = np.random.default_rng(1)
    known, images = rng.random((1200, 16)), rng.random((700, 16))  # more than is compared at a time
    found, _ = NearestNeighbors(n_neighbors=10, metric="cosine").fit(known).kneighbors(images)
    np.testing.assert_allclose(
        neighbours.distances(images, neighbours.directions(known)), found.mean(axis=1), atol=1e-5
    )


def test_leave_one_out_leaves_each_image_out_of_its_own_neighbours():
    rng = np.random.default_rng(2)
    known = rng.normal(size=(1100, 5))
    got = neighbours.leave_one_out(neighbours.directions(known), np.arange(len(known)))
    for at in (0, 499, 500, 1099):
        assert got[at] == pytest.approx(by_hand(known[at], np.delete(known, at, axis=0)), abs=1e-5)


def test_with_few_known_images_all_others_are_neighbours():
    known = neighbours.directions(np.eye(3))
    np.testing.assert_allclose(neighbours.leave_one_out(known, np.arange(3)), [1, 1, 1])
    np.testing.assert_allclose(neighbours.distances(np.array([[1.0, 0, 0]]), known), [2 / 3], atol=1e-6)


def test_images_that_belong_together_are_no_neighbours_of_each_other():
    rng = np.random.default_rng(3)
    scenes = rng.normal(size=(40, 8))
    frames = np.repeat(scenes, 15, axis=0) + rng.normal(0, 0.01, (600, 8))
    new = neighbours.distances(rng.normal(size=(1000, 8)), neighbours.directions(frames))
    units = np.repeat(np.arange(40), 15)
    for given, called in ((units, (0, 0.06)), (np.arange(600), (0.95, 1))):
        limit = neighbours.limit(neighbours.leave_one_out(neighbours.directions(frames), given), 0.01)
        assert called[0] <= (new > limit).mean() <= called[1]
    assert len(neighbours.leave_one_out(neighbours.directions(frames), np.zeros(600, int))) == 0
    pair = neighbours.leave_one_out(neighbours.directions(np.eye(3)), np.array([0, 0, 1]))
    np.testing.assert_allclose(pair, [1, 1, 1])  # of one image all others count, of the others one


def test_features_of_any_size_have_length_one():
    np.testing.assert_allclose(neighbours.directions(np.array([[3e30, 4e30], [3e-30, 4e-30]])), [[0.6, 0.8]] * 2)
    np.testing.assert_array_equal(neighbours.directions(np.zeros((1, 3))), np.zeros((1, 3)))


@pytest.mark.parametrize(("images", "expected"), [(199, 198), (999, 990), (20, 20)])
def test_the_limit_leaves_the_stated_share_above_it(images, expected):
    of_known = np.random.default_rng(0).permutation(np.arange(1, images + 1))
    assert neighbours.limit(of_known, 0.01) == expected  # 1 % of (199 + 1) draws, of (999 + 1); of 20, none


def test_a_new_image_of_the_same_kind_is_beyond_the_limit_at_the_stated_rate():
    rng = np.random.default_rng(0)
    beyond = [(rng.random(200) > neighbours.limit(rng.random(99), 0.05)).mean() for _ in range(400)]
    assert np.mean(beyond) == pytest.approx(0.05, abs=0.005)


def test_a_sample_keeps_the_shares_of_the_classes_and_is_the_same_each_time():
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    drawn = neighbours.sample(labels, 100, seed=3)
    assert np.bincount(labels[drawn]).tolist() == [90, 9, 1]
    np.testing.assert_array_equal(drawn, neighbours.sample(labels, 100, seed=3))
    assert (drawn != neighbours.sample(labels, 100, seed=4)).any()
    np.testing.assert_array_equal(neighbours.sample(labels, 1000, seed=3), np.arange(1000))


@pytest.mark.parametrize("size", [1, 7, 60, 1000])
def test_the_nearest_rows_are_those_of_brute_force_however_they_are_cut(size):
    rng = np.random.default_rng(3)
    known, images, rows = rng.normal(size=(60, 7)) * 100, rng.normal(size=(9, 7)), rng.permutation(500)[:60]
    blocks = ((rows[first : first + size], known[first : first + size]) for first in range(0, 60, size))
    found, distances = neighbours.nearest_rows(images, blocks, 3)
    for image, of_image, far in zip(images, found, distances, strict=True):
        cosines = known @ image / np.linalg.norm(known, axis=1) / np.linalg.norm(image)
        order = np.argsort(-cosines)[:3]
        assert of_image.tolist() == rows[order].tolist()
        np.testing.assert_allclose(far, 1 - cosines[order], atol=1e-5)


def test_of_fewer_known_images_all_are_nearest():
    found, distances = neighbours.nearest_rows(np.eye(3)[:2], [(np.array([5, 8]), np.eye(3)[1:])], 3)
    assert found.tolist() == [[5, 8], [5, 8]]
    np.testing.assert_allclose(distances, [[1, 1], [0, 1]], atol=1e-6)

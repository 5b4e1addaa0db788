"""Members that are heads: which images each of them learns from, and that units are never torn."""

from study.runtime import backend

backend.start()
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from helpers import message  # noqa: E402
from material import toy_material  # noqa: E402

from study.ensemble.heads import bootstrap_sample, of_bootstrap_samples, of_folds, of_seeds  # noqa: E402
from study.ensemble.material import Material  # noqa: E402
from study.ensemble.members import shares_of  # noqa: E402
from study.ensemble.run import METHODS  # noqa: E402
from study.folds.divide import Labelled  # noqa: E402
from study.tasks import crossentropy  # noqa: E402


def units_of(material, places):
    return set(material.images.units[places].tolist())


def test_a_bootstrap_sample_is_as_large_and_draws_whole_units():
    images = toy_material().images
    random = np.random.default_rng(0)
    for _ in range(20):
        sample = bootstrap_sample(images, random)
        assert len(sample) == len(images.labels)
        counts = np.bincount(sample, minlength=len(images.labels)).reshape(-1, 2)  # of both images of a unit
        assert np.abs(counts[:, 0] - counts[:, 1]).sum() <= 1  # the last unit may come in part
        assert 0.5 < len(np.unique(sample)) / len(sample) < 0.75


def test_a_bootstrap_sample_has_every_class():
    images = Labelled(np.array([0, 0, 0, 0, 1]), np.arange(5), ("many", "one"))
    random = np.random.default_rng(0)
    assert all(1 in images.labels[bootstrap_sample(images, random)] for _ in range(30))


@pytest.mark.parametrize("make", [of_seeds, of_folds, of_bootstrap_samples])
def test_the_head_is_the_mean_of_its_members(make):
    material = toy_material()
    ensemble = make(material)
    for split, features in material.by_split.items():
        mean = np.mean([member.shares[split] for member in ensemble.members], axis=0)
        np.testing.assert_allclose(np.asarray(ensemble.head(features)), mean, atol=1e-5)
        assert np.abs(ensemble.members[0].shares[split] - ensemble.members[1].shares[split]).max() > 1e-3
    np.testing.assert_allclose(ensemble.first(3), mean_of(ensemble, "val"), atol=1e-6)
    np.testing.assert_allclose(ensemble.first(1), ensemble.members[0].shares["val"])
    assert len(ensemble.members) == 3


def mean_of(ensemble, split):
    return np.mean([member.shares[split] for member in ensemble.members], axis=0)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_ensemble():
    once, again, other = (of_bootstrap_samples(toy_material(seed=seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(mean_of(once, "test"), mean_of(again, "test"))
    assert not np.array_equal(mean_of(once, "test"), mean_of(other, "test"))


def folds_seen(monkeypatch, make, material):
    """Which rows each member learned from and was held to, without the training."""
    seen = []

    class Enough(Exception):
        pass

    def note(folds, *_):
        seen.extend(folds)
        raise Enough

    monkeypatch.setattr("study.ensemble.heads.train_heads", note)
    with pytest.raises(Enough):
        make(material)
    return seen


def test_folds_leave_out_each_image_once_and_no_unit_in_part(monkeypatch):
    material = toy_material(members=5)
    seen = folds_seen(monkeypatch, of_folds, material)
    held_out = np.concatenate([fold.held_out for fold in seen])
    np.testing.assert_array_equal(np.sort(held_out), material.indices["train"])
    for fold in seen:
        assert not units_of(material, fold.train) & units_of(material, fold.held_out)
        assert len(fold.train) + len(fold.held_out) == len(material.images.labels)


def test_seeds_learn_from_all_images_and_validation_ends_them(monkeypatch):
    material = toy_material(members=4, seed=7)
    seen = folds_seen(monkeypatch, of_seeds, material)
    assert [fold.seed for fold in seen] == [7, 8, 9, 10]
    for fold in seen:
        np.testing.assert_array_equal(fold.train, material.indices["train"])
        np.testing.assert_array_equal(fold.held_out, material.indices["val"])


def test_augmented_views_are_learned_from_beside_their_images(monkeypatch):
    material = toy_material(members=5, views=2)
    train, images = material.indices["train"], 150
    for fold in folds_seen(monkeypatch, of_folds, material):
        clean = fold.train[fold.train < images]
        views = fold.train[fold.train >= images] - images
        np.testing.assert_array_equal(np.sort(views), np.sort(np.concatenate([clean, clean + len(train)])))
        assert (fold.held_out < images).all()  # no view is judged
        np.testing.assert_array_equal(material.data.labels[images + views], material.data.labels[views % len(train)])


def test_more_folds_than_units_are_refused():
    material = toy_material(members=50)
    assert message(of_folds, material) == (
        "Class 'class 2' has 36 image(s) in 18 unit(s), since near duplicates and the images of a group stay together: "
        "--members 50 needs at least 50. Give --members 18, or add images."
    ).replace("'class 2' has 36 image(s) in 18", "'class 0' has 38 image(s) in 19").replace("18,", "19,")


def test_each_method_has_its_road():
    assert set(METHODS) == {"seeds", "folds", "bagging", "boosting", "stacking"}


def test_an_ensemble_of_noise_has_a_lower_loss_than_its_mean_member():
    """By Jensen's inequality, on any images."""
    material = toy_material()
    ensemble = of_bootstrap_samples(material)
    truth = material.data.labels[material.indices["test"]]

    def loss(shares):
        return crossentropy.mean(shares[np.arange(len(truth)), truth])

    each = [loss(member.shares["test"]) for member in ensemble.members]
    together = loss(shares_of(ensemble.head, material.by_split)["test"])
    assert together < np.mean(each)


def test_a_class_without_a_training_image_is_told():
    from data.batches import Examples

    class Three:
        entries, class_names, units = [None] * 4, ("a", "b", "c"), ("1", "2", "3", "4")

    features = Examples(
        np.zeros((4, 2), np.float32),
        np.array([0, 1, 2, 0]),
        {"train": np.arange(2), "val": np.array([2]), "test": np.array([3])},
    )
    told = message(Material.of, Three(), features, None, None, 2)
    assert told == "There is no training image of c: add images, or leave the class out."

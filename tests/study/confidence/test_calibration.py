import numpy as np
import pytest
from scipy.special import log_softmax, softmax
from scipy.stats import beta
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator

from study.confidence import calibration


def drawn(temperature, classes=3, images=3000, seed=0):
    """Labels drawn from softmax(scores), and the probabilities of a network that is surer than that by a factor."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(0, 2, (images, classes))
    labels = (softmax(scores, axis=1).cumsum(axis=1) < rng.random((images, 1))).sum(axis=1)
    return softmax(scores * temperature, axis=1), np.minimum(labels, classes - 1)


class Known(ClassifierMixin, BaseEstimator):
    """A classifier that was given its probabilities, for scikit-learn."""

    def __init__(self, probabilities=None):
        self.probabilities = probabilities

    @property
    def classes_(self):
        return np.arange(self.probabilities.shape[1])

    def fit(self, rows, labels):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, rows):
        return self.probabilities[rows[:, 0]].argmax(axis=1)

    def predict_proba(self, rows):
        return self.probabilities[rows[:, 0]]


@pytest.mark.parametrize(("classes", "temperature"), [(2, 0.5), (3, 2.5), (5, 1.2)])
def test_the_temperature_is_that_of_scikit_learn(classes, temperature):
    probabilities, labels = drawn(temperature, classes)
    rows = np.arange(len(labels))[:, None]
    other = CalibratedClassifierCV(FrozenEstimator(Known(probabilities)), method="temperature").fit(rows, labels)
    fitted = calibration.fit_temperature(np.log(probabilities), labels)
    assert fitted == pytest.approx(temperature, rel=0.1)
    own = calibration.with_temperature(probabilities, fitted)
    np.testing.assert_allclose(own, other.predict_proba(rows), atol=1e-5)  # which adds an epsilon


def test_the_one_that_is_chosen_lowers_the_cross_entropy_of_images_left_out():
    probabilities, labels = drawn(2.5)
    chosen = calibration.choose_temperature(probabilities, labels, "abc")
    assert chosen.value == pytest.approx(2.5, rel=0.1)
    before = -log_softmax(np.log(probabilities), axis=1)[np.arange(len(labels)), labels].mean()
    assert chosen.after < chosen.before == pytest.approx(before)
    assert (chosen.images, chosen.reason) == (3000, "fitted on 3,000 validation images")
    said = calibration.choose_temperature(probabilities, labels, "abc", calibration.OUT_OF_FOLD).reason
    assert said == "fitted on 3,000 images out of fold"


@pytest.mark.parametrize("folds", [2, 5])
def test_each_fold_has_of_every_class_as_many_images_as_can_be(folds):
    labels = np.repeat([0, 1, 2], [7, 50, 13])
    fold_of = calibration.stratified_folds(labels, folds)
    for label in range(3):
        counts = np.bincount(fold_of[labels == label], minlength=folds)
        assert counts.max() - counts.min() <= 1
        assert len(counts) == folds
    assert np.ptp(np.bincount(fold_of)) <= 1
    ordered = fold_of[labels == 1]
    assert ordered.tolist() != sorted(ordered)
    assert (np.diff(ordered) % folds != 1).any()  # by chance, not in turn


def test_a_flawless_network_has_no_temperature_that_is_best():
    sure = np.eye(3)[[0, 1, 2] * 5] * 0.9 + 1 / 30
    fitted = calibration.fit_temperature(np.log(sure), np.array([0, 1, 2] * 5))
    assert 1 / calibration.LARGEST <= fitted < 0.1  # towards 0, as far as it may go


def test_well_calibrated_probabilities_are_left_as_they_are():
    probabilities, labels = drawn(1.0, images=300, seed=1)
    chosen = calibration.choose_temperature(probabilities, labels, "abc")
    assert chosen.value == 1
    assert chosen.reason == "a temperature brings nothing: the probabilities are left as they are"


def test_without_a_mistake_or_without_a_class_nothing_is_fitted():
    probabilities = np.eye(3)[np.arange(30) % 3] * 0.7 + 0.1
    labels = np.arange(30) % 3
    chosen = calibration.choose_temperature(probabilities, labels, "abc")
    assert chosen.value == 1
    assert chosen.reason.startswith("no mistake on the 30 validation images")
    keep = labels != 1
    missing = calibration.choose_temperature(probabilities[keep], 2 - labels[keep], "abc")
    assert (missing.value, missing.reason) == (1, "fewer than 2 validation images of b: not fitted")


def test_the_error_of_a_small_example_by_hand(monkeypatch):
    monkeypatch.setattr(calibration, "BINS", 2)
    probability = np.array([0.9, 0.6, 0.5, 0.8, 0.7])
    right = np.array([True, False, True, True, True])
    # bins 0.5, 0.6, 0.7 (2 of 3 right) and 0.8, 0.9 (both right): (3 * |0.6 - 2/3| + 2 * |0.85 - 1|) / 5
    assert calibration.calibration_error(probability, right) == pytest.approx((0.2 + 0.3) / 5)
    low, high = calibration.reliability(probability, right)
    assert (low["right"], low["images"], high["right"], high["images"]) == (2 / 3, 3, 1, 2)
    assert (low["low"], low["high"]) == pytest.approx((beta.ppf(0.025, 2, 2), beta.ppf(0.975, 3, 1)))
    assert high["low"] == pytest.approx(beta.ppf(0.025, 2, 1))


def test_the_noise_floor_is_what_a_calibrated_network_shows_and_not_more():
    rng = np.random.default_rng(3)
    probability = rng.uniform(0.5, 1, 800)
    floor = calibration.noise_floor(probability)
    calibrated = [calibration.calibration_error(probability, rng.random(800) < probability) for _ in range(50)]
    assert floor == pytest.approx(np.mean(calibrated), rel=0.1)
    assert calibration.calibration_error(probability, rng.random(800) < probability - 0.2) > 3 * floor
    assert calibration.noise_floor(np.full(50, 1.0)) == 0


def test_a_single_mistake_does_not_keep_a_network_from_being_fitted():
    """The fold that holds it is fitted on flawless images, by which any temperature down to 0 would be better."""
    labels = np.arange(200) % 4
    probabilities = np.full((200, 4), 0.2 / 3)
    probabilities[np.arange(200), labels] = 0.8  # unsure, as label smoothing makes them
    probabilities[0] = np.roll(probabilities[0], 1)
    chosen = calibration.choose_temperature(probabilities, labels, "abcd")
    assert chosen.value < 0.7
    assert chosen.after < chosen.before
    assert chosen.reason.startswith("fitted on ")


def test_probabilities_that_say_nothing_are_not_made_equal():
    rng = np.random.default_rng(0)
    probabilities, labels = softmax(rng.normal(0, 3, (300, 3)), axis=1), np.arange(300) % 3
    chosen = calibration.choose_temperature(probabilities, labels, "abc")
    assert chosen.value == 1
    assert chosen.reason == (
        "the validation images fit no temperature below 20: their probabilities say next to nothing of the answers"
    )

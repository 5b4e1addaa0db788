"""Calibration in NumPy: by hand, and against what the program computes."""

import numpy as np
import pytest

from scratch import calibration
from study.confidence import calibration as program


def honest(count=4000):
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 1, 1], count)
    return probabilities, np.array([rng.choice(3, p=one) for one in probabilities])


def test_the_temperature_that_was_put_in_is_found():
    probabilities, labels = honest()
    sharp = calibration.with_temperature(probabilities, 0.5)
    assert calibration.fit_temperature(sharp, labels) == pytest.approx(2, rel=0.1)
    assert calibration.fit_temperature(sharp, labels) == pytest.approx(
        program.fit_temperature(np.log(sharp), labels), rel=0.02
    )
    np.testing.assert_array_equal(sharp.argmax(axis=1), probabilities.argmax(axis=1))


def test_probabilities_are_those_of_the_program():
    probabilities, _ = honest(50)
    np.testing.assert_allclose(
        calibration.with_temperature(probabilities, 1.7), program.with_temperature(probabilities, 1.7), atol=1e-6
    )


def test_the_error_by_hand():
    confidence, right = np.array([0.6, 0.6, 0.9, 0.9]), np.array([True, False, True, True])
    assert calibration.expected_calibration_error(confidence, right, bins=2) == pytest.approx(0.1)
    assert calibration.expected_calibration_error(confidence, right, bins=1) == pytest.approx(0)


def test_an_honest_network_has_the_error_of_the_floor_and_a_sharpened_one_more():
    probabilities, labels = honest(1000)
    for given, is_honest in ((probabilities, True), (calibration.with_temperature(probabilities, 0.4), False)):
        confidence, right = given.max(axis=1), given.argmax(axis=1) == labels
        error = calibration.expected_calibration_error(confidence, right)
        floor = calibration.noise_floor(confidence, np.random.default_rng(1))
        assert (error < 2 * floor) is is_honest

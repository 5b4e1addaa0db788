"""How Keras answers for a saved run where OpenVINO does not."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
import tensorflow as tf

from study.saved import runner


class Network:
    """What notes whether TensorFlow may leave out digits of float32 while it is asked."""

    def predict(self, pixels, verbose):
        self.may_round, self.given = tf.config.experimental.tensor_float_32_execution_enabled(), pixels.dtype
        return pixels.mean(axis=(1, 2))


def test_keras_answers_in_all_digits_and_the_setting_is_as_before_afterwards():
    network = Network()
    assert tf.config.experimental.tensor_float_32_execution_enabled()  # TensorFlow's default
    answers = runner._predict(network, np.full((2, 4, 4, 3), 7, np.uint8))
    np.testing.assert_array_equal(answers, np.full((2, 3), 7))
    assert (network.may_round, network.given) == (False, np.float32)
    assert tf.config.experimental.tensor_float_32_execution_enabled()

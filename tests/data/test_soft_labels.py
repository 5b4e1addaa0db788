# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import numpy as np
import tensorflow as tf

from data.soft_labels import flip_labels, to_soft_labels

SEVERAL = np.array([[1, 0, 1], [0, 0, 0], [0.5, 0.5, 0]], np.float32)


def test_a_class_index_becomes_a_share_of_one_and_none_of_any():
    soft = to_soft_labels(tf.constant([0, 2, -1]), 3)
    np.testing.assert_array_equal(soft, [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    assert soft.dtype == tf.float32
    masks = np.array([[[0, 1], [2, 1]]], np.uint8)
    np.testing.assert_array_equal(to_soft_labels(tf.constant(masks), 3), np.eye(3)[masks])


def test_soft_labels_stay_as_they_are():
    np.testing.assert_array_equal(to_soft_labels(tf.constant(SEVERAL), 3), SEVERAL)


def test_the_labels_of_flipped_images_alone_are_exchanged_whether_indices_or_soft():
    flipped, mirror = tf.constant([True, False, True]), np.array([1, 0, 2], np.int32)
    np.testing.assert_array_equal(flip_labels(tf.constant([0, 0, 2]), flipped, mirror), [1, 0, 2])
    soft = flip_labels(tf.constant(SEVERAL[[0, 0, 2]]), flipped, mirror)
    np.testing.assert_array_equal(soft, [[0, 1, 1], [1, 0, 1], [0.5, 0.5, 0]])

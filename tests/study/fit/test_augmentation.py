"""Batches that are changed without TensorFlow: labels and masks follow their images, and any batch can be the first."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()

import keras
import numpy as np

from study.fit.augmentation import Augmenter

SIDE, COUNT, CLASSES = 16, 6, 3
FLIPPED = np.array([1, 0, 2])


def batch(labels=None):
    """Images whose value is their number, and masks of it."""
    number = np.arange(COUNT)
    images = np.full((COUNT, SIDE, SIDE, 3), number[:, None, None, None], np.float32)
    labels = number % CLASSES if labels is None else labels
    return {"images": images, "labels": labels, "segmentation_masks": images[..., 0].astype(np.uint8)}


def changed(strengths, given=None, **rest):
    found = Augmenter(strengths, None, 0, **{"classes": CLASSES, **rest})(given or batch())
    return {**found, "images": keras.ops.convert_to_numpy(found["images"])}


def test_a_label_of_a_mixed_image_is_as_much_of_each_class_as_is_seen_of_it():
    found = changed({"cutmix": 0.99})
    other = COUNT - 1 - np.arange(COUNT)
    share = (found["images"][..., 0] == other[:, None, None]).mean(axis=(1, 2))
    assert share.max() > 0.1
    one_hot = np.eye(CLASSES, dtype=np.float32)[batch()["labels"]]
    np.testing.assert_allclose(found["labels"], one_hot + (one_hot[::-1] - one_hot) * share[:, None], atol=1e-6)
    assert found["labels"].dtype == np.float32
    np.testing.assert_array_equal(found["segmentation_masks"], found["images"][..., 0])


def test_a_label_of_an_image_laid_over_another_is_so_much_of_each():
    found = changed({"mixup": 0.99})
    number = np.arange(COUNT)
    share = (found["images"][:, 0, 0, 0] - number) / (number[::-1] - number)
    assert 0 <= share.min() < share.max() <= 0.5
    one_hot = np.eye(CLASSES)[batch()["labels"]]
    np.testing.assert_allclose(found["labels"], one_hot + (one_hot[::-1] - one_hot) * share[:, None], atol=1e-5)


def test_a_mirrored_image_has_the_label_of_the_other_side():
    given = batch()
    given["images"][:, :, 0] = 255
    for labels in (given["labels"], np.eye(CLASSES, dtype=np.float32)[given["labels"]]):
        found = changed({"flip": 1.0}, {**given, "labels": labels}, flipped_classes=FLIPPED)
        flipped = found["images"][:, 0, -1, 0] == 255
        assert 0 < flipped.sum() < COUNT
        known = found["labels"] if labels.ndim == 1 else found["labels"].argmax(axis=1)
        np.testing.assert_array_equal(known, np.where(flipped, FLIPPED[given["labels"]], given["labels"]))


def test_masks_move_and_grow_as_their_images_do():
    given = batch()
    given["images"][:, :8, :8] = 200
    given["segmentation_masks"] = given["images"][..., 0].astype(np.uint8)
    found = changed({"flip": 1.0, "translation": 0.3}, given)
    np.testing.assert_array_equal(found["segmentation_masks"], found["images"][..., 0])
    assert (found["images"] != given["images"]).any()
    assert changed({}, given, size=32)["segmentation_masks"].shape == (COUNT, 32, 32)


def test_any_batch_can_be_the_first_and_each_phase_has_numbers_of_its_own():
    strengths = {"flip": 1.0, "rotation": 0.2, "brightness": 0.4}
    augment = Augmenter(strengths, None, 0)
    third = [keras.ops.convert_to_numpy(augment(batch())["images"]) for _ in range(3)][2]
    np.testing.assert_array_equal(changed(strengths, first=2)["images"], third)
    assert (changed(strengths, first=1)["images"] != third).any()
    assert (changed(strengths, first=2, number=1)["images"] != third).any()


def test_processes_that_share_a_batch_change_it_as_one_would():
    strengths, whole = {"crop": 0.4, "contrast": 0.5}, batch()
    parts = [slice(0, 3), slice(3, 6)]
    shares = [
        changed(strengths, {key: values[part] for key, values in whole.items()}, shard=(number, 2))
        for number, part in enumerate(parts)
    ]
    found = np.concatenate([share["images"] for share in shares])
    np.testing.assert_allclose(found, changed(strengths, whole)["images"], atol=1e-4)


def test_a_function_of_the_users_own_comes_last(tmp_path):
    (tmp_path / "own.py").write_text("def add(images):\n    return images + 7\n")
    augment = Augmenter({"erase": 0.99}, f"{tmp_path / 'own.py'}:add", 0)
    plain = keras.ops.convert_to_numpy(Augmenter({"erase": 0.99}, None, 0)(batch())["images"])
    np.testing.assert_allclose(augment(batch())["images"], plain + 7)

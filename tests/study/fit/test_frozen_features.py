"""The features that a head learns from under a frozen backbone."""

# ruff: noqa: E402 - Keras is started before anything imports it
from study.runtime import backend

backend.start()


import numpy as np
import pytest
from small import OFF, assert_same, embed_all, noisy_images, settings, tiny

from study.inference.frozen import FrozenBackbone
from study.settings.stages import AUGMENTED_VIEWS
from study.tasks import classify


def test_features_are_those_of_the_backbone():
    model, examples = tiny(), noisy_images()
    embedded = embed_all(FrozenBackbone(model.layers[1], OFF), examples, settings(learning="transfer"))[0]
    expected = model.layers[1].predict(examples.inputs.astype(np.float32), verbose=0)
    np.testing.assert_allclose(embedded.inputs, expected, atol=1e-6)
    assert_same([embedded.labels], [examples.labels])
    assert {split: rows.tolist() for split, rows in embedded.indices.items()} == {
        split: rows.tolist() for split, rows in examples.indices.items()
    }


@pytest.mark.slow
def test_augmented_views_join_training_only_and_the_clean_ones_stay():
    model, examples = tiny(), noisy_images()
    plain = embed_all(FrozenBackbone(model.layers[1], OFF), examples, settings(learning="transfer"))[0]
    chosen = settings(learning="transfer", augment={"brightness": 0.5})
    more = embed_all(FrozenBackbone(model.layers[1], OFF), examples, chosen)[0]
    n, train = len(examples.labels), len(examples.indices["train"])
    assert more.inputs.shape == (n + AUGMENTED_VIEWS * train, 8)
    np.testing.assert_array_equal(more.inputs[:n], plain.inputs)
    for split in ("val", "test"):
        assert_same([more.indices[split]], [examples.indices[split]])
    added = more.indices["train"].reshape(AUGMENTED_VIEWS + 1, train)
    assert_same([added[0]], [examples.indices["train"]])
    assert sorted(more.indices["train"]) == sorted({*examples.indices["train"], *range(n, len(more.labels))})
    for rows in added:
        assert_same([more.labels[rows]], [examples.labels[examples.indices["train"]]])
    views = more.inputs[added]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (np.abs(views[one] - views[other]).max(axis=1) > 1e-4).mean() > 0.9
    assert_same(
        [embed_all(FrozenBackbone(model.layers[1], OFF), examples, chosen)[0].inputs], [more.inputs]
    )  # the same seed, the same views


def test_a_head_before_fine_tuning_sees_clean_pictures_only():
    model, examples = tiny(), noisy_images()
    embedded = embed_all(
        FrozenBackbone(model.layers[1], OFF), examples, settings(learning="finetune", augment={"flip": 1.0})
    )[0]
    assert len(embedded.inputs) == len(examples.inputs)


def test_prediction_keeps_the_order_of_the_rows():
    model, examples = tiny(), noisy_images(160)
    rows = np.arange(len(examples.labels))[::-1]  # more than one batch
    shares = classify.predict(model, examples, rows, "")
    expected = model.predict(examples.inputs[rows].astype(np.float32), verbose=0)
    np.testing.assert_allclose(shares, expected, atol=1e-6)

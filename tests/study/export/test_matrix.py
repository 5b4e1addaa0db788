# ruff: noqa: E402 - Keras is started before anything imports it
"""Every classifier in every format, as the table of docs/export.md says: small ones `make slow`, all `make soak`."""

from study.runtime import backend

backend.start()

import gc

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import small_options, smallest_size
from structure.test_maps import table

import models
from study.confidence import neighbours
from study.confidence.known import Known
from study.export import formats
from study.export.about import DISTANCE, PROBABILITIES
from study.export.network import Network
from study.inference import channel_statistics
from study.settings.export import FORMATS

CLASSES, SIZE = 3, 48
SMALL = ("efficientnet_lite", "lenet", "original", "residual")
ROWS = {row[0].strip("`"): row[1:] for row in table("docs/export.md", "## Models and formats")}


def test_the_table_names_every_classifier_and_every_format():
    assert list(ROWS) == models.available("classify")
    assert [len(row) for row in ROWS.values()] == [2 * len(FORMATS)] * len(ROWS)


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.slow if name in SMALL else pytest.mark.soak)
        for name in models.available("classify")
    ],
)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def network(name):
    """A classifier of random weights with what its verdicts go by."""
    keras.utils.set_random_seed(0)
    backbone = models.build(name, smallest_size(name, SIZE), options=small_options(name))
    layers = tuple(channel_statistics.layers_of(backbone))
    classifier = models.classifier(backbone, CLASSES)
    features = channel_statistics.with_statistics(classifier, layers).output_shape[1][-1]
    directions = neighbours.directions(np.random.default_rng(0).normal(size=(30, features)))
    none = np.empty(0, np.float32)
    yield Network(classifier, Known(directions, 0.5, none, none.astype(bool), none), layers)
    keras.backend.clear_session()
    gc.collect()


def images(network, count=3):
    shape = (count, network.size, network.size, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("int8", [False, True], ids=["float", "int8"])
def test_a_model_answers_the_same_in_a_format(network, name, form, int8, tmp_path):
    cell = ROWS[name][2 * FORMATS.index(form) + int8]
    made = formats.get(form)
    if cell == "no":
        assert int8
        assert made.NEEDS_FOR_INT8 is None
        return
    assert cell == "yes"
    for module in {**made.NEEDS, **((made.NEEDS_FOR_INT8 or {}) if int8 else {})}:
        pytest.importorskip(module)
    about = {"class_names": ["a", "b", "c"], "model": name, "thresholds": None}
    pixels = images(network)
    if int8:
        made.quantize(network, about, tmp_path, images(network, 8))
    else:
        made.write(network, about, tmp_path)
    found, expected = made.load(tmp_path)(pixels), network.answer(tf.constant(pixels))
    assert set(found) == {PROBABILITIES, DISTANCE}
    for output in found:
        apart = np.abs(found[output] - expected[output].numpy())
        # Integers whose ranges eight images of noise chose, under random weights: no answer is expected to survive.
        assert apart.mean() < 0.1 if int8 else apart.max() < 1e-4, apart

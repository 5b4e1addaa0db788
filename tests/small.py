"""Small networks and data that tests of fitting and of `inspect` share; Keras is started before this is imported."""

import keras
import numpy as np

from data.augment.pipeline import build
from data.batches import Examples
from data.store.store import Store
from models.parts.head import classifier, head
from study.inference.features import embed
from study.settings.stages import augmented_views
from study.settings.train import TrainSettings
from study.train.embed import feature_spec

SIZE, CLASSES = 12, 2
OFF = Store(None)  # what is kept, and what not, is tested in study/inference/test_features.py


def tiny(seed=0, dropout=0.0, size=SIZE):
    """A network with everything that matters: scaling, convolution, normalisation, head."""
    keras.utils.set_random_seed(seed)
    inputs = keras.Input((size, size, 3))
    x = keras.layers.Rescaling(1 / 127.5, -1)(inputs)
    x = keras.layers.Conv2D(8, 3, strides=2, name="conv")(x)
    x = keras.layers.BatchNormalization(momentum=0.9, name="norm")(x)  # few iterations must do
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(x))
    return classifier(keras.Model(inputs, x, name="backbone"), head(8, CLASSES, dropout))


def splits(n, val=8, test=4):
    return {
        "train": np.arange(n - val - test),
        "val": np.arange(n - val - test, n - test),
        "test": np.arange(n - test, n),
    }


def noisy_images(n=44, size=SIZE):
    """Noise, bright in the left half for class 0 and in the right half for class 1."""
    rng = np.random.default_rng(0)
    labels = (np.arange(n) % 2).astype(np.int32)
    pixels = rng.integers(0, 120, (n, size, size, 3))
    for at, label in enumerate(labels):
        pixels[at, :, slice(0, size // 2) if label == 0 else slice(size // 2, size), 0] += 120
    return Examples(pixels.astype(np.uint8), labels, splits(n))


def features(n=92, noise=0.3, wrong=0):
    """Points around two centres; `wrong` of the training labels are turned round."""
    rng = np.random.default_rng(1)
    labels = (np.arange(n) % 2).astype(np.int32)
    inputs = (rng.normal(0, noise, (n, 8)) + np.where(labels == 0, -1, 1)[:, None]).astype(np.float32)
    labels[:wrong] = 1 - labels[:wrong]
    return Examples(inputs, labels, splits(n))


def settings(**changes):
    base = {"augment": {}, "l2": 0.0, "dropout": 0.0, "learning": "scratch", "precision": "float32"}
    return TrainSettings.of(**base | changes)


def cross_entropy(model, examples, split="val"):
    rows = examples.indices[split]
    shares = model.predict(examples.inputs[rows].astype(np.float32), verbose=0)
    return float(-np.log(shares[np.arange(len(rows)), examples.labels[rows]]).mean())


def assert_same(first, second):
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def embed_all(frozen, examples, chosen):
    """What `train` makes of the images under a frozen backbone."""
    augment = build(chosen.regularization.augment or {}, chosen.regularization.augment_with, chosen.data.seed)
    return embed(frozen, examples, feature_spec(chosen), augment, augmented_views(chosen))


def network(*layers, size=12, seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((size, size, 3)), *layers])


def pixels(count=4, size=12, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3)).astype(np.float32)

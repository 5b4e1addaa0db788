"""Pairs of one scene: by the images as a network sees them."""

from dataclasses import replace

import keras
import numpy as np
from PIL import Image

from data.dataset import load
from data.drawn import draw
from data.source import Source
from data.store.store import Store
from study.inference.frozen import FrozenBackbone
from study.train.embed import same_scene


def test_what_is_kept_of_one_resize_rule_is_not_taken_for_another(tmp_path):
    """Cut to squares, each wide copy is its original; squashed, it is another image."""
    noise = np.random.default_rng(0)
    for label in ("cat", "horse"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for seed in range(6):
            picture = draw.draw(label, seed, 64).image
            wide = Image.fromarray(noise.integers(0, 256, (64, 192, 3), np.uint8))
            wide.paste(picture, (64, 0))
            picture.save(tmp_path / "data" / label / f"{seed}.png")
            wide.save(tmp_path / "data" / label / f"{seed} wide.png")
    layers = keras.layers
    network = keras.Sequential([keras.Input((64, 64, 3)), layers.AveragePooling2D(8), layers.Flatten()])

    def pairs(rule, store):
        dataset = load(Source(tmp_path / "data", 64, rule), store)
        examples = dataset.examples()
        features = np.asarray(network(examples.inputs[np.arange(24)].astype(np.float32)))
        return same_scene(dataset, replace(examples, inputs=features), FrozenBackbone(network, store), store)["pairs"]

    store = Store(tmp_path / "store")
    assert pairs("crop", store) >= 12
    assert pairs("squash", store) == pairs("squash", Store(None)) < 12

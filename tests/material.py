"""What members of toy ensembles learn from: points around the centre of their class, in units of two."""

import numpy as np

from study.ensemble.material import Material
from study.fit.head_training import HeadData
from study.folds.divide import Labelled
from study.settings.stages import Stage
from study.settings.train import TrainSettings

STAGE = Stage("head", 6, 32, 0.05)


def toy_material(classes=3, count=150, noise=1.5, members=3, views=0, l2=None, **settings):
    """Images of which every two neighbours are a unit of one class; some wrong labels, so that all make mistakes."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(count // 2) % classes, 2)
    features = rng.normal(0, 1, (classes, 6))[labels] + rng.normal(0, noise, (count, 6))
    indices = {"train": np.arange(count - 40), "val": np.arange(count - 40, count - 20)}
    indices["test"] = np.arange(count - 20, count)
    train = indices["train"]
    names = tuple(f"class {index}" for index in range(classes))
    copies = [features[train] + rng.normal(0, 0.1, (len(train), 6)) for _ in range(views)]
    data = HeadData(
        np.concatenate([features, *copies]).astype(np.float32),
        np.concatenate([labels, *[labels[train]] * views]),
        names,
    )
    chosen = TrainSettings.of(**{"learning": "transfer", "augment": {}, "dropout": 0.1, "patience": 3, **settings})
    images = Labelled.of(labels[train], [f"{row // 2:03}" for row in train], names)
    return Material(data, images, indices, STAGE, chosen, members, l2)

"""Wrong labels among the drawings are found, on the features that `check` uses."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from data.drawn import folder as drawn
from data.folder import scan
from data.store.store import Store
from models.parts.lite_weights import LITE0
from study.check import label_issues
from study.check.embedding import embed
from study.runtime import backend


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec(LITE0.replace("-", "_")) is None, reason="no ImageNet weights installed")
def test_most_changed_labels_of_drawings_are_found(tmp_path):
    backend.start()
    images = list(scan(drawn.write(tmp_path, 300)).images)
    embedded = embed(images, "crop", None, Store(None))
    assert embedded.rows.tolist() == list(range(len(images)))
    rng = np.random.default_rng(0)
    wrong = set(rng.choice(len(images), len(images) // 20, replace=False).tolist())
    classes = ("cat", "dog", "horse")
    for i in wrong:
        other = classes[(classes.index(images[i].label) + int(rng.integers(1, 3))) % 3]
        images[i] = replace(images[i], label=other)
    found = {suspect.image for suspect in label_issues.find(images, embedded.rows, embedded.features, [])}
    assert len(found & wrong) >= 0.8 * len(wrong)
    assert len(found & wrong) >= 0.7 * len(found)

"""What `learn` hands on to the training."""

import numpy as np

from lessons.training import learn, read

QUICK = {"epochs": 1, "augment": {}, "optimizer": "sgd", "learning_rate": 0.01, "schedule": "constant"}


def test_weights_of_the_classes_reach_the_loss(toy):
    dataset = read(str(toy), image_size=32)
    first = dataset.class_names[0]
    plain, weighted = (
        learn(dataset, class_weight=weights, **QUICK).network.get_weights() for weights in ("none", {first: 5.0})
    )
    assert not np.allclose(plain[-1], weighted[-1])

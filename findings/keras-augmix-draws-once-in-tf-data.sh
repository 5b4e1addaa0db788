#!/usr/bin/env bash
# One would expect keras.layers.AugMix, which calls itself safe inside tf.data, to draw its operations for each image there
# as it does outside. It draws them with Python's own random module, which runs while Dataset.map traces the function and
# never again: the operations drawn then change every image of the training. Only their strengths go on varying.
# With one chain of one operation, told by whether it moves pixels: called by itself AugMix moves some images and others
# not; in Dataset.map each of ten layers moves all of 60 images or none. RandAugment, its neighbour, draws anew.
# Most of the augmentation is missing and nothing says so. Apply AugMix outside the pipeline, or take RandAugment.
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, 27 November 2026. Source: seen by running; RandAugment had the same fault:
# https://github.com/keras-team/keras/issues/21169
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import numpy as np
import tensorflow as tf

COUNT = 60
square = np.full((16, 16, 3), 50, np.float32)
square[4:12, 4:12] = 200  # a change of values alone leaves two values, of place gives more


def augmix():
    return keras.layers.AugMix(num_chains=1, chain_depth=1, all_ops=False)


def randaugment():
    return keras.layers.RandAugment(value_range=(0, 255), num_ops=1)


def moved(image):
    return len(np.unique(np.round(np.asarray(image)[square[..., 0] == 50], 3))) > 1


def by_itself(layer):
    return np.mean([moved(layer(square, training=True)) for _ in range(COUNT)])


def in_dataset(layer):
    same = tf.data.Dataset.from_tensors(square).repeat(COUNT)
    return np.mean([moved(image) for image in same.map(lambda image: layer(image, training=True))])


keras.utils.set_random_seed(0)
print("keras", keras.__version__, "tensorflow", tf.__version__)
alone = by_itself(augmix())
print(f"AugMix by itself: {alone:.0%} of the images moved")
shares = {make.__name__: [in_dataset(make()) for _ in range(10)] for make in (augmix, randaugment)}
for name, found in shares.items():
    print(f"{name} in Dataset.map, ten layers: {' '.join(f'{share:.0%}' for share in found)}")
assert 0.1 < alone < 0.8
assert all(share < 0.05 or share > 0.95 for share in shares["augmix"])
assert min(shares["augmix"]) < 0.05 and max(shares["augmix"]) > 0.95
assert all(0.1 < share < 0.8 for share in shares["randaugment"])
PYTHON

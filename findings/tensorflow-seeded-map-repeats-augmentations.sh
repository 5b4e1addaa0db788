#!/usr/bin/env bash
# One would expect tf.image.random_flip_left_right in Dataset.map to mirror other images in every epoch, whatever the seed.
# Without a seed it does. After tf.random.set_seed (keras.utils.set_random_seed calls it) each pass over the dataset begins
# with the same random numbers: the image at place 5 is mirrored in all epochs or in none. Keras' fit starts one pass an
# epoch, so augmentation before the shuffling makes one more fixed set of images, and after it goes by the place in the epoch.
# With .repeat() after the map the numbers do go on, and so do those of a tf.random.Generator handed to the stateless form.
# Seen with TensorFlow 2.21.0, 27 November 2026. Source: https://github.com/tensorflow/tensorflow/issues/35682
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import tensorflow as tf

IMAGE = tf.reshape(tf.constant([0.0, 1.0]), (1, 2, 1))


def flip(_):
    return tf.image.random_flip_left_right(IMAGE)


def told(images):
    return "".join("m" if image[0, 0, 0] == 1 else "-" for image in images)


def three_epochs(function):
    dataset = tf.data.Dataset.range(20).map(function)
    return [told(dataset) for _ in range(3)]


print("tensorflow", tf.__version__)
without = three_epochs(flip)
tf.random.set_seed(1)
seeded = three_epochs(flip)
tf.random.set_seed(1)
on = told(tf.data.Dataset.range(20).map(flip).repeat(3))
repeated = [on[:20], on[20:40], on[40:]]
generator = tf.random.Generator.from_seed(1)
stateless = three_epochs(lambda _: tf.image.stateless_random_flip_left_right(IMAGE, generator.make_seeds()[:, 0]))
for name, epochs in {"no seed": without, "seed": seeded, "seed, repeat": repeated, "generator": stateless}.items():
    print(f"{name}, mirrored in three epochs: {' '.join(epochs)}")
assert len(set(without)) == len(set(repeated)) == len(set(stateless)) == 3
assert len(set(seeded)) == 1
assert set(seeded[0]) == {"m", "-"}
PYTHON

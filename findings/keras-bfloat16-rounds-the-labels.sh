#!/usr/bin/env bash
# One would expect keras.config.set_floatx("bfloat16") to round weights and pixels, and the number of a class to stay a number
# of a class. A loss casts the labels that it is given to its own type, floatx: bfloat16 has eight bits, so that the numbers
# above 256 become even ones, above 512 multiples of four. sparse_categorical_crossentropy so trains classes 299 and
# 301 as class 300: half of the classes after the 256th are never learnt, three quarters after the 512th, and their images spoil
# the classes beside them. In float16 it begins at 2,048.
# The loss goes down as it should, for it is measured by the same labels; only accuracy, which takes them as they are, is low,
# and it looks like classes that are hard to tell apart. Of 400 classes that are all told apart with one-hot labels, 72 are
# never named. With a policy such as "bfloat16" or "mixed_bfloat16" in place of floatx the loss is of float32, and all is well.
# SparseCategoricalCrossentropy(dtype="float32"), or one-hot labels; look at which classes are never predicted.
# Seen with Keras 3.15.1 on JAX 0.10.2, numpy 2.4.6, 30 November 2026. Source: Loss.__call__ in Keras' src/losses/loss.py;
# https://github.com/keras-team/keras/issues/15012 is the same of Keras 2, long repaired
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check keras==3.15.1 jax==0.10.2 numpy==2.4.6
cd "$work"
KERAS_BACKEND=jax JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import jax
import keras
import numpy as np
from keras.losses import CategoricalCrossentropy, SparseCategoricalCrossentropy

CLASSES = 400
rng = np.random.default_rng(0)
labels = np.repeat(np.arange(CLASSES), 10)
images = (rng.normal(size=(CLASSES, 64))[labels] + 0.2 * rng.normal(size=(len(labels), 64))).astype("float32")


def train(name, loss, targets=labels, kind="bfloat16"):
    """Return the accuracy of the classes up to 256, of the even and odd ones after it, and the classes never predicted."""
    keras.config.set_floatx(kind)
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(CLASSES)])
    model.compile(keras.optimizers.RMSprop(0.01), loss(from_logits=True), metrics=["accuracy"])
    losses = model.fit(images, targets, epochs=10, batch_size=100, verbose=0).history["loss"]
    found = model.predict(images, verbose=0).argmax(1)
    later = labels > 256
    right = [(found == labels)[which].mean() for which in (~later, later & (labels % 2 == 0), later & (labels % 2 == 1))]
    never = np.setdiff1d(labels, found)
    print(
        f"{name}: loss {losses[0]:.2f} to {losses[-1]:.2f}; right {right[0]:.0%} up to class 256, after it {right[1]:.0%} "
        f"of the even and {right[2]:.0%} of the odd; {len(never)} classes never predicted"
    )
    return *right, len(never)


def exact(**options):
    return SparseCategoricalCrossentropy(dtype="float32", **options)


print("keras", keras.__version__, "jax", jax.__version__)
good = [
    train("floatx float32", SparseCategoricalCrossentropy, kind="float32"),
    train("floatx bfloat16, one-hot", CategoricalCrossentropy, keras.utils.to_categorical(labels, CLASSES)),
    train("floatx bfloat16, a loss of float32", exact),
]
bad = train("floatx bfloat16", SparseCategoricalCrossentropy)
assert all(min(of[:3]) > 0.9 and of[3] == 0 for of in good)
assert bad[2] == 0 and bad[3] == 72 and bad[0] > 0.9
scores = np.full((1, CLASSES), -9.0, "float32")
scores[0, 300] = 9
one = SparseCategoricalCrossentropy(from_logits=True)
losses = [float(one(np.array([label]), scores)) for label in (299, 300, 301, 302)]
print("loss of labels 299 to 302 for an answer of 300:", losses)
assert losses[0] == losses[1] == losses[2] == 0 and losses[3] > 10
PYTHON

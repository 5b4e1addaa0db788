#!/usr/bin/env bash
# One would expect a new tuner to search. KerasTuner keeps a search in the folder "untitled_project" below the working folder,
# and takes up whatever it finds there: a second search, over other values, of another network, on other images, run from
# the same folder, tries nothing and returns the best of the first: a learning rate that is not even among the values that
# it was to try. It prints "Reloading Tuner from ..." and ends at once; search() of a notebook that was run before does the
# same. The settings of the first search are not compared with those of the second.
# Give every search a project_name of its own, or overwrite=True; distrust a search that took no time.
# Seen with KerasTuner 1.4.8, Keras 3.15.1 on TensorFlow 2.21.0, 30 November 2026. Source:
# https://github.com/keras-team/keras-tuner/pull/106, which made it so, and
# https://github.com/keras-team/keras-tuner/issues/469
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 keras-tuner==1.4.8 \
  tensorboard==2.20.0
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import keras
import keras_tuner
import numpy as np

images, labels = np.ones((8, 4), np.float32), np.zeros(8, np.int32)
trained = []


def search(low, high, **options):
    """Search for a learning rate between two values; return the best and how many networks were trained."""
    trained.clear()

    def build(choices):
        rate = choices.Float("learning_rate", low, high)
        trained.append(rate)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
        model.compile(keras.optimizers.SGD(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    tuner = keras_tuner.RandomSearch(build, objective="val_accuracy", max_trials=3, seed=0, **options)
    before = len(trained)  # one that is built to see what there is to choose
    tuner.search(images, labels, epochs=1, validation_data=(images, labels), verbose=0)
    best = tuner.get_best_hyperparameters()[0].get("learning_rate")
    print(f"from {low} to {high}: {len(trained) - before} trained, best {best:.3f}")
    return best, len(trained) - before


print("keras-tuner", keras_tuner.__version__)
first, count = search(0.001, 0.1)
assert 0.001 <= first <= 0.1 and count == 3
again, count = search(0.5, 0.9)
assert again == first and count == 0
fresh, count = search(0.5, 0.9, project_name="of its own")
assert 0.5 <= fresh <= 0.9 and count == 3
PYTHON

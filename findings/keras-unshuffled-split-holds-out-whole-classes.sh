#!/usr/bin/env bash
# One would expect a loader of class folders to divide each class, or at least to say when it cannot. With shuffle=False,
# which people set to keep predictions beside file names, image_dataset_from_directory(validation_split=0.2) takes the last
# fifth of the files sorted by folder: of five classes of equal size the whole last one is validation and none of it is
# trained on. The message counts five classes and nothing warns. Validation asks for a class that was never shown.
# Split first and read the parts from folders of their own, or keep shuffle=True with a seed (random, not by class).
# Seen with Keras 3.15.1 on TensorFlow 2.21.0, Pillow 13.0.0, 27 November 2026. Source: seen by running; the arguments:
# https://keras.io/api/data_loading/image/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 pillow==13.0.0
cd "$work"
KERAS_BACKEND=tensorflow TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import contextlib
import io
import warnings
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

for label in ("ant", "bee", "cat", "dog", "elk"):
    Path("photos", label).mkdir(parents=True)
    for number in range(10):
        Image.new("RGB", (8, 8), (number, number, number)).save(f"photos/{label}/{number}.png")


def split(**options):
    """Return images per class of the training and the validation part, and what was said."""
    with contextlib.redirect_stdout(io.StringIO()) as said, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        parts = keras.utils.image_dataset_from_directory(
            "photos", validation_split=0.2, subset="both", image_size=(8, 8), **options
        )
    counts = [np.bincount(np.concatenate([y for _, y in part]), minlength=5).tolist() for part in parts]
    return counts, " ".join(said.getvalue().split()), len(warned)


print("keras", keras.__version__, "tensorflow", tf.__version__)
(training, validation), said, warned = split(shuffle=False)
print(f"shuffle=False: training {training}, validation {validation}; {warned} warnings; {said}")
shuffled, _, _ = split(shuffle=True, seed=0)
print(f"shuffle=True: training {shuffled[0]}, validation {shuffled[1]}")
assert training == [10, 10, 10, 10, 0]
assert validation == [0, 0, 0, 0, 10]
assert warned == 0
assert said.startswith("Found 50 files belonging to 5 classes.")
assert all(shuffled[0])
PYTHON

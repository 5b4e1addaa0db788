#!/usr/bin/env bash
# One would expect that the two readers of Keras, image_dataset_from_directory for training and load_img for a single
# prediction, show a network the same picture. With a 16-bit grey PNG (microscopes, X-rays, depth cameras) they do not: the
# first goes through TensorFlow, which keeps the high byte of each value; the second through Pillow, whose convert("RGB")
# clips everything above 255. What was trained as a ramp from black to white is predicted from a white square.
# This project scales 16-bit values itself, with one function for training and prediction.
# Seen with TensorFlow 2.21.0, Keras 3.15.1, Pillow 13.0.0, 27 November 2026. Modes of Pillow:
# https://pillow.readthedocs.io/en/stable/handbook/concepts.html#modes
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 pillow==13.0.0
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
from pathlib import Path

import keras
import numpy as np
import PIL
import tensorflow as tf
from PIL import Image

ramp = np.repeat(np.arange(256, dtype=np.uint16)[None] * 257, 256, axis=0)  # 0 to 65,535 from left to right
Path("scans/sample").mkdir(parents=True)
Image.fromarray(ramp).save("scans/sample/ramp.png")
data = keras.utils.image_dataset_from_directory("scans", image_size=(256, 256), verbose=False)
trained = next(iter(data))[0][0, 0, :, 0].numpy()
predicted = keras.utils.img_to_array(keras.utils.load_img("scans/sample/ramp.png"))[0, :, 0]
print("tensorflow", tf.__version__, "keras", keras.__version__, "pillow", PIL.__version__)
for name, row in (("image_dataset_from_directory", trained), ("load_img", predicted)):
    print(f"{name}: columns 0, 1, 64, 128, 255 are {row[[0, 1, 64, 128, 255]]}; white: {np.mean(row == 255):.1%}")
np.testing.assert_array_equal(trained, np.arange(256))
assert predicted[0] == 0
assert (predicted[1:] == 255).all()
PYTHON

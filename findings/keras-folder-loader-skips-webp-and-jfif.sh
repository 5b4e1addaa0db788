#!/usr/bin/env bash
# One would expect that Keras' loader of an image folder takes the photos that TensorFlow or Pillow can read, or says which
# it leaves out. It looks at the end of the name: .bmp, .gif, .jpeg, .jpg and .png are taken, .webp, .tif, .avif, .jfif and
# .jpe are passed over without a word. A class whose photos all end so remains a class, with no image: the network gets
# an output that it never learns, and the message counts it.
# .jfif and .webp are what browsers save, so half a collection can be missing and the training still looks well.
# Seen with TensorFlow 2.21.0, Keras 3.15.1, 27 November 2026. The list of endings: keras.utils.image_dataset_from_directory,
# "Supported image formats", https://keras.io/api/data_loading/image/
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tensorflow==2.21.0 keras==3.15.1 pillow==13.0.0
cd "$work"
TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES= venv/bin/python - <<'PYTHON'
import contextlib
import io
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

FORMATS = {"png": "PNG", "jpg": "JPEG", "jfif": "JPEG", "jpe": "JPEG", "webp": "WEBP", "tif": "TIFF"}
rng = np.random.default_rng(0)
root = Path("photos")
for label, endings in {"cat": list(FORMATS), "dog": list(FORMATS), "horse": ["webp", "jfif"]}.items():
    (root / label).mkdir(parents=True)
    for ending in endings:
        noise = Image.fromarray(rng.integers(0, 256, (32, 32, 3), np.uint8))
        noise.save(root / label / f"{ending}.{ending}", FORMATS[ending])
with contextlib.redirect_stdout(io.StringIO()) as said:
    data = keras.utils.image_dataset_from_directory(root, image_size=(32, 32), shuffle=False)
taken = [str(Path(path).relative_to(root)) for path in data.file_paths]
print("tensorflow", tf.__version__, "keras", keras.__version__)
print("files:", sum(path.is_file() for path in root.rglob("*")), "taken:", taken)
print("classes:", data.class_names, "message:", said.getvalue().strip())
assert sorted(taken) == ["cat/jpg.jpg", "cat/png.png", "dog/jpg.jpg", "dog/png.png"]
assert data.class_names == ["cat", "dog", "horse"]
assert said.getvalue().strip() == "Found 4 files belonging to 3 classes."
PYTHON

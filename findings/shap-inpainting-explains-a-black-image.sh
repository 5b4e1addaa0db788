#!/usr/bin/env bash
# One would expect shap.maskers.Image("inpaint_telea", shape) to fill in what is hidden and leave the rest of the image alone.
# It converts the whole image to bytes before that and back to floats after: pixels between 0 and 1, as most networks want them,
# become 0. The network is asked about black images, even where nothing is hidden; only where all is hidden it sees the mean
# colour. The values explain why the network answers otherwise to that plain colour than to black, and say nothing of the image:
# two different images get equal values. Normalised images lose everything between whole numbers likewise.
# Nothing fails: there are values, and a picture of them. "inpaint_ns" does the same; "blur(8,8)" does not.
# Hand over pixels from 0 to 255 and scale inside the function that is explained, or use blur; and see that base value plus
# values makes the network's answer.
# Seen with shap 0.51.0, opencv-python-headless 5.0.0.93, 30 November 2026. Source: inpaint in
# https://github.com/shap/shap/blob/master/shap/maskers/_image.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check shap==0.51.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
MPLCONFIGDIR="$work/matplotlib" venv/bin/python - 2>error.txt <<'PYTHON' || { cat error.txt; exit 1; }
import cv2
import numpy as np
import shap

SIZE = 16
left, right = (np.full((SIZE, SIZE, 3), 64, np.float32) for _ in range(2))
left[:, : SIZE // 2] = right[:, SIZE // 2 :] = 192  # one bright half each


def answer(images):
    """Say how bright the left half is beside the whole, in place of a network; images from 0 to 1."""
    return np.stack([images[:, :, : SIZE // 2].mean((1, 2, 3)), images.mean((1, 2, 3))], 1)


def explain(name, masker, scale):
    """Explain both images, and return the greatest error of base value plus values, and the values for the left image."""
    images = np.stack([left, right]) / 255 * scale
    explainer = shap.Explainer(lambda batch: answer(batch / scale), shap.maskers.Image(masker, left.shape))
    found = explainer(images, max_evals=100, batch_size=25)
    error = np.abs(found.base_values + found.values.sum((1, 2, 3)) - answer(images / scale)).max()
    shown = shap.maskers.Image(masker, left.shape)(np.ones(left.size, bool), images[0])[0]
    equal = np.allclose(found.values[0], found.values[1], atol=1e-4)
    print(f"{name}, {masker}: largest pixel with nothing hidden {shown.max():.3f}, base value plus values misses the answer by "
          f"{error:.3f}, equal values for both images: {equal}")
    return shown, error, equal


print("shap", shap.__version__, "opencv", cv2.__version__)
for masker in ("inpaint_telea", "inpaint_ns"):
    shown, error, equal = explain("pixels from 0 to 1", masker, 1)
    assert shown.max() == 0 and error > 0.4 and equal
    shown, error, equal = explain("pixels from 0 to 255", masker, 255)
    assert np.allclose(shown[0], left, atol=1) and error < 0.01 and not equal
shown, error, equal = explain("pixels from 0 to 1", "blur(8,8)", 1)
assert np.allclose(shown[0], left / 255) and error < 0.01 and not equal
PYTHON

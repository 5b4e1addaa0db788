#!/usr/bin/env bash
# One would expect the numbers 0 to 255 to be the same image in whatever type of whole numbers they lie. scikit-image divides by
# the greatest number of the type, so that 255 is 1.0 as uint8, 0.004 as uint16, 0.0000001 as int32 and 0.00000000000000003 as
# int64, which is black. resize, rescale, rotate, gaussian, rgb2gray and more do so first, and say nothing; the same numbers as
# floats stay as they are. NumPy makes int64 of every list, so of an image that comes to a server as JSON or out of a CSV file,
# of np.where(mask, 255, 0), and of two uint8 images that are added as int.
# A classifier that learnt from uint8 files and is asked by JSON gives every image one class: 11 % of digits right in place of
# 98 %. Of np.where(mask, 255, 0), resized and compared with 0.5, nothing is left; of the same as uint8 the mask.
# image.astype(np.uint8) before anything else, or preserve_range=True; look at the maximum of what comes back.
# Seen with scikit-image 0.26.0, scikit-learn 1.9.1, numpy 2.4.6, 1 December 2026. Sources:
# https://github.com/scikit-image/scikit-image/issues/4139; the types are in
# https://scikit-image.org/docs/stable/user_guide/data_types.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check scikit-image==0.26.0 scikit-learn==1.9.1 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import json
import warnings

import numpy as np
import skimage
import sklearn
from skimage import color, exposure, filters, transform
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

warnings.simplefilter("error")  # there are none
photo = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
photo[:2, :2] = 255
FUNCTIONS = {
    "resize": lambda image: transform.resize(image, (16, 16)),
    "rescale": lambda image: transform.rescale(image, 0.5, channel_axis=2),
    "rotate": lambda image: transform.rotate(image, 10),
    "gaussian": lambda image: filters.gaussian(image, 1, channel_axis=2),
    "rgb2gray": color.rgb2gray,
    "rgb2hsv": lambda image: color.rgb2hsv(image)[..., 2],
    "adjust_gamma": lambda image: exposure.adjust_gamma(skimage.img_as_float(image), 0.5),
}

print("scikit-image", skimage.__version__, "scikit-learn", sklearn.__version__, "numpy", np.__version__)
for name, function in FUNCTIONS.items():
    largest = {kind: float(function(photo.astype(kind)).max()) for kind in ("uint8", "uint16", "int32", "int64")}
    print(f"{name}: largest value", ", ".join(f"{kind} {value:.2g}" for kind, value in largest.items()))
    assert largest["uint8"] > 0.5 and largest["int64"] < 1e-7
kept = transform.resize(photo.astype(np.int64), (16, 16), preserve_range=True)
as_float = transform.resize(photo.astype(np.float64), (16, 16))
print(f"resize of int64 with preserve_range: largest value {kept.max():.0f}, of float64 {as_float.max():.0f}")
assert kept.max() > 100 and np.array_equal(kept, as_float)

digits, kinds = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(digits))
files, kinds = np.uint8(digits[order] * 255 / 16).reshape(-1, 8, 8), kinds[order]


def prepare(image):
    return transform.resize(image, (12, 12), order=1).ravel()


classifier = LogisticRegression(max_iter=1000).fit([prepare(image) for image in files[:1200]], kinds[:1200])
asked = {
    "files of uint8": files[1200:],
    "JSON": [np.array(json.loads(json.dumps(image.tolist()))) for image in files[1200:]],
    "JSON as uint8": [np.array(json.loads(json.dumps(image.tolist())), np.uint8) for image in files[1200:]],
}
right = {}
for name, images in asked.items():
    answers = classifier.predict([prepare(image) for image in images])
    right[name] = np.mean(answers == kinds[1200:])
    print(f"{name}, {images[0].dtype}: {right[name]:.0%} right, {len(set(answers.tolist()))} different answers")
    assert name != "JSON" or len(set(answers.tolist())) == 1
assert right["files of uint8"] == right["JSON as uint8"] > 0.9 and right["JSON"] < 0.15

mask = np.zeros((32, 32), bool)
mask[8:24, 8:24] = True
left = {}
for drawn in (np.where(mask, 255, 0), np.where(mask, 255, 0).astype(np.uint8)):
    left[drawn.dtype.name] = int((transform.resize(drawn, (16, 16)) > 0.5).sum())
print("pixels left of a mask of 64, above 0.5:", left)
assert left == {"int64": 0, "uint8": 64}
PYTHON

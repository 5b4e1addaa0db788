#!/usr/bin/env bash
# One would expect mask.encode to take every pixel that is not 0 for the object, or to refuse an array with more than two values.
# It looks at neither: wherever a number differs from the one before, down one column and on to the next, object and background
# change places. That is right for 0 and 1 and for 0 and 255. A mask with soft edges, shrunk by averaging or read from JPEG, has
# greys in its edge and changes there several times, so that a disc is stored as a rim with stripes through the whole image: of
# its pixels 43 %, and more outside it than in it. A class map with a cat on a dog changes three times a column, and each second
# column is stored the wrong way round: half of each, and a quarter of the background.
# Nothing is said; area and box are computed from it, and a network is trained on stripes or judged by them.
# Encode one question at a time, np.asfortranarray(mask > 127, np.uint8), and compare area with the number of pixels.
# Seen with pycocotools 2.0.11, pillow 13.0.0, numpy 2.4.6, 1 December 2026. Source: rleEncode in
# https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c; mask.py speaks of binary masks
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pycocotools==2.0.11 pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings
from importlib.metadata import version

import numpy as np
import PIL
from PIL import Image
from pycocotools import mask as coco

warnings.simplefilter("error", UserWarning)  # there are none
row, column = np.mgrid[:256, :256]
large = (row - 128) ** 2 + (column - 128) ** 2 < 90**2


def judge(name, mask, truth):
    """Encode a mask and return how many pixels it has, and the share of what it and the truth have in common."""
    stored = coco.encode(np.asfortranarray(mask, np.uint8))
    read = coco.decode(stored) > 0
    assert coco.area(stored) == read.sum()
    share = (read & truth).sum() / (read | truth).sum()
    box = coco.toBbox(stored).astype(int).tolist()
    counts = f"{len(np.unique(mask))} values, {truth.sum()} pixels, stored {read.sum()}"
    kept = read[truth].mean()
    print(f"{name}: {counts}, {kept:.0%} of them, in common {share:.0%}, box {box}")
    return read, share, box


print("pycocotools", version("pycocotools"), "pillow", PIL.__version__, "numpy", np.__version__)
assert judge("0 and 1", large, large)[1] == 1
right = judge("0 and 255", large * 255, large)
assert right[1] == 1
soft = np.asarray(Image.fromarray(large.astype(np.uint8) * 255).resize((128, 128), Image.Resampling.BILINEAR))
truth = soft > 127
read, share, box = judge("shrunk by averaging", soft, truth)
assert len(np.unique(soft)) > 2 and share < 0.3
assert judge("the same > 127", soft > 127, truth)[1] == 1
Image.fromarray(large.astype(np.uint8) * 255).save("mask.jpg", quality=95)
jpeg = np.asarray(Image.open("mask.jpg"))
assert judge("read from JPEG", jpeg, large)[1] < 0.7
assert judge("the same > 127", jpeg > 127, large)[1] == 1

# a class map: a cat, 1, that lies on a dog, 2
cat, dog = (row > 60) & (row <= 120), (row > 120) & (row <= 200)
inside = (column > 50) & (column <= 210)
classes = np.where(inside & cat, 1, np.where(inside & dog, 2, 0))
read, share, box = judge("cat on dog", classes, classes > 0)
for name, where in (("cat", classes == 1), ("dog", classes == 2), ("background", classes == 0)):
    print(f"  of the {name} {read[where].mean():.0%} is object")
assert read[classes == 1].mean() == read[classes == 2].mean() == 0.5 and read[classes == 0].mean() > 0.2
for number in (1, 2):
    assert judge(f"class {number}", classes == number, classes == number)[1] == 1
PYTHON

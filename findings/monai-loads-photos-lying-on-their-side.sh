#!/usr/bin/env bash
# One would expect a library that loads a PNG or JPEG to give height by width, as PyTorch's networks, Pillow, OpenCV and
# torchvision have it. MONAI's LoadImage gives width by height, the photo mirrored at its diagonal, in order to have one
# direction with its readers of scans; of a NumPy file it gives what is in it. So RandFlip(spatial_axis=1), left and right by
# every other library's count, turns photos upside down; a mask kept as .npy lies across the photo of the .png it belongs to,
# unnoticed where both are square; and a network that was trained by torchvision and is served by MONAI, or the other way round,
# sees each photo on its side: of digits 9 % right in place of 96 %.
# LoadImage(reader="PILReader", reverse_indexing=False), and compare one photo that is not square with np.asarray(Image.open).
# Seen with monai 1.6.1, torchvision 0.29.1, torch 2.14.1, scikit-learn 1.9.1, pillow 13.0.0, numpy 2.4.6, 1 December 2026.
# Sources: https://github.com/Project-MONAI/MONAI/issues/6007, https://github.com/Project-MONAI/MONAI/issues/4862
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check monai==1.6.1 torchvision==0.29.1 torch==2.14.1 \
    scikit-learn==1.9.1 pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore::DeprecationWarning - <<'PYTHON'
import monai
import numpy as np
import PIL
import sklearn
import torch
import torchvision
from monai.transforms import Flip, LoadImage
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torchvision.io import decode_image

load = LoadImage(image_only=True, ensure_channel_first=True)
upright = LoadImage(reader="PILReader", image_only=True, ensure_channel_first=True, reverse_indexing=False)
photo = np.zeros((40, 80, 3), np.uint8)
photo[:, :20] = 255  # a stripe at the left

print("monai", monai.__version__, "torchvision", torchvision.__version__, "torch", torch.__version__, end=" ")
print("scikit-learn", sklearn.__version__, "pillow", PIL.__version__, "numpy", np.__version__)
for form in ("png", "jpg", "bmp"):
    Image.fromarray(photo).save(f"photo.{form}")
    shapes = tuple(load(f"photo.{form}").shape), tuple(upright(f"photo.{form}").shape)
    print(f"{form}, 80 wide and 40 high: LoadImage {shapes[0]}, reverse_indexing=False {shapes[1]}")
    assert shapes == ((3, 80, 40), (3, 40, 80))
theirs = decode_image("photo.png")
print("torchvision:", tuple(theirs.shape))
assert torch.equal(torch.as_tensor(upright("photo.png")), theirs.float())
assert torch.equal(torch.as_tensor(load("photo.png")).transpose(1, 2), theirs.float())

# left and right
flip, image = Flip(spatial_axis=1), load("photo.png")
print("Flip(spatial_axis=1) of a stripe at the left changes anything:", not torch.equal(flip(image), image))
assert torch.equal(flip(image), image)  # upside down, where nothing changes
assert not torch.equal(flip(upright("photo.png")), upright("photo.png"))

# a mask of the same photo
square = np.zeros((64, 64), np.uint8)
square[8:20, 4:60] = 255
Image.fromarray(square).save("square.png")
np.save("mask.npy", square)
shares = []
for name, loader in (("LoadImage", load), ("reverse_indexing=False", upright)):
    seen, mask = np.asarray(loader("square.png"))[0] > 0, np.asarray(LoadImage(image_only=True)("mask.npy")) > 0
    shares.append((seen & mask).sum() / (seen | mask).sum())
    print(f"{name}: photo and mask.npy have in common {shares[-1]:.0%}")
assert shares[0] < 0.2 and shares[1] == 1

# trained by one, asked by the other
digits, kinds = load_digits(return_X_y=True)
order = np.random.default_rng(0).permutation(len(digits))[:1300]
kinds = kinds[order]
for number, row in enumerate(digits[order]):
    Image.fromarray(np.uint8(row.reshape(8, 8) * 255 / 16)).save(f"{number}.png")
names = [f"{number}.png" for number in range(1300)]
features = {
    "torchvision": [decode_image(name).numpy().ravel() / 255 for name in names],
    "monai": [np.asarray(load(name)).ravel() / 255 for name in names],
    "reverse_indexing=False": [np.asarray(upright(name)).ravel() / 255 for name in names],
}
classifier = LogisticRegression(max_iter=1000).fit(features["torchvision"][:1000], kinds[:1000])
right = {name: classifier.score(rows[1000:], kinds[1000:]) for name, rows in features.items()}
print("trained by torchvision, asked by", ", ".join(f"{name}: {share:.0%} right" for name, share in right.items()))
assert right["torchvision"] == right["reverse_indexing=False"] > 0.9 and right["monai"] < 0.3
PYTHON

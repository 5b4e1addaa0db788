#!/usr/bin/env bash
# One would expect RandomHorizontalFlip to flip the image of an example and to leave its label alone. The second version of
# torchvision's transforms takes for the image, where nothing is a PIL image or a tv_tensor, the first plain tensor that it
# meets. If the label comes first, ("cls", "jpg") or {"label": ..., "image": ...}, or if the image is a NumPy array, as OpenCV
# reads it, the flip turns a one-hot label round and not the image: a cat is a horse, of a multi-label row each label changes
# places with its mirror image. Nothing is said, and no shape changes; a whole batch with the labels in front fares the same.
# With the usual chance of a half every second cat is called a horse, and the network learns to answer "cat or horse, half and
# half" on images that were never augmented.
# Wrap the image first, tv_tensors.Image(image), or hand over the image alone: transform(image), label.
# Seen with torchvision 0.29.1, torch 2.14.1, numpy 2.4.6, pillow 13.0.0, 30 November 2026. Source: that the first plain tensor
# counts is in https://docs.pytorch.org/vision/stable/auto_examples/transforms/plot_transforms_getting_started.html, of labels
# in front or arrays it does not speak
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.14.1 torchvision==0.29.1 numpy==2.4.6 pillow==13.0.0
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision import tv_tensors
from torchvision.transforms import v2

warnings.simplefilter("error")  # there are none
CAT, DOG, HORSE = torch.eye(3)
NAMES = ["cat", "dog", "horse"]
pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (3, 8, 8), dtype=np.uint8))
array = pixels.permute(1, 2, 0).numpy()
flip = v2.RandomHorizontalFlip(p=1)


def same(one, other):
    return np.array_equal(np.asarray(one), np.asarray(other))


def show(name, example, image, label):
    """Flip an example of a cat and return whether its image was flipped, and its label."""
    made = flip(example)
    turned = not same(made[image], example[image])
    word = NAMES[int(made[label].argmax())]
    print(f"{name}: image {'flipped' if turned else 'as before'}, label {made[label].tolist()}, a {word}")
    return turned, word


print("torchvision", torchvision.__version__, "torch", torch.__version__)
picture = Image.fromarray(array)
right, wrong = (True, "cat"), (False, "horse")
assert show("(image, label)", (pixels, CAT), 0, 1) == right
assert show("(label, image)", (CAT, pixels), 1, 0) == wrong
assert show("{image, label}", {"image": pixels, "label": CAT}, "image", "label") == right
assert show("{label, image}", {"label": CAT, "image": pixels}, "image", "label") == wrong
assert show("(NumPy image, label)", (array, CAT), 0, 1) == wrong
assert show("(label, PIL image)", (CAT, picture), 1, 0) == right
assert show("(label, tv_tensors.Image)", (CAT, tv_tensors.Image(pixels)), 1, 0) == right

several = torch.tensor([1.0, 1, 0, 0, 0])  # of five labels the first two
made, _ = flip((several, pixels))
print("multi-label:", several.tolist(), "->", made.tolist())
assert made.tolist() == [0, 0, 0, 1, 1]

labels, _ = flip((torch.stack([CAT, DOG, HORSE, CAT]), pixels.expand(4, 3, 8, 8)))
print("a batch with labels in front:", [NAMES[i] for i in labels.argmax(1)])
assert labels.argmax(1).tolist() == [2, 1, 0, 2]

torch.manual_seed(0)
usual = v2.RandomHorizontalFlip()
cats = [NAMES[int(usual((array, CAT))[1].argmax())] for _ in range(1000)]
counts = {name: cats.count(name) for name in NAMES}
print("1,000 cats, p=0.5, NumPy images:", counts)
assert 400 < counts["horse"] < 600 and counts["dog"] == 0
PYTHON

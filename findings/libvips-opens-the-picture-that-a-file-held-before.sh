#!/usr/bin/env bash
# One would expect opening a file to give what is in it. libvips remembers the operations of a process and answers one that it
# has done with the same arguments from memory; opening a path is such an operation. pyvips' new_from_file so gives the picture,
# and the size, that the file held when the process opened it first: after it was turned or cropped and saved again, and after a
# camera wrote the next frame under the same name. A program that serves or labels is long alive, so that ten frames are ten
# times the first, all of one class, and photos that were mended in a notebook are learnt unmended.
# Nothing is said. thumbnail looks at the file each time, and so do new_from_buffer and access="sequential".
# new_from_file(path, revalidate=True), or pyvips.cache_set_max(0) at the start.
# Seen with pyvips 3.2.0, libvips 8.18.7, pillow 13.0.0, numpy 2.4.6, 1 December 2026. Sources:
# https://github.com/libvips/pyvips/issues/503, https://github.com/libvips/libvips/issues/2615
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pyvips==3.2.0 pyvips-binary==8.18.7 pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings
from pathlib import Path

import numpy as np
import PIL
import pyvips
from PIL import Image

warnings.simplefilter("error")  # there are none
COLOURS = {"cat": (200, 40, 40), "dog": (40, 200, 40), "horse": (40, 40, 200)}
FRAMES = ["cat", "dog", "horse", "dog", "cat", "horse", "horse", "dog", "cat", "dog"]


def classify(pixels):
    """Return the class whose colour is nearest."""
    mean = np.asarray(pixels, float)[..., :3].mean((0, 1))
    return min(COLOURS, key=lambda name: np.abs(mean - COLOURS[name]).sum())


def judge(name, path, read):
    """Return the share of frames, written one after the other under one name, whose class is right."""
    answers = []
    for kind in FRAMES:
        Image.new("RGB", (64, 48), COLOURS[kind]).save(path)
        answers.append(classify(read(path)))
    right = np.mean([one == other for one, other in zip(answers, FRAMES, strict=True)])
    print(f"{name}: {', '.join(answers)}, right {right:.0%}")
    return right


print("pyvips", pyvips.__version__, "libvips", ".".join(str(pyvips.version(part)) for part in range(3)), end=" ")
print("pillow", PIL.__version__, "numpy", np.__version__)
opened = pyvips.Image.new_from_file
for form in ("png", "jpg", "webp", "tif"):
    right = judge(f"new_from_file, {form}", f"a.{form}", lambda path: opened(path).numpy())
    assert right == FRAMES.count("cat") / len(FRAMES)  # all are the first
assert judge("revalidate=True", "b.png", lambda path: opened(path, revalidate=True).numpy()) == 1
assert judge("sequential", "c.png", lambda path: opened(path, access="sequential").numpy()) == 1
assert judge("thumbnail", "d.png", lambda path: pyvips.Image.thumbnail(path, 32).numpy()) == 1
read = judge("new_from_buffer", "e.png", lambda path: pyvips.Image.new_from_buffer(Path(path).read_bytes(), "").numpy())
assert read == 1

# a photo that lies on its side, turned and saved again
Image.new("RGB", (64, 48), COLOURS["cat"]).save("photo.png")
turned = opened("photo.png").rot90().write_to_buffer(".png")
Path("photo.png").write_bytes(turned)
again = opened("photo.png")
with Image.open("photo.png") as image:
    truth = image.size
print("turned and saved: size in the file", truth, "opened", (again.width, again.height))
assert truth == (48, 64) and (again.width, again.height) == (64, 48)
pyvips.cache_set_max(0)
assert judge("cache_set_max(0)", "a.png", lambda path: opened(path).numpy()) == 1
PYTHON

#!/usr/bin/env bash
# One would expect map, or Dataset.from_dict, to store the Pillow image that it is handed. Hugging Face datasets looks whether
# the image has a filename, and if so stores the path alone. An image that was opened from a file keeps its filename through all
# changes made in place: thumbnail, paste, putpixel, putalpha and everything drawn by ImageDraw. They are lost without a word,
# and the dataset holds the photograph as it was. resize, crop, rotate and convert return other images, which are stored.
# So map(lambda row: row["image"].thumbnail((32, 32)) or row) changes nothing, and faces, names or rulers that were painted over
# are there again in what is saved. The same map works on a dataset read by load_from_disk, whose images are bytes.
# Change a copy (row["image"].copy()), and look at an image of the result.
# Seen with datasets 5.2.0, Pillow 13.0.0, 30 November 2026. Source: encode_pil_image in
# https://github.com/huggingface/datasets/blob/main/src/datasets/features/image.py
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pillow==13.0.0 numpy==2.4.6
cd "$work"
HF_HOME="$work/home" HF_HUB_OFFLINE=1 venv/bin/python - <<'PYTHON'
from pathlib import Path

import datasets
import PIL
from PIL import Image, ImageDraw

datasets.disable_progress_bars()
RED, BLACK = (255, 0, 0), (0, 0, 0)  # JPEG keeps them roughly


def show(name, dataset):
    """Return the size of the dataset's only image and whether its upper left pixel was painted over."""
    image = dataset[0]["image"].convert("RGB")
    found = image.size, image.getpixel((0, 0))[0] < 50
    print(f"{name}: size {found[0]}, painted over: {found[1]}")
    return found


def change(image):
    image.thumbnail((32, 32))
    ImageDraw.Draw(image).rectangle([0, 0, 8, 8], fill=BLACK)
    return image


print("datasets", datasets.__version__, "pillow", PIL.__version__)
original, changed = ((64, 64), False), ((32, 32), True)
for ending in ("png", "jpg"):
    path = Path("photos", ending, "cat", f"0.{ending}")
    path.parent.mkdir(parents=True)
    Image.new("RGB", (64, 64), RED).save(path)
    folder = datasets.load_dataset("imagefolder", data_dir=f"photos/{ending}", split="train")
    assert show(f"{ending}, as it is", folder) == original
    mapped = folder.map(lambda row: {"image": change(row["image"])}, load_from_cache_file=False)
    assert show(f"{ending}, map with changes in place", mapped) == original
    image = change(Image.open(path))
    assert image.size == (32, 32) and image.getpixel((0, 0)) == BLACK
    made = datasets.Dataset.from_dict({"image": [image]})
    assert show(f"{ending}, from_dict of the changed image", made) == original
    made.save_to_disk(f"saved-{ending}")
    assert show(f"{ending}, saved and loaded", datasets.load_from_disk(f"saved-{ending}")) == original
    copied = folder.map(lambda row: {"image": change(row["image"].copy())}, load_from_cache_file=False)
    assert show(f"{ending}, map with changes in a copy", copied) == changed
    folder.save_to_disk(f"bytes-{ending}")
    loaded = datasets.load_from_disk(f"bytes-{ending}")
    mapped = loaded.map(lambda row: {"image": change(row["image"])}, load_from_cache_file=False)
    assert show(f"{ending}, the same map after load_from_disk", mapped) == changed
PYTHON

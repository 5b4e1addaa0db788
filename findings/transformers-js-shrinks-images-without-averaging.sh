#!/usr/bin/env bash
# One would expect the image processor of transformers.js to give a network the pixels that it was trained with: it reads the
# same preprocessor_config.json, and its source says of the resizing that it is done as Pillow does it. Under Node, bilinear
# and bicubic (resample 2 and 3, what nearly all vision models have) look at 4 or 16 pixels around one point, however much an
# image is shrunk; Pillow averages all that fall into the new pixel. From 896 to 224 pixels a side, 15 of 16 pixels go unseen:
# a chessboard of single pixels is black and not grey, the grain of a photo comes through in full, and the whole image is off
# by one and a half of its pixels. Bilinear and bicubic differ by 20 levels of 255 on average, Lanczos (resample 1), for which
# another function is called, by 1.4. Sizes that fit are the same in both, so a test with a small image shows nothing.
# Photos from a phone are shrunk by 10 and more. A classifier that tells smooth surfaces from rough ones, and is right for all
# images in Python, calls every image rough on the server.
# Shrink the image yourself by sharp's resize (or resample 1) before the processor, and compare the pixels of one large photo.
# Seen with @huggingface/transformers 4.3.2 on Node 20, Pillow 13.0.0, numpy 2.4.6, 30 November 2026. Sources:
# https://github.com/lovell/sharp/issues/3917, resize in the package's src/utils/image.js
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/transformers@4.3.2
cat >process.mjs <<'JAVASCRIPT'
import fs from "fs";
import { AutoImageProcessor, RawImage, env } from "@huggingface/transformers";

env.allowRemoteModels = false;
env.localModelPath = "./";
fs.mkdirSync("model");
fs.writeFileSync("model/config.json", '{"model_type": "vit"}');
const size = Number(process.argv[2]);
const bytes = fs.readFileSync("images.bin");
for (const resample of [1, 2, 3]) {
  const config = { image_processor_type: "ViTImageProcessor", do_resize: true, size: { height: 224, width: 224 }, resample };
  Object.assign(config, { do_rescale: true, rescale_factor: 1 / 255, do_normalize: false });
  fs.writeFileSync("model/preprocessor_config.json", JSON.stringify(config));
  const processor = await AutoImageProcessor.from_pretrained("model");
  const found = [];
  for (let start = 0; start < bytes.length; start += size * size * 3) {
    const image = new RawImage(new Uint8ClampedArray(bytes.subarray(start, start + size * size * 3)), size, size, 3);
    found.push(Buffer.from((await processor(image)).pixel_values.data.buffer));
  }
  fs.writeFileSync(`found-${resample}.bin`, Buffer.concat(found));
}
console.log("transformers.js", env.version);
JAVASCRIPT
venv/bin/python - <<'PYTHON'
import subprocess
import warnings
from pathlib import Path

import numpy as np
import PIL
from PIL import Image

warnings.simplefilter("error")  # there are none
LARGE, SMALL = 896, 224
rng = np.random.default_rng(0)


def photo(rough):
    """Return a smooth or a rough surface, with the grain of a camera."""
    wide = np.asarray(Image.fromarray(rng.uniform(60, 190, (7, 7)).astype("float32")).resize((LARGE, LARGE), Image.BICUBIC))
    lumps = np.kron(rng.normal(0, 15 if rough else 0, (LARGE // 4, LARGE // 4)), np.ones((4, 4)))
    values = wide + lumps + rng.normal(0, 25, (LARGE, LARGE))
    return np.repeat(values.clip(0, 255).round().astype("uint8")[..., None], 3, 2)


def roughness(image):
    return np.abs(np.diff(image[..., 0].astype(float), axis=1)).mean()


chess = np.repeat((np.indices((LARGE, LARGE)).sum(0) % 2 * 255).astype("uint8")[..., None], 3, 2)
rough = np.arange(12) % 2 == 1
images = np.stack([chess, *(photo(one) for one in rough)])
images.tofile("images.bin")
print(subprocess.run(["node", "process.mjs", str(LARGE)], check=True, capture_output=True, text=True).stdout.strip())
print("pillow", PIL.__version__)
found = {}
for resample, name in ((1, "Lanczos"), (2, "bilinear"), (3, "bicubic")):
    ours = np.stack([np.asarray(Image.fromarray(image).resize((SMALL, SMALL), resample)) for image in images])
    theirs = np.fromfile(f"found-{resample}.bin", "float32").reshape(-1, 3, SMALL, SMALL).transpose(0, 2, 3, 1) * 255
    limit = np.mean([np.mean([roughness(image) for image in ours[1:][rough == one]]) for one in (False, True)])
    right = [np.mean([(roughness(image) > limit) == one for image, one in zip(to[1:], rough)]) for to in (ours, theirs)]
    off = np.abs(theirs[1:] - ours[1:]).mean()
    found[name] = theirs[0].mean(), off, *right
    print(
        f"{name}: chessboard {ours[0].mean():.0f} by Pillow, {theirs[0].mean():.0f} by transformers.js; photos differ by "
        f"{off:.1f} levels; told apart {right[0]:.0%} and {right[1]:.0%}"
    )
assert abs(found["Lanczos"][0] - 128) < 2 and found["Lanczos"][1] < 2 and found["Lanczos"][2:] == (1, 1)
for name in ("bilinear", "bicubic"):
    assert found[name][0] == 0 and found[name][1] > 15 and found[name][2:] == (1, 0.5)
PYTHON

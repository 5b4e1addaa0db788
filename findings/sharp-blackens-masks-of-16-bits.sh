#!/usr/bin/env bash
# One would expect sharp, in Node, to keep the numbers of a mask of 16 bits when it cuts, turns or shrinks it by kernel
# "nearest", or to hand them out by raw({depth: "ushort"}), which asks for 16 bits. It takes all it reads for pictures: before
# anything is written it converts to sRGB of 8 bits, which divides by 256, and makes three channels of the one. Classes and
# objects below 256 all become 0, background, 256 to 511 become 1. Asking for ushort gets those 8-bit numbers in wider cells,
# and a PNG written without further wishes has 8 bits as well. stats() of the same file tells the true values, and a mask of 8
# bits passes, so what was tested on such masks fails for those with more objects than 255, without a message.
# Say toColourspace("grey16"), before png() or raw({depth: "ushort"}); raw() alone caps at 255 after it. Compare the values.
# Seen with sharp 0.35.5 on Node 20, Pillow 13.0.0, 1 December 2026. Sources: https://github.com/lovell/sharp/issues/3809,
# https://github.com/lovell/sharp/issues/2528
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0 numpy==2.4.6
cd "$work"
npm install --silent --no-audit --no-fund sharp@0.35.5
cat >read.cjs <<'JAVASCRIPT'
const sharp = require("sharp");

/** Read an array out of a pipeline, with its channels and the width of its numbers. */
async function read(pipeline) {
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  const wide = info.depth === "ushort" ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { values: [...new Set(wide)].sort((one, other) => one - other), channels: info.channels, depth: info.depth };
}

(async () => {
  const grey = (file) => sharp(file).toColourspace("grey16");
  const ushort = { depth: "ushort" };
  const found = { version: sharp.versions.sharp, largest: (await sharp("wide.png").stats()).channels[0].max };
  found["8 bits, raw()"] = await read(sharp("narrow.png").raw());
  found["raw()"] = await read(sharp("wide.png").raw());
  found["raw({depth: 'ushort'})"] = await read(sharp("wide.png").raw(ushort));
  found["grey16, raw()"] = await read(grey("wide.png").raw());
  found["grey16, raw({depth: 'ushort'})"] = await read(grey("wide.png").raw(ushort));
  await sharp("wide.png").resize(32, 32, { kernel: "nearest" }).png().toFile("shrunk.png");
  await grey("wide.png").resize(32, 32, { kernel: "nearest" }).png().toFile("right.png");
  console.log(JSON.stringify(found));
})().catch((error) => { console.error(error); process.exit(1); });
JAVASCRIPT
venv/bin/python -W error - <<'PYTHON'
import json
import subprocess

import numpy as np
import PIL
from PIL import Image

mask = np.zeros((64, 64), "uint16")
mask[10:20], mask[20:40], mask[40:60] = 7, 255, 300
Image.fromarray(mask).save("wide.png")
Image.fromarray(np.minimum(mask, 255).astype("uint8")).save("narrow.png")
found = json.loads(subprocess.run(["node", "read.cjs"], check=True, capture_output=True, text=True).stdout)
print("sharp", found.pop("version"), "Pillow", PIL.__version__)
print("a mask of 16 bits with the values", np.unique(mask).tolist(), "largest by stats():", largest := found.pop("largest"))
for name, one in found.items():
    print(f"{name}: values {one['values']}, {one['channels']} channels of {one['depth']}")
values = [one["values"] for one in found.values()]
assert largest == 300 and values == [[0, 7, 255], [0, 1], [0, 1], [0, 7, 255], [0, 7, 255, 300]]
for name, wanted in (("shrunk", [0, 1]), ("right", [0, 7, 255, 300])):
    with Image.open(f"{name}.png") as image:
        print(f"{name}.png: {image.mode}, values {np.unique(np.array(image)).tolist()}")
        assert np.unique(np.array(image)).tolist() == wanted and image.mode == ("RGB" if name == "shrunk" else "I;16")
PYTHON

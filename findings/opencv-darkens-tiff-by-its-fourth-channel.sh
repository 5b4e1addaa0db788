#!/usr/bin/env bash
# One would expect cv2.imread to give the red, green and blue that a file holds. Of a PNG or WebP with four channels it does,
# and leaves the alpha out. Of a TIFF it multiplies the colours by the alpha: where alpha is 0 the image is black, where it is
# half they are half as bright. Pillow, tifffile and rasterio give what is in the file. It is so with IMREAD_UNCHANGED too,
# but for 16 bits a channel, which that flag leaves alone.
# The fourth channel need not be transparency: rasterio writes four bands of 8 bits, such as red, green, blue and near
# infrared, as colours and alpha unless told otherwise, and OpenCV then blackens water, which is dark in infrared.
# A network trained by one library and asked by the other sees other colours, and PNG and TIFF of one picture differ.
# Read such files by tifffile, rasterio or Pillow, or have rasterio write them with alpha="unspecified".
# Seen with opencv-python-headless 5.0.0.93, Pillow 13.0.0, tifffile 2026.3.3, rasterio 1.4.4, 30 November 2026. Source:
# putRGBUAcontig8bittile in https://gitlab.com/libtiff/libtiff/-/blob/master/libtiff/tif_getimage.c
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check opencv-python-headless==5.0.0.93 pillow==13.0.0 \
  tifffile==2026.3.3 rasterio==1.4.4 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
import cv2
import numpy as np
import PIL
import rasterio
import tifffile
from PIL import Image

COLOUR = [200, 100, 50]
FOURTH = [0, 128, 255]  # of the three pixels, which have one colour
pixels = np.array([[[*COLOUR, value] for value in FOURTH]], np.uint8)


def opencv(path, flag=cv2.IMREAD_COLOR):
    return cv2.imread(path, flag)[0, :, 2::-1].tolist()  # red, green, blue of each pixel


def by_rasterio(path):
    with rasterio.open(path) as file:
        return file.read([1, 2, 3])[:, 0].T.tolist()


print("opencv", cv2.__version__, "pillow", PIL.__version__, "tifffile", tifffile.__version__, "rasterio", rasterio.__version__)
Image.fromarray(pixels).save("picture.png")
Image.fromarray(pixels).save("picture.webp", lossless=True, exact=True)
Image.fromarray(pixels).save("picture.tif")
with rasterio.open("bands.tif", "w", driver="GTiff", width=3, height=1, count=4, dtype="uint8") as file:
    file.write(pixels.transpose(2, 0, 1))
same, multiplied = [COLOUR] * 3, [[value * alpha // 255 for value in COLOUR] for alpha in FOURTH]
for path in ("picture.png", "picture.webp", "picture.tif", "bands.tif"):
    found = opencv(path)
    print(f"{path}: OpenCV {found}, unchanged {opencv(path, cv2.IMREAD_UNCHANGED)}")
    expected = multiplied if path.endswith("tif") else same
    assert np.abs(np.subtract(found, expected)).max() <= 1
    assert found == opencv(path, cv2.IMREAD_UNCHANGED)
for path in ("picture.tif", "bands.tif"):
    others = np.asarray(Image.open(path))[0, :, :3].tolist(), tifffile.imread(path)[0, :, :3].tolist(), by_rasterio(path)
    print(f"{path}: Pillow, tifffile and rasterio {others[0]}")
    assert others == (same, same, same)
tifffile.imwrite("deep.tif", pixels.astype(np.uint16) * 257, photometric="rgb", extrasamples=["unassalpha"])
deep = opencv("deep.tif"), opencv("deep.tif", cv2.IMREAD_UNCHANGED)
print("16 bits: OpenCV", deep[0], "unchanged", deep[1])
assert np.abs(np.subtract(deep[0], multiplied)).max() <= 1 and deep[1] == [[257 * value for value in COLOUR]] * 3
tifffile.imwrite("unspecified.tif", pixels, photometric="rgb", extrasamples=["unspecified"])
with rasterio.open("told.tif", "w", driver="GTiff", width=3, height=1, count=4, dtype="uint8", alpha="unspecified") as file:
    file.write(pixels.transpose(2, 0, 1))
print("ExtraSamples unspecified: by tifffile", opencv("unspecified.tif"), "by rasterio", opencv("told.tif"))
assert opencv("unspecified.tif") == opencv("told.tif") == same
PYTHON

#!/usr/bin/env bash
# One would expect imread(path) to read that file. Microscopes write a series in files of one image each, whose OME text
# names the others. tifffile follows it: asked for one file it returns the images of all, and asked for the next one the very
# same array. imageio, which reads TIFF by it, does too, and scikit-image moves the axes besides, since it takes three or four
# images for the channels of one: the result has the shape of a colour photograph. Pillow and OpenCV read the one file.
# So each row of a table of files and classes gets the same pixels, whatever its class is; a split by file has the images of
# test in train; and imread(path)[0], as one writes on seeing three axes, is the first file's image for every row. If a file was
# copied elsewhere alone, the others are black in it; only then is something logged.
# Ask for tifffile.imread(path, is_ome=False), or key=0 with it, and compare a few arrays of different files.
# Seen with tifffile 2026.3.3, scikit-image 0.26.0, imageio 2.38.1, Pillow 13.0.0, opencv-python-headless 5.0.0.93,
# 30 November 2026. Source: https://github.com/cgohlke/tifffile/issues/72
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tifffile==2026.3.3 scikit-image==0.26.0 imageio==2.38.1 \
  pillow==13.0.0 opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
venv/bin/python -W error - 2>log.txt <<'PYTHON' || { cat log.txt; exit 1; }
import shutil
import uuid
from importlib.metadata import version
from pathlib import Path

import cv2
import imageio.v3 as imageio
import numpy as np
import skimage.io
import tifffile
from PIL import Image

NAMES = ["dead.ome.tif", "alive.ome.tif", "dividing.ome.tif"]
GREYS = [10, 20, 30]
OME = """<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="{own}">
<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="32" SizeY="24" SizeZ="1" SizeC="1"
SizeT="3"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>"""
PLANE = '<TiffData IFD="0" FirstZ="0" FirstC="0" FirstT="{time}" PlaneCount="1"><UUID FileName="{name}">{key}</UUID></TiffData>'
READERS = {
    "tifffile": tifffile.imread,
    "imageio": imageio.imread,
    "scikit-image": skimage.io.imread,
    "Pillow": lambda path: np.asarray(Image.open(path)),
    "OpenCV": lambda path: cv2.imread(str(path), cv2.IMREAD_UNCHANGED),
    "tifffile, is_ome=False": lambda path: tifffile.imread(path, is_ome=False),
}


def read(folder, names=NAMES):
    """Return reader -> (shape, greys) of each file."""
    found = {}
    for reader, function in READERS.items():
        arrays = [function(Path(folder, name)) for name in names]
        found[reader] = [(array.shape, np.unique(array).tolist()) for array in arrays]
        print(f"{folder}, {reader}:", dict(zip(names, found[reader])))
    return found


print({name: version(name) for name in ("tifffile", "scikit-image", "imageio", "pillow", "opencv-python-headless")})
keys = [f"urn:uuid:{uuid.uuid4()}" for _ in NAMES]
planes = "".join(PLANE.format(time=time, name=name, key=key) for time, (name, key) in enumerate(zip(NAMES, keys)))
Path("series").mkdir()
for name, grey, key in zip(NAMES, GREYS, keys):
    image = np.full((24, 32), grey, np.uint8)
    tifffile.imwrite(f"series/{name}", image, description=OME.format(own=key, planes=planes), metadata=None)
found = read("series")
assert found["tifffile"] == found["imageio"] == [((3, 24, 32), GREYS)] * 3
assert found["scikit-image"] == [((24, 32, 3), GREYS)] * 3
for reader in ("Pillow", "OpenCV", "tifffile, is_ome=False"):
    assert found[reader] == [((24, 32), [grey]) for grey in GREYS]
firsts = [int(tifffile.imread(f"series/{name}")[0, 0, 0]) for name in NAMES]
print("imread(path)[0] of the three files:", firsts)
assert firsts == [10, 10, 10]
logged = Path("log.txt").stat().st_size
assert logged == 0, "it says something by now"
Path("alone").mkdir()
shutil.copy("series/alive.ome.tif", "alone")
found = read("alone", NAMES[1:2])
assert found["tifffile"] == [((3, 24, 32), [0, 20])] and found["Pillow"] == [((24, 32), [20])]
assert Path("log.txt").stat().st_size > 0
PYTHON

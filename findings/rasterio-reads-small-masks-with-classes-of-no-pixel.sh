#!/usr/bin/env bash
# One would expect a mask that is read at a smaller size by the nearest pixel, rasterio's default, to have no class that the
# mask does not have. A GeoTIFF may carry smaller copies of itself, overviews, and whatever is asked for at their size or less
# is made from them. The driver COG, for cloud-optimized files, makes them of every image above 512 pixels, and by cubic
# interpolation unless the file has a palette: between class 0 and class 3 lie 1 and 2, beside 10 there is 11, at all borders.
# At full size all is right, and so is a size slightly above the overview's. resampling=Resampling.mode does not help. One and
# the same mask as a plain GeoTIFF is right at every size.
# A network trained on the small masks learns classes that nobody drew, and IoU is measured against them.
# Write masks with overview_resampling="nearest" or "mode", or open them with OVERVIEW_LEVEL="NONE".
# Seen with rasterio 1.4.4 (GDAL 3.10.3), 30 November 2026. Source: OVERVIEW_RESAMPLING in
# https://gdal.org/en/stable/drivers/raster/cog.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check rasterio==1.4.4 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
import numpy as np
import rasterio
from rasterio.enums import Resampling

SIZE, HALF = 1024, 512
CLASSES = [0, 3, 10]
PALETTE = {0: (0, 0, 0, 255), 3: (255, 0, 0, 255), 10: (0, 255, 0, 255)}
rows, columns = np.mgrid[:SIZE, :SIZE]
mask = np.zeros((SIZE, SIZE), np.uint8)
mask[(rows - 500) ** 2 + (columns - 500) ** 2 < 300**2] = 3  # a field
mask[(rows - 300) ** 2 + (columns - 300) ** 2 < 100**2] = 10  # and a lake


def write(path, pixels, palette=None, **options):
    height, width = pixels.shape
    with rasterio.open(path, "w", width=width, height=height, count=1, dtype="uint8", **options) as file:
        file.write(pixels, 1)
        if palette:
            file.write_colormap(1, palette)


def classes(name, path, size=HALF, resampling=Resampling.nearest, **options):
    """Return the classes of a mask that is read at a size."""
    with rasterio.open(path, **options) as file:
        small = file.read(1, out_shape=(size, size), resampling=resampling)
        print(f"{name}, overviews {file.overviews(1)}, read at {size}: {np.unique(small).tolist()}, "
              f"{(~np.isin(small, CLASSES)).mean():.2%} of the pixels of no class")
    return np.unique(small).tolist()


print("rasterio", rasterio.__version__, "GDAL", rasterio.__gdal_version__)
write("plain.tif", mask, driver="GTiff")
write("cloud.tif", mask, driver="COG")
for size in (SIZE, 700, HALF, 300):
    assert classes("plain GeoTIFF", "plain.tif", size) == CLASSES
for size in (SIZE, 700):
    assert classes("COG", "cloud.tif", size) == CLASSES
invented = classes("COG", "cloud.tif")
assert invented == list(range(12))
assert len(classes("COG", "cloud.tif", 300)) > 3
assert len(classes("COG by mode", "cloud.tif", 300, Resampling.mode)) > 3

write("small.tif", mask[:HALF, :HALF], driver="COG")
assert classes("COG of a small mask", "small.tif", 256) == CLASSES
write("palette.tif", mask, PALETTE, driver="COG")
assert classes("COG with a palette", "palette.tif") == CLASSES
for resampling in ("nearest", "mode"):
    write("told.tif", mask, driver="COG", overview_resampling=resampling)
    assert classes(f"COG, overviews by {resampling}", "told.tif") == CLASSES
assert classes("COG without its overviews", "cloud.tif", OVERVIEW_LEVEL="NONE") == CLASSES
PYTHON

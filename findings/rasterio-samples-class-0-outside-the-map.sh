#!/usr/bin/env bash
# One would expect a point that is not on a map of classes to have no class. rasterio's sample gives 0 for it, which is a class
# of many maps, or the nodata value if the file has one. So do read with boundless=True and rasterio.mask.mask, for what lies
# beyond the edge or the shape. rioxarray's sel with method="nearest" gives the class of the nearest edge. On the map, near the
# border of two classes, rasterstats.point_query averages: between class 1 and class 3 it finds class 2, which is nowhere on it.
# Land cover is learned from such points. Points beyond the edge, or in degrees where the map is in metres, become examples of
# class 0, all of them in silence, and points near a border become examples of whatever lies between the numbers.
# sample(points, masked=True) masks them; write maps with a nodata value; point_query(..., interpolate="nearest").
# Seen with rasterio 1.4.4, rasterstats 0.21.0, rioxarray 0.19.0, 30 November 2026. Source:
# https://github.com/rasterio/rasterio/issues/2862
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check rasterio==1.4.4 rasterstats==0.21.0 rioxarray==0.19.0 \
  shapely==2.2.0 numpy==2.4.6
cd "$work"
venv/bin/python -W error::UserWarning - <<'PYTHON'
from importlib.metadata import version

import numpy as np
import rasterio
import rasterio.mask
import rasterstats
import rioxarray
from rasterio.transform import from_origin
from shapely.geometry import Point

classes = np.repeat([1, 3], 5)[None].repeat(10, axis=0).astype(np.uint8)  # 10 m a pixel: 1 to the left, 3 to the right
POINTS = {"left": (20, 50), "right": (80, 50), "beyond the edge": (500, 50), "in degrees": (12.5, 0), "north": (50, 4000)}


def write(path, **options):
    with rasterio.open(path, "w", driver="GTiff", height=10, width=10, count=1, dtype="uint8", crs="EPSG:32633",
                       transform=from_origin(1000, 6000, 10, 10), **options) as file:
        file.write(classes, 1)


def place(across, up):
    """Return a place on the map for metres from its lower left corner, or degrees as they are."""
    return (across, up) if up == 0 else (1000 + across, 5900 + up)


def sample(path, **options):
    with rasterio.open(path) as file:
        found = dict(zip(POINTS, file.sample([place(*point) for point in POINTS.values()], **options)))
    return {name: None if np.ma.is_masked(value) else int(value[0]) for name, value in found.items()}


print({name: version(name) for name in ("rasterio", "rasterstats", "rioxarray")})
write("map.tif")
write("map-255.tif", nodata=255)
off = ("beyond the edge", "in degrees", "north")
for path, options, given in (("map.tif", {}, 0), ("map.tif", {"masked": True}, None), ("map-255.tif", {}, 255)):
    found = sample(path, **options)
    print("sample of", path, options, found)
    assert found == {"left": 1, "right": 3} | dict.fromkeys(off, given)

with rasterio.open("map.tif") as file:
    beyond = np.unique(file.read(1, window=((0, 10), (20, 30)), boundless=True)).tolist()
    shape = np.unique(rasterio.mask.mask(file, [Point(place(50, 50)).buffer(30)])[0]).tolist()
nearest = int(rioxarray.open_rasterio("map.tif").sel(x=1500, y=5950, method="nearest").item())
print(f"read beyond the edge {beyond}, mask by a circle {shape}, sel nearest {nearest}")
assert beyond == [0] and shape == [0, 1, 3] and nearest == 3

border = [Point(place(across, 50)) for across in (42, 46, 50, 54, 58)]
mixed = [round(value, 2) for value in rasterstats.point_query(border, "map-255.tif")]
plain = rasterstats.point_query(border, "map-255.tif", interpolate="nearest")
print("point_query from 8 m before a border to 8 m behind it:", mixed, "nearest", plain)
assert mixed[2] == 2 and mixed == sorted(mixed) and set(plain) == {1, 3}
PYTHON

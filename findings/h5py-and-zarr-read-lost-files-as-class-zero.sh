#!/usr/bin/env bash
# One would expect reading to fail if a file is gone that holds part of the data. A virtual dataset of HDF5, which joins the
# files of several cameras, days or processes into one array, gives zeros for a file that was moved, renamed or may not be
# read: black images, and labels of the first class. So does a Zarr array for a chunk that was not copied, as after an upload
# that broke off. Nothing is said; shapes and types are as before. An external link of HDF5 to the same file stops with an
# error, and so does a Zarr array without its metadata. The files are looked for beside the virtual dataset and in the working
# directory: a copy of it alone has labels if the script runs in the one folder, and only zeros in the other.
# A network is trained on black images as the first class, or tested on them, and nobody counts.
# Make both with a fill value that no label has, such as -1 in int32, or compare Zarr's nchunks_initialized with nchunks.
# Seen with h5py 3.16.0 (HDF5 2.0.0), zarr 3.1.6, 30 November 2026. Source:
# https://github.com/HDFGroup/hdf5/issues/5088 and https://github.com/h5py/h5py/issues/1546
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 zarr==3.1.6 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import contextlib
import shutil
from pathlib import Path

import h5py
import numpy as np
import zarr

CLASSES = [3, 1, 2]  # of the images of each of three cameras
IMAGES = 4


def refused(action):
    try:
        action()
    except (KeyError, FileNotFoundError) as error:
        print("refused:", error)
        return True
    return False


def read(name, path="all.h5", key="labels"):
    with h5py.File(path) as file:
        found = file[key][:].tolist()
    print(f"{name}: {found}")
    return found


print("h5py", h5py.__version__, "HDF5", h5py.version.hdf5_version, "zarr", zarr.__version__)
whole = np.repeat(CLASSES, IMAGES).tolist()
lost = [3] * IMAGES + [0] * IMAGES + [2] * IMAGES
layouts = {"labels": h5py.VirtualLayout((len(whole),), "uint8"), "marked": h5py.VirtualLayout((len(whole),), "int32")}
for number, label in enumerate(CLASSES):
    with h5py.File(f"camera{number}.h5", "w") as file:
        file["labels"] = np.full(IMAGES, label, np.uint8)
    for layout in layouts.values():
        layout[IMAGES * number : IMAGES * (number + 1)] = h5py.VirtualSource(f"camera{number}.h5", "labels", (IMAGES,))
with h5py.File("all.h5", "w") as file:
    file.create_virtual_dataset("labels", layouts["labels"])
    file.create_virtual_dataset("marked", layouts["marked"], fillvalue=-1)
    file["link"] = h5py.ExternalLink("camera1.h5", "labels")
assert read("HDF5, all files") == whole
assert read("HDF5, external link", key="link") == [1] * IMAGES
Path("camera1.h5").rename("north.h5")
assert read("HDF5, a file renamed") == lost
assert read("HDF5, a file renamed, fillvalue=-1", key="marked") == [3] * IMAGES + [-1] * IMAGES + [2] * IMAGES
assert refused(lambda: read("HDF5, external link", key="link"))
Path("copy").mkdir()
shutil.copy("all.h5", "copy")
assert read("HDF5, copied alone, read from the old folder", "copy/all.h5") == lost
with contextlib.chdir("copy"):
    assert read("HDF5, copied alone, read from its own folder") == [0] * len(whole)
    assert read("HDF5, the first file, read from another folder", "../all.h5") == lost

array = zarr.create_array("labels.zarr", shape=len(whole), chunks=IMAGES, dtype="uint8")
array[:] = whole
complete = zarr.open_array("labels.zarr", mode="r")
print("Zarr, all chunks:", complete[:].tolist(), complete.nchunks_initialized, "of", complete.nchunks, "chunks")
assert complete[:].tolist() == whole and complete.nchunks_initialized == 3
Path("labels.zarr/c/1").unlink()
found = zarr.open_array("labels.zarr", mode="r")
print("Zarr, a chunk not copied:", found[:].tolist(), found.nchunks_initialized, "of", found.nchunks, "chunks")
assert found[:].tolist() == lost and found.nchunks_initialized == 2
Path("labels.zarr/zarr.json").unlink()
assert refused(lambda: zarr.open_array("labels.zarr", mode="r"))
PYTHON

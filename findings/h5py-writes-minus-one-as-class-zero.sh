#!/usr/bin/env bash
# One would expect a number that does not fit the type of a dataset to be refused, as by NumPy, or to wrap, as by astype. Of an
# array HDF5 writes the nearest number that fits, without a word: the label -1, by which libraries mark images that have no
# label or are to be left out, becomes 0 in a dataset of uint8, which is the first class. So does nan, which a table has for a
# missing label, and labels above 255 all become 255. The same -1 written as one NumPy number becomes 255, since h5py converts
# that itself, and a Python number or list is refused: what is stored depends on how it was written. On reading by
# astype("int8") 255, the usual mark of what to ignore in masks, becomes 127. Floats are cut off: 2.9999998 becomes 2.
# A classifier is trained on all images without a label as on the first class.
# Store labels as int32 or int64, or compare array.min() and array.max() with np.iinfo of the dataset's type before writing.
# Seen with h5py 3.16.0, 30 November 2026. Source:
# https://support.hdfgroup.org/HDF5/doc/Supplements/dtype_conversion/Overflow.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import h5py
import numpy as np


def write(name, values, kind):
    """Write an array into datasets of a type, as data and by a slice, and return what is read back."""
    with h5py.File("labels.h5", "w") as file:
        file.create_dataset("data", data=values, dtype=kind)
        file.create_dataset("slice", values.shape, kind)[:] = values
    with h5py.File("labels.h5") as file:
        found = [file[key][:].tolist() for key in ("data", "slice")]
    print(f"{name} {values.tolist()} as {kind}: data= {found[0]}, [:] = {found[1]}")
    assert found[0] == found[1]
    return found[0]


def refused(action):
    try:
        action()
    except OverflowError as error:
        print("refused:", error)
        return True
    return False


print("h5py", h5py.__version__, "HDF5", h5py.version.hdf5_version, "numpy", np.__version__)
labels = np.array([-1, 0, 1, 255, 256, 300])
wrapped = labels.astype(np.uint8).tolist()
print("NumPy's astype:", wrapped)
assert wrapped == [255, 0, 1, 255, 0, 44]
assert write("labels", labels, "uint8") == [0, 0, 1, 255, 255, 255]
assert write("labels", labels, "int64") == labels.tolist()
assert write("floats", np.array([np.nan, -1, 0, 2.9999998, 300, np.inf]), "uint8") == [0, 0, 0, 2, 255, 255]
with h5py.File("labels.h5", "w") as file:
    data = file.create_dataset("single", labels.shape, "uint8")
    for place, label in enumerate(labels):
        data[place] = label
    print("one by one:", data[:].tolist())
    assert data[:].tolist() == wrapped
    assert refused(lambda: data.__setitem__(0, -1)) and refused(lambda: data.__setitem__(slice(None), labels.tolist()))
    file["mask"] = np.array([0, 1, 255], np.uint8)
    found = file["mask"].astype("int8")[:].tolist()
    print("mask [0, 1, 255] read by astype('int8'):", found)
    assert found == [0, 1, 127]
PYTHON

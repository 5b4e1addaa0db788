#!/usr/bin/env bash
# One would expect xarray to read the labels of a Zarr array as Zarr gives them. In Zarr the fill value says what a part that was
# never written holds, 0 unless told otherwise. xarray takes it, in format 2, for the mark of missing values: every 0 becomes
# NaN, the whole array becomes floats, and the same array in format 3 is read as it is. So class 0 is gone: means, counts,
# dropna and groupby leave its images out, and black pixels are missing pixels. What xarray itself writes is read rightly.
# A data set loses one class of all, or the background of its masks, because of the format in which somebody wrote it.
# Pass mask_and_scale=False, or write with fill_value=None in format 2; compare dtype with what Zarr says.
# Seen with xarray 2026.9.0, zarr 3.1.6, 30 November 2026. Source: https://github.com/pydata/xarray/issues/5475 and
# use_zarr_fill_value_as_mask in https://docs.xarray.dev/en/stable/generated/xarray.open_zarr.html
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check xarray==2026.9.0 zarr==3.1.6 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
import warnings

import numpy as np
import xarray
import zarr

LABELS = [0, 1, 2, 0, 1, 2, 0]
NAN = [None, 1, 2, None, 1, 2, None]


def write(path, version, **options):
    """Write labels and a small mask by Zarr, with the names of their axes, as xarray needs them."""
    group = zarr.open_group(path, mode="w", zarr_format=version)
    for name, values, axes in (("labels", np.array(LABELS), ["image"]), ("mask", np.eye(4, dtype=np.uint8), ["y", "x"])):
        names = {"dimension_names": axes} if version == 3 else {}
        array = group.create_array(name, shape=values.shape, dtype=values.dtype, **names, **options)
        array[:] = values
        if version == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = axes
    assert group["labels"][:].tolist() == LABELS


def read(name, path, **options):
    """Return the labels and the number of missing pixels of the mask as xarray reads them."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # of values; those of consolidated metadata are another thing
        data = xarray.open_zarr(path, consolidated=False, chunks=None, **options)
        labels = [None if np.isnan(value) else int(value) for value in data.labels.values]
        missing = int(data.mask.isnull().sum())
    print(f"{name}: {data.labels.dtype} {labels}, mask {data.mask.dtype}, {missing} pixels missing")
    return labels, missing, data


print("xarray", xarray.__version__, "zarr", zarr.__version__)
write("two.zarr", 2)
write("three.zarr", 3)
labels, missing, data = read("format 2", "two.zarr")
assert labels == NAN and missing == 12
counts = data.labels.groupby(data.labels).count()
print("groupby counts", dict(zip(counts.labels.values.tolist(), counts.values.tolist(), strict=True)))
assert counts.labels.values.tolist() == [1, 2] and data.labels.dropna("image").size == 4
assert read("format 3", "three.zarr")[:2] == (LABELS, 0)
assert read("format 2, mask_and_scale=False", "two.zarr", mask_and_scale=False)[:2] == (LABELS, 0)
write("none.zarr", 2, fill_value=None)
assert read("format 2, fill_value=None", "none.zarr")[:2] == (LABELS, 0)
own = xarray.Dataset({"labels": ("image", LABELS), "mask": (("y", "x"), np.eye(4, dtype=np.uint8))})
own.to_zarr("own.zarr", zarr_format=2, consolidated=False)
assert read("format 2, written by xarray", "own.zarr")[:2] == (LABELS, 0)
PYTHON

#!/usr/bin/env bash
# One would expect whole numbers that are saved as NIfTI in a type that holds them to be the same whole numbers when read. If
# the array is of floats, as what get_fdata returns, and the header says int16, as that of most scans, which one hands over to
# keep position and spacing, nibabel stretches the array over the whole range of int16 and writes a factor into the header. The
# factor has 32 bits: classes 0 to 3 are read as 0, 0.99999999977, 1.9999999995, 2.9999999993, and astype(np.uint8) cuts that
# off to 0, 0, 1, 2. Which classes survive depends on the largest number that occurs in the volume, so volumes have different
# mistakes. They print as 0, 1, 2, 3. Comparing mask == 3 finds nothing at all. A mask of 0 and 1 is empty.
# Hand over whole numbers (mask.astype(np.uint8)) and say so: Nifti1Image(mask, affine, header, dtype=np.uint8). Round what is
# read by np.rint.
# Seen with nibabel 5.4.2, 30 November 2026. Source: https://github.com/nipy/nibabel/issues/1344 and issue 1069 there
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check nibabel==5.4.2 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import nibabel
import numpy as np

scan = nibabel.Nifti1Image(np.arange(64, dtype=np.int16).reshape(4, 4, 4), np.diag([1, 1, 3, 1]))
nibabel.save(scan, "scan.nii.gz")
scan = nibabel.load("scan.nii.gz")


def read_back(mask, **arguments):
    """Save the mask with the scan's header and return it as it is read."""
    nibabel.save(nibabel.Nifti1Image(mask, scan.affine, scan.header, **arguments), "mask.nii.gz")
    return nibabel.load("mask.nii.gz").get_fdata()[0, 0]


print("nibabel", nibabel.__version__)
lost = {}
for classes in range(1, 21):
    mask = np.broadcast_to(np.arange(classes + 1.0), (4, 4, classes + 1))
    found = read_back(mask)
    lost[classes] = np.flatnonzero(found.astype(np.uint8) != mask[0, 0]).tolist()
    assert (np.rint(found) == mask[0, 0]).all() and np.allclose(found, mask[0, 0], atol=1e-3)
    print(f"classes 0 to {classes}: {len(lost[classes])} of them are another after astype(np.uint8): {lost[classes]}")
found = read_back(np.broadcast_to(np.arange(4.0), (4, 4, 4)))
print("0 to 3:", [float(value) for value in found], "printed", found, "cut off", found.astype(np.uint8))
assert found.astype(np.uint8).tolist() == [0, 0, 1, 2] and not (found == 3).any()
assert lost[1] == [1] and lost[3] == [1, 2, 3] and all(lost.values())
whole = np.broadcast_to(np.arange(4, dtype=np.uint8), (4, 4, 4))
for arguments in ({}, {"dtype": np.uint8}):
    assert read_back(whole, **arguments).tolist() == [0, 1, 2, 3]
print("handed over as uint8:", read_back(whole))
PYTHON

#!/usr/bin/env bash
# One would expect a series of DICOM files, read as one volume, to hold the numbers of its files. Each file may have a factor of
# its own, as PET, dose and probability maps do, whose every slice is stretched over 16 bits. SimpleITK and imageio take the
# volume's type from the first file: where its factor is 1, as writers put it for a slice in which nothing is, the
# volume is of whole numbers, and all other slices are cut off to whole numbers. A map of probabilities becomes all 0, a map of
# standardised uptake keeps 4 of its 4.99. Read one file at a time, each is right, and in the other order the volume is too.
# What decides is whether the first slice is empty, so patients differ in it: those that were scanned from the top of the head
# on have whole numbers, others do not. A network sees a lesion of 0.9 as nothing. Neither library warns.
# Ask for a type: SimpleITK.ReadImage(names, SimpleITK.sitkFloat32); or stack the files, each multiplied by its factor.
# Seen with SimpleITK 2.5.7, imageio 2.38.1, pydicom 3.0.2, 30 November 2026. Source:
# https://github.com/SimpleITK/SimpleITK/issues/1636
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check SimpleITK==2.5.7 imageio==2.38.1 pydicom==3.0.2 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
import contextlib
import io
from importlib.metadata import version
from pathlib import Path

import imageio
import numpy as np
import pydicom
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_rescale
from pydicom.uid import ExplicitVRLittleEndian, PositronEmissionTomographyImageStorage, generate_uid


def write(folder, slices):
    """Write each slice stretched over 16 bits, with factor 1 where it is all 0, and return the files' names."""
    Path(folder).mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for number, values in enumerate(slices):
        file = Dataset()
        file.file_meta = FileMetaDataset()
        file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = PositronEmissionTomographyImageStorage
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        file.StudyInstanceUID, file.SeriesInstanceUID, file.FrameOfReferenceUID = study, series, frame
        file.Modality, file.PatientID, file.PatientName = "PT", "1", "A"
        file.SeriesNumber, file.InstanceNumber = 1, number + 1
        file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 3 * number], [1, 0, 0, 0, 1, 0]
        file.PixelSpacing, file.SliceThickness = [1, 1], 3
        file.Rows, file.Columns = values.shape
        file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
        file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
        file.RescaleSlope, file.RescaleIntercept = round(values.max() / 65535, 12) or 1, 0
        file.PixelData = np.rint(values / float(file.RescaleSlope)).astype(np.uint16).tobytes()
        file["PixelData"].VR = "OW"
        file.save_as(f"{folder}/{number}.dcm", enforce_file_format=True)
    return [f"{folder}/{number}.dcm" for number in range(len(slices))]


def by_pydicom(names):
    files = [pydicom.dcmread(name) for name in names]
    return np.stack([apply_rescale(file.pixel_array, file) for file in files])


def by_imageio(names):
    with contextlib.redirect_stdout(io.StringIO()):
        return np.asarray(imageio.volread(str(Path(names[0]).parent), "DICOM"))


READERS = {
    "pydicom, each file by its factor": by_pydicom,
    "SimpleITK, each file": lambda names: np.concatenate(
        [SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(name)).reshape(1, 8, 8) for name in names]),
    "SimpleITK, series": lambda names: SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(names)),
    "SimpleITK, series as float32": lambda names: SimpleITK.GetArrayFromImage(
        SimpleITK.ReadImage(names, SimpleITK.sitkFloat32)),
    "imageio, series": by_imageio,
}


def read(name, slices):
    """Return reader -> the greatest number of each slice."""
    names = write(name, slices)
    found = {}
    for reader, function in READERS.items():
        volume = function(names)
        found[reader] = volume.max(axis=(1, 2)).astype(float).round(2).tolist()
        print(f"{name}, {reader}: {volume.dtype}, greatest of each slice {found[reader]}")
    return found


print({name: version(name) for name in ("SimpleITK", "imageio", "pydicom")})
ramp = np.linspace(0, 1, 64).reshape(8, 8)
slices = [0 * ramp, 0.9 * ramp, 0.4 * ramp]
cut = {"SimpleITK, series", "imageio, series"}
found = read("empty-first", slices)
assert all(values == ([0, 0, 0] if reader in cut else [0, 0.9, 0.4]) for reader, values in found.items())
found = read("empty-last", slices[::-1])
assert all(values == [0.4, 0.9, 0] for values in found.values())
found = read("uptake", [0 * ramp, 4.99 * ramp, 12.7 * ramp])
assert all(values == ([0, 4, 12] if reader in cut else [0, 4.99, 12.7]) for reader, values in found.items())
PYTHON

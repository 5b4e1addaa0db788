#!/usr/bin/env bash
# One would expect what makes Hounsfield units or uptake of a DICOM file to do so for a file of several frames as well. The
# enhanced kinds of CT, MR and PET, which newer scanners write, have the factor and offset of each frame in a nested list, not
# at the top. pydicom's apply_modality_lut looks at the top alone, finds nothing and returns the stored numbers as they are.
# SimpleITK gives all frames the factor and offset of the first one: right for CT, where they are equal, and wrong for
# PET, where each slice is stretched by itself: of factors 2, 1 and 0.25 the first is applied to all. highdicom reads
# both as meant. A file of one frame, as series have them, comes out right in all three.
# A classifier that was trained on series and asked with an enhanced file, or on both, sees other numbers for the same tissue,
# and window and level then cut elsewhere: with pydicom air has 0 in place of -1024. No error, no warning.
# Read such files by highdicom.imread(path).get_frames(), or multiply each frame by its PixelValueTransformationSequence.
# Seen with pydicom 3.0.2, SimpleITK 2.5.7, highdicom 0.28.2, 30 November 2026. Source:
# https://github.com/pydicom/pydicom/issues/2353
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pydicom==3.0.2 SimpleITK==2.5.7 highdicom==0.28.2 numpy==2.4.6
cd "$work"
venv/bin/python -W error::UserWarning - <<'PYTHON'
from importlib.metadata import version

import highdicom
import numpy as np
import pydicom
import SimpleITK
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, EnhancedPETImageStorage, ExplicitVRLittleEndian, generate_uid

STORED = np.array([[500, 1000]] * 8, np.uint16).repeat(4, axis=1)


def item(**values):
    """Return a sequence of one item."""
    one = Dataset()
    for name, value in values.items():
        setattr(one, name, value)
    return [one]


def start(kind, modality):
    file = Dataset()
    file.file_meta = FileMetaDataset()
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file.SOPClassUID = file.file_meta.MediaStorageSOPClassUID = kind
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    file.StudyInstanceUID, file.SeriesInstanceUID, file.FrameOfReferenceUID = (generate_uid() for _ in range(3))
    file.Modality, file.PatientID, file.PatientName = modality, "1", "A"
    file.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    file.Rows, file.Columns = STORED.shape
    file.SamplesPerPixel, file.PhotometricInterpretation, file.PixelRepresentation = 1, "MONOCHROME2", 0
    file.BitsAllocated, file.BitsStored, file.HighBit = 16, 16, 15
    return file


def save(file, path, frames):
    file.PixelData = np.stack([STORED] * frames).tobytes()
    file["PixelData"].VR = "OW"
    file.save_as(path, enforce_file_format=True)


def write_enhanced(path, kind, modality, scales):
    """Write a frame of the same stored numbers for each (factor, offset)."""
    file = start(kind, modality)
    file.NumberOfFrames = len(scales)
    shared = Dataset()
    shared.PixelMeasuresSequence = item(SliceThickness=3, PixelSpacing=[1, 1])
    shared.PlaneOrientationSequence = item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    file.SharedFunctionalGroupsSequence = [shared]
    frames = []
    for number, (factor, offset) in enumerate(scales):
        frame = Dataset()
        frame.FrameContentSequence = item(StackID="1", InStackPositionNumber=number + 1, DimensionIndexValues=[1, number + 1])
        frame.PlanePositionSequence = item(ImagePositionPatient=[0, 0, 3 * number])
        frame.PixelValueTransformationSequence = item(RescaleSlope=factor, RescaleIntercept=offset, RescaleType="US")
        frames.append(frame)
    file.PerFrameFunctionalGroupsSequence = frames
    save(file, path, len(scales))


def read(path):
    """Return library -> the numbers that occur in each frame."""
    file = pydicom.dcmread(path)
    found = {"pydicom": apply_modality_lut(file.pixel_array, file),
             "SimpleITK": SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path)),
             "highdicom": highdicom.imread(path).get_frames()}
    found = {name: [np.unique(frame).astype(float).tolist() for frame in np.reshape(frames, (-1, *STORED.shape))]
             for name, frames in found.items()}
    print(path, found)
    return found


print({name: version(name) for name in ("pydicom", "SimpleITK", "highdicom")})
write_enhanced("pet.dcm", EnhancedPETImageStorage, "PT", [(2, 0), (1, 0), (0.25, 0)])
found = read("pet.dcm")
assert found["pydicom"] == [[500, 1000]] * 3 and found["SimpleITK"] == [[1000, 2000]] * 3
assert found["highdicom"] == [[1000, 2000], [500, 1000], [125, 250]]
write_enhanced("ct.dcm", EnhancedCTImageStorage, "CT", [(1, -1024)] * 2)
found = read("ct.dcm")
assert found["pydicom"] == [[500, 1000]] * 2 and found["SimpleITK"] == found["highdicom"] == [[-524, -24]] * 2
file = start(CTImageStorage, "CT")
file.RescaleSlope, file.RescaleIntercept, file.PixelSpacing, file.SliceThickness = 1, -1024, [1, 1], 3
file.ImagePositionPatient, file.ImageOrientationPatient = [0, 0, 0], [1, 0, 0, 0, 1, 0]
save(file, "one-frame.dcm", 1)
assert all(frames == [[-524, -24]] for frames in read("one-frame.dcm").values())
PYTHON

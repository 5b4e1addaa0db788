#!/usr/bin/env bash
# One would expect frame 40 of a video to be one picture in every reader. Phones and screen recorders write a frame when there
# is one, in steps that differ. imageio's ffmpeg plugin, which it takes first where it is installed, has such a video brought
# to even steps: of 60 frames it makes 91, of which 54 are repeats, and 23 of the 60 never come. Its pyav plugin gives all 60
# if they are read one after the other, but imread(index=40) reckons the place from a rate, and returns frame 31, in silence
# too. OpenCV and PyAV give the 60. With even steps all agree.
# Labels by a frame's number, as tools for marking videos export them, so land on other pictures, and one picture that came
# several times may lie in train and in test. The first numbers fit, which is what one looks at.
# Take frames by iteration, by PyAV, OpenCV or plugin="pyav", and compare their number with the labels'.
# Seen with imageio 2.38.1, imageio-ffmpeg 0.8.1, av 18.1.0, opencv-python-headless 5.0.0.93, 30 November 2026. Source:
# https://github.com/imageio/imageio/issues/176
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check imageio==2.38.1 imageio-ffmpeg==0.8.1 av==18.1.0 \
  opencv-python-headless==5.0.0.93 numpy==2.4.6
cd "$work"
venv/bin/python -W ignore - <<'PYTHON'
from fractions import Fraction
from importlib.metadata import version

import av
import cv2
import imageio.v3 as imageio
import numpy as np

FRAMES = 60


def write(path, pause):
    """Write frames of grey 0, 4, 8, ..., 33 ms apart, but for a longer pause after every tenth."""
    with av.open(path, "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        stream.options = {"g": "10"}
        time = 0
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 4 * number, np.uint8), format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            file.mux(stream.encode(frame))
            time += 33 if number % 10 else pause
        file.mux(stream.encode())


def number(frame):
    return round(float(frame.mean()) / 4)


def by_opencv(path):
    video = cv2.VideoCapture(path)
    while (frame := video.read())[0]:
        yield frame[1]


def by_pyav(path):
    with av.open(path) as file:
        yield from (frame.to_ndarray(format="rgb24") for frame in file.decode(video=0))


def read(path):
    """Return reader -> the frames' own numbers, in the order in which they come."""
    found = {"OpenCV": by_opencv(path), "PyAV": by_pyav(path), "imageio": imageio.imiter(path),
             "imageio, pyav": imageio.imiter(path, plugin="pyav"), "imageio, FFMPEG": imageio.imiter(path, plugin="FFMPEG"),
             "imageio, pyav, index": (imageio.imread(path, plugin="pyav", index=place) for place in range(FRAMES))}
    found = {name: [number(frame) for frame in frames] for name, frames in found.items()}
    for name, numbers in found.items():
        lost = len(set(range(FRAMES)) - set(numbers))
        print(f"{path}, {name}: {len(numbers)} frames, {lost} of {FRAMES} lost, frame 40 is {numbers[40]}, {numbers[:14]}")
    return found


print({name: version(name) for name in ("imageio", "imageio-ffmpeg", "av", "opencv-python-headless")})
whole = list(range(FRAMES))
write("even.mp4", 33)
write("uneven.mp4", 200)
assert all(numbers == whole for numbers in read("even.mp4").values())
found = read("uneven.mp4")
assert all(found[name] == whole for name in ("OpenCV", "PyAV", "imageio, pyav"))
assert found["imageio"] == found["imageio, FFMPEG"] and len(found["imageio"]) == 91 and len(set(found["imageio"])) == 37
assert found["imageio, pyav, index"][:14] == whole[:14] and found["imageio, pyav, index"][40] == 31
PYTHON

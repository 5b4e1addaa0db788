#!/usr/bin/env bash
# One would expect ffmpeg -i film.mp4 -vf fps=1 to write the frames of the seconds 0, 1, 2 and so on. It writes those of 0.48,
# 1.48, 2.48: the filter rounds the time of each frame to the nearest second, and of all frames that round to one it keeps the
# last. A label for each second (what is to be seen at 0:03) so belongs to an image from half a step later; at one frame in 5
# seconds it is 2.5 seconds off, in a film that cuts between scenes another scene. The option -r 1, which is said to do the
# same, takes other frames still: 14 images of 12 seconds, the first two 0.04 s apart and as good as duplicates, the later
# ones 0.12 s before the second. start_time=0 changes nothing.
# Say fps=fps=1:round=up, which takes the last frame up to 0, 1, 2 s. Burn the number of the frame into a short film, and look
# at the images.
# Seen with ffmpeg 9.0.2 of imageio-ffmpeg 0.8.1, Pillow 13.0.0, 1 December 2026. Sources:
# https://ffmpeg.org/ffmpeg-filters.html#fps-1 (round), https://github.com/FFmpeg/FFmpeg/blob/master/libavfilter/vf_fps.c
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1 pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python -W error - <<'PYTHON'
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

RATE, SECONDS, BITS, BLOCK = 25, 12, 9, 16
FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def draw(number):
    """Draw a frame's number in black and white blocks."""
    bits = [255 * (number >> place & 1) for place in range(BITS + 1)]
    return np.tile(np.repeat(bits, BLOCK), (64, 1)).astype("uint8")


def run(*words, given=None):
    subprocess.run([FFMPEG, "-v", "error", "-y", *words], input=given, check=True)


def extract(*options):
    """Return the times of the frames that ffmpeg writes as images."""
    folder = Path(f"images{len(list(Path().glob('images*')))}")
    folder.mkdir()
    run("-i", "film.mp4", *options, f"{folder}/%04d.png")
    times = []
    for path in sorted(folder.iterdir()):
        row = np.array(Image.open(path).convert("L"))[32, BLOCK // 2 :: BLOCK]
        times.append(sum(int(value > 127) << place for place, value in enumerate(row)) / RATE)
    return times


film = b"".join(draw(number).tobytes() for number in range(RATE * SECONDS))
size = f"{BLOCK * (BITS + 1)}x64"
run("-f", "rawvideo", "-pix_fmt", "gray", "-s", size, "-r", str(RATE), "-i", "-", "-pix_fmt", "yuv420p", "film.mp4", given=film)
print("ffmpeg", imageio_ffmpeg.get_ffmpeg_version(), "imageio-ffmpeg", imageio_ffmpeg.__version__)
found = {}
for options in (("-vf", "fps=1"), ("-vf", "fps=1:start_time=0"), ("-r", "1"), ("-vf", "fps=1:round=up"), ("-vf", "fps=1/5"),
                ("-vf", "fps=1/5:round=up")):
    found[options[-1]] = extract(*options)
    print(f"{' '.join(options)}: frames of the seconds {found[options[-1]]}")
assert found["fps=1"] == found["fps=1:start_time=0"] == [second + 0.48 for second in range(SECONDS)]
assert found["fps=1:round=up"] == list(range(SECONDS))
assert found["1"][1] - found["1"][0] < 0.1 and found["1"][2] < 1
assert found["fps=1/5"] == [2.48, 7.48] and found["fps=1/5:round=up"] == [0, 5, 10]
PYTHON

#!/usr/bin/env bash
# One would expect two images of a tar file to be two examples. WebDataset takes a file's name up to its first dot as the key of
# an example and all that follows as the kind of the file, so that several files may belong to one example. Images called
# cat.0.jpg, cat.1.jpg, as those of the well-known cats and dogs competition are, so are one example, called "cat", with files
# of the kinds "0.jpg", "1.jpg"; 25,000 images become two examples, without a word. To ask for "jpg" ends in an error, but
# counting, shuffling and dividing into shards do not, and an image called IMG_1.edited.jpg among others is passed over by a
# loop that takes what has a "jpg".
# Write tar files under names without a dot, such as 000001.jpg and 000001.cls, and count the examples.
# Seen with webdataset 1.0.2, 30 November 2026. Source: https://github.com/webdataset/webdataset/issues/237
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check webdataset==1.0.2 pillow==13.0.0
cd "$work"
venv/bin/python - <<'PYTHON'
import io
import tarfile
from importlib.metadata import version

import webdataset
from PIL import Image


def write(path, names):
    with tarfile.open(path, "w") as tar:
        for number, name in enumerate(names):
            content = io.BytesIO()
            Image.new("RGB", (8, 8), (number, 0, 0)).save(content, "JPEG")
            member = tarfile.TarInfo(name)
            member.size = content.tell()
            content.seek(0)
            tar.addfile(member, content)
    return path


def read(path):
    return webdataset.WebDataset(path, shardshuffle=False)


DOTTED = [f"{animal}.{number}.jpg" for animal in ("cat", "dog") for number in range(10)]
plain = write("plain.tar", [name.replace(".", "-", 1) for name in DOTTED])
dotted = write("dotted.tar", DOTTED)
print("webdataset", version("webdataset"))
print("images called cat-0.jpg:", len(list(read(plain))), "examples")
examples = list(read(dotted))
print("images called cat.0.jpg:", len(examples), "examples:", [example["__key__"] for example in examples])
assert len(list(read(plain))) == 20
assert [example["__key__"] for example in examples] == ["cat", "dog"]
assert len([name for name in examples[0] if name.endswith(".jpg")]) == 10
mixed = write("mixed.tar", ["IMG_1.jpg", "IMG_2.edited.jpg", "IMG_3.jpg"])
with_jpg = [example["__key__"] for example in read(mixed) if "jpg" in example]
print("of IMG_1.jpg, IMG_2.edited.jpg, IMG_3.jpg those with a jpg:", with_jpg)
assert with_jpg == ["IMG_1", "IMG_3"]
try:
    list(read(dotted).to_tuple("jpg"))
except ValueError as error:
    print("asked for jpg:", str(error).partition(" in ")[0])
else:
    raise SystemExit("it was expected to stop")
PYTHON

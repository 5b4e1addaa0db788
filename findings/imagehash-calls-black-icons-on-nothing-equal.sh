#!/usr/bin/env bash
# One would expect the hash of a picture to be made of what is seen. imagehash converts to grey, which leaves out how clear each
# pixel is: icons, signs, leaves or letters drawn in black on a clear ground, as PNG files of them often are, become a black
# surface, whatever their form. All its six hashes of grey are 0 then, and such pictures are at distance 0 from each other:
# duplicates. Drawn in white on a ground that is clear black, the same pictures have hashes of their own. And a picture
# and its copy on white, the same to the eye, are up to 32 of 64 bits apart.
# Whoever removes all but one of equal hashes keeps one icon of all classes; whoever looks for copies of test images in the
# training images misses those with another ground. No warning.
# Paste each picture on white before hashing: Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).
# Seen with ImageHash 4.3.2, Pillow 13.0.0, 30 November 2026. Source:
# https://github.com/JohannesBuchner/imagehash/issues/122
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check ImageHash==4.3.2 pillow==13.0.0 numpy==2.4.6
cd "$work"
venv/bin/python - <<'PYTHON'
from importlib.metadata import version

import imagehash
from PIL import Image, ImageDraw

HASHES = [imagehash.average_hash, imagehash.phash, imagehash.phash_simple, imagehash.dhash, imagehash.dhash_vertical,
          imagehash.whash]
FORMS = {
    "circle": lambda draw, colour: draw.ellipse((8, 8, 56, 56), fill=colour),
    "arrow": lambda draw, colour: draw.polygon([(4, 60), (60, 32), (4, 4)], fill=colour),
    "bars": lambda draw, colour: [draw.rectangle((left, 0, left + 8, 63), fill=colour) for left in (4, 28, 52)],
    "corner": lambda draw, colour: draw.rectangle((0, 0, 24, 24), fill=colour),
}


def icons(colour):
    """Return form -> an icon in a colour on a clear ground, as it is read back from a PNG file."""
    for name, form in FORMS.items():
        image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        form(ImageDraw.Draw(image), colour)
        image.save(f"{name}.png")
    return {name: Image.open(f"{name}.png") for name in FORMS}


def on_white(image):
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def different(name, images):
    """Return how many different hashes some pictures have, for each kind of hash."""
    found = [len({str(function(image)) for image in images}) for function in HASHES]
    print(f"{name}: different hashes of {len(images)} pictures",
          {function.__name__: number for function, number in zip(HASHES, found, strict=True)})
    return found


print("ImageHash", version("ImageHash"), "pillow", version("pillow"))
black = icons((0, 0, 0, 255))
assert different("black on clear", black.values()) == [1] * len(HASHES)
assert {str(function(image)) for function in HASHES for image in black.values()} == {"0" * 16}
whites = {name: on_white(image) for name, image in black.items()}
assert different("black on white", whites.values()) == [len(FORMS)] * len(HASHES)
apart = {name: int(imagehash.phash(image) - imagehash.phash(whites[name])) for name, image in black.items()}
print("bits of phash between an icon and itself on white:", apart)
assert sorted(apart.values())[1:] == [32, 32, 32]
assert different("white on clear", icons((255, 255, 255, 255)).values()) == [len(FORMS)] * len(HASHES)
PYTHON

"""What is odd about one picture, judged by its facts alone, and the form that all findings have.

What is named here is to be looked at by a person, so the thresholds are set where ordinary photos end: a rule that
names sound photos by the dozen would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from data.folder import Image
from data.formats import HEIC_SUFFIXES
from study.check.image_statistics import Facts

LEAST_SIDE = 32  # pixels: the smallest pictures that are commonly learned from (CIFAR-10) have 32 × 32
MOST_ASPECT = 3.0  # longer : shorter side: panoramas, banners, strips; cameras make 1.3 to 1.8
LEAST_CONTRAST = 8.0  # standard deviation of grey: a lens cap, a blank page; fog and snow still have 12
DARKEST = 10.0  # mean grey: little but black; a subject lit before a black wall mostly has more
BRIGHTEST = 235.0  # mean grey: the subject fills less than about a tenth of a white page; cut-outs mostly have less
LEAST_SHARPNESS = 40.0  # variance of the Laplacian: out of focus all over; sharp photos have hundreds and thousands
MOST_LOST = 0.5  # share of the picture that a square crop cuts away: at 2 : 1 the subject often stands outside

UNREADABLE = ("empty", "not an image", "truncated", "too large", "undecodable", "cannot be read")  # as in data.facts
ANIMATIONS = ("GIF", "PNG", "WEBP", "AVIF")  # several pictures in a TIFF are pages, in an MPO two views of one scene
FORMATS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"), ("JPEG", "MPO")),
    **dict.fromkeys((".png", ".apng"), ("PNG",)),
    **dict.fromkeys((".tif", ".tiff"), ("TIFF",)),
    ".bmp": ("BMP",),
    ".gif": ("GIF",),
    ".webp": ("WEBP",),
    ".avif": ("AVIF",),
    **dict.fromkeys((".jp2", ".j2k", ".jpf"), ("JPEG2000",)),
    **dict.fromkeys((".ppm", ".pgm", ".pbm", ".pnm"), ("PPM",)),
    **dict.fromkeys(HEIC_SUFFIXES, ("HEIF",)),
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Args:
        path: as in `folder.Image.name`; a class name or "." where it is about the class or the whole folder.
        kind: a word or two, to count by.
        detail: one line to show.
        related_path: the other picture or class, where there is one.
        severity: "severe" spoils the result, "warning" wants a look, "note" is good to know.
    """

    path: str
    kind: str
    detail: str
    related_path: str = ""
    severity: str = "note"


def of(image: Image, facts: Facts | str, rule: str) -> list[Finding]:
    """List what is odd about one image under a resize rule; `facts` may be the reason why there are none."""
    name = image.name
    if isinstance(facts, str):
        return [unreadable(name, facts)]
    return [*file(name, facts), *shape(name, facts, rule), *light(name, facts)]


def unreadable(name: str, reason: str) -> Finding:
    """Sort a reason from `facts.gather` by the kind it begins with."""
    kind = next((kind for kind in UNREADABLE if reason.startswith(kind)), "undecodable")
    return Finding(name, kind, reason, severity="warning")


def file(name: str, facts: Facts) -> Iterator[Finding]:
    """Yield what is odd about the file, not the image: harmless here, but telling."""
    suffix = PurePosixPath(name).suffix.lower()
    if facts.format not in FORMATS.get(suffix, (facts.format,)):
        yield Finding(name, "wrong suffix", f"ends in {suffix}, but its content is {facts.format}; it is read as that")
    if facts.frames > 1 and facts.format in ANIMATIONS:
        yield Finding(name, "animated", f"{facts.frames} images in one file; the first is used")
    if facts.frames > 1 and facts.format == "TIFF":
        yield Finding(name, "pages", f"{facts.frames} pages in one file; the first is used")
    if (found := re.search(r"(\d+) (?:bands|×)", facts.mode)) and found[1] != "3":
        read = "the first is read, as grey" if found[1] == "2" else "the first 3 are read, as red, green and blue"
        yield Finding(name, "bands", f"{found[1]} bands, of which {read}")


def shape(name: str, facts: Facts, rule: str) -> Iterator[Finding]:
    """Yield what is odd about the size."""
    size = f"{facts.width} × {facts.height} pixels"
    shorter, longer = sorted((facts.width, facts.height))
    if shorter < LEAST_SIDE:
        yield Finding(name, "tiny", f"{size}: a side is below {LEAST_SIDE}", severity="warning")
    if longer > MOST_ASPECT * shorter:
        yield Finding(
            name, "extreme shape", f"{size}: one side is {longer / shorter:,.1f} times the other", severity="warning"
        )
    if rule == "crop" and lost(facts) > MOST_LOST:
        advice = "--resize pad would keep it all"
        yield Finding(
            name, "cropped", f"{size}: the square crop cuts away {lost(facts):.0%}; {advice}", severity="warning"
        )


def light(name: str, facts: Facts) -> Iterator[Finding]:
    """Yield the first that holds: a plain image is also dark or bright, and unsharp."""
    grey = f"mean grey {facts.brightness:.0f} of 255"
    if facts.contrast < LEAST_CONTRAST:
        yield Finding(
            name, "plain", f"nearly one colour ({grey}, standard deviation {facts.contrast:.1f})", severity="warning"
        )
    elif facts.brightness < DARKEST:
        yield Finding(name, "dark", f"very dark ({grey})", severity="warning")
    elif facts.brightness > BRIGHTEST:
        yield Finding(name, "bright", f"very bright ({grey})", severity="warning")
    elif facts.sharpness < LEAST_SHARPNESS and min(facts.width, facts.height) >= LEAST_SIDE:
        yield Finding(
            name,
            "blurred",
            f"no sharp edge anywhere (variance of the Laplacian {facts.sharpness:.0f})",
            severity="warning",
        )


def lost(facts: Facts) -> float:
    """Return the share of the image, 0..1, that the largest centred square leaves out."""
    return 1 - min(facts.width, facts.height) / max(facts.width, facts.height)

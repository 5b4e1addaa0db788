"""What is odd about one image, judged by its facts alone, and the form that all findings have.

What is named here is to be looked at by a person, so the thresholds are set where ordinary photos end: a rule that
names sound photos by the dozen would be worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from data.folder import ImageRecord
from data.formats import HEIC_SUFFIXES
from study.check.image_statistics import ImageStatistics

MIN_SIDE = 32  # pixels: the smallest images that are commonly learned from (CIFAR-10) have 32 × 32
MAX_ASPECT = 3.0  # longer : shorter side: panoramas, banners, strips; cameras make 1.3 to 1.8
MIN_CONTRAST = 8.0  # standard deviation of grey: a lens cap, a blank page; fog and snow still have 12
DARKEST = 10.0  # mean grey: little but black; a subject lit before a black wall mostly has more
BRIGHTEST = 235.0  # mean grey: the subject fills less than about a tenth of a white page; cut-outs mostly have less
MIN_SHARPNESS = 40.0  # variance of the Laplacian: out of focus all over; sharp photos have hundreds and thousands
MAX_LOST = 0.5  # share of the image that a square crop cuts away: at 2 : 1 the subject often stands outside

UNREADABLE = ("empty", "not an image", "truncated", "too large", "undecodable", "cannot be read")  # of ImageError
ANIMATIONS = ("GIF", "PNG", "WEBP", "AVIF")  # several images in a TIFF are pages, in an MPO two views of one scene
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
class Issue:
    """One thing that was found.

    Args:
        path: as in `folder.ImageRecord.name`; a class name or "." where it is about the class or the whole folder.
        kind: a word or two, to count by.
        detail: one line to show.
        related_path: the other image or class, where there is one.
        severity: "severe" spoils the result, "warning" wants a look, "note" is good to know.
    """

    path: str
    kind: str
    detail: str
    related_path: str = ""
    severity: str = "note"


def find(image: ImageRecord, stats: ImageStatistics | str, rule: str) -> list[Issue]:
    """List what is odd about one image under a resize rule; `stats` may be the reason why there are none."""
    name = image.name
    if isinstance(stats, str):
        return [unreadable_issue(name, stats)]
    return [*file_issues(name, stats), *shape_issues(name, stats, rule), *light_issues(name, stats)]


def unreadable_issue(name: str, reason: str) -> Issue:
    """Sort a reason from `image_statistics.gather` by the kind it begins with."""
    kind = next((kind for kind in UNREADABLE if reason.startswith(kind)), "undecodable")
    return Issue(name, kind, reason, severity="warning")


def file_issues(name: str, stats: ImageStatistics) -> Iterator[Issue]:
    """Yield what is odd about the file, not the image: harmless here, but telling."""
    suffix = PurePosixPath(name).suffix.lower()
    if stats.format not in FORMATS.get(suffix, (stats.format,)):
        yield Issue(name, "wrong suffix", f"ends in {suffix}, but its content is {stats.format}; it is read as that")
    if stats.frames > 1 and stats.format in ANIMATIONS:
        yield Issue(name, "animated", f"{stats.frames} images in one file; the first is used")
    if stats.frames > 1 and stats.format == "TIFF":
        yield Issue(name, "pages", f"{stats.frames} pages in one file; the first is used")
    if (found := re.search(r"(\d+) (?:bands|×)", stats.mode)) and found[1] != "3":
        read = "the first is read, as grey" if found[1] == "2" else "the first 3 are read, as red, green and blue"
        yield Issue(name, "bands", f"{found[1]} bands, of which {read}")


def shape_issues(name: str, stats: ImageStatistics, rule: str) -> Iterator[Issue]:
    """Yield what is odd about the size."""
    size = f"{stats.width} × {stats.height} pixels"
    shorter, longer = sorted((stats.width, stats.height))
    if shorter < MIN_SIDE:
        yield Issue(name, "tiny", f"{size}: a side is below {MIN_SIDE}", severity="warning")
    if longer > MAX_ASPECT * shorter:
        yield Issue(
            name, "extreme shape", f"{size}: one side is {longer / shorter:,.1f} times the other", severity="warning"
        )
    if rule == "crop" and cropped_share(stats) > MAX_LOST:
        advice = "--resize pad would keep it all"
        yield Issue(
            name,
            "cropped",
            f"{size}: the square crop cuts away {cropped_share(stats):.0%}; {advice}",
            severity="warning",
        )


def light_issues(name: str, stats: ImageStatistics) -> Iterator[Issue]:
    """Yield the first that holds: a plain image is also dark or bright, and unsharp."""
    grey = f"mean grey {stats.brightness:.0f} of 255"
    if stats.contrast < MIN_CONTRAST:
        yield Issue(
            name, "plain", f"nearly one colour ({grey}, standard deviation {stats.contrast:.1f})", severity="warning"
        )
    elif stats.brightness < DARKEST:
        yield Issue(name, "dark", f"very dark ({grey})", severity="warning")
    elif stats.brightness > BRIGHTEST:
        yield Issue(name, "bright", f"very bright ({grey})", severity="warning")
    elif stats.sharpness < MIN_SHARPNESS and min(stats.width, stats.height) >= MIN_SIDE:
        yield Issue(
            name,
            "blurred",
            f"no sharp edge anywhere (variance of the Laplacian {stats.sharpness:.0f})",
            severity="warning",
        )


def cropped_share(stats: ImageStatistics) -> float:
    """Return the share of the image, 0..1, that the largest centred square leaves out."""
    return 1 - min(stats.width, stats.height) / max(stats.width, stats.height)

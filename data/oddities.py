"""What is odd about one picture, judged by its facts alone: each rule gives a kind, a line to show and a severity.

The thresholds were set on some eight thousand photos of animals by looking at the last ones that each lets through:
what is named here is to be looked at by a person, so a rule that names sound photos would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from data.facts import Facts

LEAST_SIDE = 32  # pixels: the smallest pictures that are commonly learned from (CIFAR-10) have 32 × 32
MOST_ASPECT = 3.0  # longer : shorter side; panoramas and strips. Photos of animals ended at 2.8
LEAST_CONTRAST = 8.0  # standard deviation of grey: a lens cap, a blank page. The faintest photo had 11.8
DARKEST = 10.0  # mean grey: below, little but black. Animals before a black studio wall lie at 7 to 30
BRIGHTEST = 235.0  # mean grey: cut-outs on white reach 232; above, the subject fills less than a tenth of the picture
LEAST_SHARPNESS = 40.0  # variance of the Laplacian: out of focus all over. Half of all photos have above 1,000
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
}


class Oddity(NamedTuple):
    """One word or two to count by, one line to show, and "warning" or "note"."""

    kind: str
    detail: str
    severity: str


def of(name: str, facts: Facts | str, rule: str) -> list[Oddity]:
    """List what is odd about one picture under a resize rule; `facts` may be the reason why there are none."""
    if isinstance(facts, str):
        return [unreadable(facts)]
    return [*file(name, facts), *shape(facts, rule), *light(facts)]


def unreadable(reason: str) -> Oddity:
    """Sort a reason from `facts.gather` by the kind it begins with."""
    kind = next((kind for kind in UNREADABLE if reason.startswith(kind)), "undecodable")
    return Oddity(kind, reason, "warning")


def file(name: str, facts: Facts) -> Iterator[Oddity]:
    """Yield what is odd about the file, not the picture: harmless here, but telling."""
    suffix = PurePosixPath(name).suffix.lower()
    if facts.format not in FORMATS.get(suffix, (facts.format,)):
        yield Oddity("wrong suffix", f"ends in {suffix}, but its content is {facts.format}; it is read as that", "note")
    if facts.frames > 1 and facts.format in ANIMATIONS:
        yield Oddity("animated", f"{facts.frames} pictures in one file; the first is used", "note")


def shape(facts: Facts, rule: str) -> Iterator[Oddity]:
    """Yield what is odd about the size."""
    size, aspect = f"{facts.width} × {facts.height} pixels", 1 / (1 - lost(facts))
    if min(facts.width, facts.height) < LEAST_SIDE:
        yield Oddity("tiny", f"{size}: a side is below {LEAST_SIDE}", "warning")
    if aspect > MOST_ASPECT:
        yield Oddity("extreme shape", f"{size}: one side is {aspect:,.1f} times the other", "warning")
    if rule == "crop" and lost(facts) > MOST_LOST:
        advice = "--resize pad would keep it all"
        yield Oddity("cropped", f"{size}: the square crop cuts away {lost(facts):.0%}; {advice}", "warning")


def light(facts: Facts) -> Iterator[Oddity]:
    """Yield the first that holds: a plain picture is also dark or bright, and unsharp."""
    grey = f"mean grey {facts.brightness:.0f} of 255"
    if facts.contrast < LEAST_CONTRAST:
        yield Oddity("plain", f"nearly one colour ({grey}, standard deviation {facts.contrast:.1f})", "warning")
    elif facts.brightness < DARKEST:
        yield Oddity("dark", f"very dark ({grey})", "warning")
    elif facts.brightness > BRIGHTEST:
        yield Oddity("bright", f"very bright ({grey})", "warning")
    elif facts.sharpness < LEAST_SHARPNESS and min(facts.width, facts.height) >= LEAST_SIDE:
        yield Oddity("blurred", f"no sharp edge anywhere (variance of the Laplacian {facts.sharpness:.0f})", "warning")


def lost(facts: Facts) -> float:
    """Return the share of the picture, 0..1, that the largest centred square leaves out."""
    return 1 - min(facts.width, facts.height) / max(facts.width, facts.height)

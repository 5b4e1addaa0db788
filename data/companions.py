"""Images named like another one plus a word for what was made of it: masks and thumbnails among the photos."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from data.folder import ImageRecord

WORDS = (
    *("masks?", "seg", "segm", "segmentations?", "segmented", "labels?", "gt", r"ground[ _-]?truth", "annotations?"),
    *("trimap", "matte", "contours?", "superpixels", "depth", "overlay", "thumbs?", "thumbnails?", "preview", "small"),
    r"\d+x\d+",
)
# A sign or a bracket, the word, and a number where one image has several: `1_mask`, `1 (mask)`, `1_mask_2`.
NAMED = re.compile(rf"(.+?)([ _.-]+\(?(?:{'|'.join(WORDS)})\)?)(?:[ _-]?\d+)?", re.IGNORECASE)
# Of a class, from which on they are told: sets of faulty parts have masks of the faults alone.
LEAST_IMAGES, LEAST_SHARE = 3, 0.1
SUFFIXES = 2  # named in a line


@dataclass(frozen=True)
class Companions:
    """The images of a class that are named like another: (name, name of the other, what follows that).

    `total`: the images of the class.
    """

    label: str
    images: tuple[tuple[str, str, str], ...]
    total: int

    @property
    def text(self) -> str:
        """`24 of 48 images are named like another plus _mask (…): masks or thumbnails, not photos?`."""
        suffixes = [suffix for suffix, _ in Counter(suffix for *_, suffix in self.images).most_common(SUFFIXES)]
        name, other, _ = self.images[0]
        return (
            f"{len(self.images):,} of {self.total:,} images are named like another plus {' or '.join(suffixes)} "
            f"({name} beside {other}): masks or thumbnails, not photos?"
        )


def find(images: Sequence[ImageRecord]) -> list[Companions]:
    """Return the classes of which many images are named like another one, in its own folder or elsewhere."""
    places: dict[tuple[str, str], str] = {}  # (folder, class or nothing, and stem) -> name
    for image in images:
        path = PurePosixPath(image.name)
        for stem in {path.stem.casefold(), path.name.casefold()}:
            for place in (f"folder {path.parent}", f"class {image.label}", ""):
                places.setdefault((place, stem), image.name)
    found, totals = defaultdict(list), Counter(image.label for image in images)
    for image in images:
        path = PurePosixPath(image.name)
        if not (named := NAMED.fullmatch(path.stem)):
            continue
        stem = named[1].casefold()
        others = (places.get((place, stem)) for place in (f"folder {path.parent}", f"class {image.label}", ""))
        if other := next(filter(None, others), None):
            found[image.label].append((image.name, other, named[2].casefold()))
    return [
        Companions(label, tuple(own), totals[label])
        for label, own in found.items()
        if len(own) >= max(LEAST_IMAGES, LEAST_SHARE * totals[label])
    ]


def lines(images: Sequence[ImageRecord]) -> list[str]:
    """Return a line for the user for each such class."""
    return [
        f"careful: {found.label or 'images without a label'}: {found.text} Move those out of the data, or leave them "
        "out by `exclude`"
        for found in find(images)
    ]

"""Why a split came out as it did, in lines for the user: copies in two classes, classes that cannot be evaluated."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations
from statistics import median

from PIL import Image as Pillow

from data.duplicates import Pair
from data.folder import SPLIT_TEXT, ImageRecord
from data.names import listed, natural_key
from data.split import Labels, SplitEntry

MAX_PAIRS = 5  # of classes that share images, in as many lines
NAMED = 10  # classes in one line
LONG = 2.0  # longer side : shorter side of an image of which a square shows at most half
SAMPLED = 50  # images whose shape is looked at


def class_counts(rows: Sequence[SplitEntry], classes_of: Labels) -> str:
    """`images: cells 50, healthy 25, infected 25`."""
    counts = Counter(label for row in rows for label in classes_of(row.label))
    return "images: " + ", ".join(f"{name} {counts[name]:,}" for name in sorted(counts, key=natural_key))


def shared_classes(rows: Sequence[SplitEntry]) -> list[str]:
    """Tell of which classes at least half of the images are in another class too, byte for byte."""
    labels_of = defaultdict(set)
    for row in rows:
        labels_of[row.sha256].add(row.label)
    images = Counter(label for labels in labels_of.values() for label in labels)
    shared = Counter(pair for labels in labels_of.values() for pair in combinations(sorted(labels, key=natural_key), 2))
    found = []
    for pair, both in shared.items():
        other, one = sorted(pair, key=lambda name: -images[name])
        if 2 * both >= images[one] and both > 1:
            found.append((-both, [natural_key(name) for name in pair], one, other))
    return [
        f"{-both:,} of {images[one]:,} images of {one} are also in {other}: is one a copy of the other?"
        for both, _, one, other in sorted(found)[:MAX_PAIRS]
    ]


def alike_after_crop(images: Sequence[ImageRecord], pairs: Sequence[Pair], resize: str) -> str:
    """Return a line where most images are near duplicates because the crop leaves little of them; nothing elsewhere."""
    alike = {at for pair in pairs for at in (pair.first, pair.second)}
    if resize != "crop" or 2 * len(alike) < len(images):
        return ""
    ratios = [ratio for at in sorted(alike)[:SAMPLED] if (ratio := _elongation(images[at]))]
    if not ratios or (middle := median(ratios)) < LONG:
        return ""
    return (
        f"{len(alike):,} of {len(images):,} images look nearly the same after the crop to a square, which cuts away "
        f"{100 * (1 - 1 / middle):.0f} % of each: `resize` pad keeps them whole"
    )


def _elongation(entry: ImageRecord) -> float:
    """Return longer side : shorter side of an image file; 0 where another program would be needed to read it."""
    try:
        with Pillow.open(entry.path) as picture:
            return max(picture.size) / min(picture.size)
    except (OSError, ValueError, Pillow.DecompressionBombError):
        return 0.0


def why_empty(rows: Sequence[SplitEntry], pairs: Sequence[Pair]) -> str:
    """Return why so many images had to go to training that none was left: they stand in two classes, or nearly do."""
    if shared := shared_classes(rows):
        return shared[0]
    crossing = [(rows[pair.first], rows[pair.second]) for pair in pairs]
    crossing = [pair for pair in crossing if pair[0].label != pair[1].label]
    if not crossing:
        return ""
    between = Counter(tuple(sorted((one.label, other.label), key=natural_key)) for one, other in crossing)
    (first, second), _ = between.most_common(1)[0]
    number = len({row.path for pair in crossing for row in pair})
    return (
        f"{number:,} of {len(rows):,} images have a near duplicate in another class, most between {first} and "
        f"{second}, and images that look alike are not divided"
    )


def unknown_classes(
    rows: Sequence[SplitEntry], known: Collection[str], class_names: Sequence[str], classes_of: Labels
) -> str:
    """Return a line that names the classes of which an earlier split has no image; nothing where it has one of each."""
    there = {label for row in rows if row.sha256 in known for label in classes_of(row.label)}
    lacking = [name for name in class_names if name not in there]
    if not lacking:
        return ""
    return f"`split_file` has no image of {listed(lacking, NAMED)}: these are divided by the ratio, like all new ones"


def unevaluated(rows: Sequence[SplitEntry], class_names: Sequence[str], classes_of: Labels) -> list[str]:
    """Tell which classes have no image in validation or test, where those have images at all."""
    lines = []
    for split in ("val", "test"):
        there = {label for row in rows if row.split == split for label in classes_of(row.label)}
        if there and (lacking := [name for name in class_names if name not in there]):
            lines.append(
                f"careful: no {SPLIT_TEXT[split]} image of {listed(lacking, NAMED)}: not evaluated there, so the "
                "figures of such a class are –"
            )
    return lines

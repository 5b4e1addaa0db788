"""What can be said of the classes and of the folder as a whole: counts, names, and what is left out."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from data.folder import SPLITS, ImageRecord, Scan
from data.names import printable, similar
from data.split import MIN_IMAGES
from study.check.image_issues import MAX_LOST, Issue, cropped_share
from study.check.image_statistics import ImageStatistics
from study.settings.learning_type import advise

MAX_IMBALANCE = 3.0  # largest : smallest class: beyond, always answering the largest begins to pay
FEW_IMAGES = 10  # of a class in validation or test: below, one image more or less right moves its recall by 10 %
SHOWN_WEIGHTS = 6  # classes named in the line on imbalance
TELLING = (
    "export it as",
    "cannot be read",
    "broken link",
    "no image files",
    "outside the class folders",
)  # photos may be missing

Usable = Sequence[tuple[ImageRecord, ImageStatistics]]


def find(scan: Scan, usable: Usable, ratio: Sequence[int]) -> Iterator[Issue]:
    """Yield the findings on the classes."""
    counts = split_counts(scan, usable, ratio)
    yield from few_images(scan, usable, counts)
    yield from imbalance(count_labels(scan, usable), scan.several_labels)
    yield from similar_names(scan.class_names)
    learning, reason = advise(min(counts["train"][label] for label in scan.class_names))
    yield Issue(".", "learning type", f"--learning {learning} is advised: {reason}")


def count_labels(scan: Scan, usable: Usable) -> Counter[str]:
    """Return how many images there are of each class."""
    return Counter(label for image, _ in usable for label in scan.labels_of(image))


def split_counts(scan: Scan, usable: Usable, ratio: Sequence[int]) -> dict[str, Counter[str]]:
    """Return images by part and class: as the folders say, else about what `split.assign` will make of them."""
    if any(image.split for image in scan.images):
        of_split = {split: [entry for entry in usable if entry[0].split == split] for split in SPLITS}
        return {split: count_labels(scan, entries) for split, entries in of_split.items()}
    counts, shares = count_labels(scan, usable), dict(zip(SPLITS, ratio, strict=True))
    held = {
        split: Counter({label: max(1, round(n * shares[split] / sum(ratio))) for label, n in counts.items()})
        for split in ("val", "test")
    }
    train = Counter({label: max(0, n - held["val"][label] - held["test"][label]) for label, n in counts.items()})
    return {"train": train, **held}


def few_images(scan: Scan, usable: Usable, counts: dict[str, Counter[str]]) -> Iterator[Issue]:
    """Yield the classes that cannot be divided, that a ready-made part lacks, or that are judged by too few."""
    labelled = [(label, image, stats) for image, stats in usable for label in scan.labels_of(image)]
    different = Counter(label for label, _ in {(label, stats.sha256) for label, _, stats in labelled})
    ready_made = any(image.split for image in scan.images)
    units = Counter(label for label, _ in {(label, image.group or image.name) for label, image, _ in labelled})
    for label in scan.class_names:
        if different[label] < MIN_IMAGES:
            detail = f"{different[label]} different usable images: at least {MIN_IMAGES} are needed, one for each split"
            yield Issue(label, "few images", detail, severity="severe")
            continue
        if units[label] < MIN_IMAGES and not ready_made:
            detail = f"{units[label]} group(s) of images: at least {MIN_IMAGES} are needed, one for each split"
            yield Issue(label, "few images", detail, severity="severe")
            continue
        if not counts["train"][label]:
            yield Issue(label, "few images", "no image in train: this class cannot be learned", severity="severe")
        for split in ("val", "test"):
            count = counts[split][label]
            if count < FEW_IMAGES and counts[split]:  # a part that is missing altogether is no fault of the class
                detail = f"fewer than {FEW_IMAGES} images in {split} ({'' if ready_made else 'about '}{count})"
                yield Issue(label, "few images", f"{detail}: its figures will be rough", severity="warning")


def imbalance(counts: Counter[str], several_labels: bool = False) -> Iterator[Issue]:
    """Yield one finding where the largest class outweighs the smallest, with the weights that would even it out.

    Several labels are learned each by itself, and without weights: that one is rarer is good to know, no more.
    """
    if not counts or max(counts.values()) <= MAX_IMBALANCE * min(counts.values()):
        return
    (most, largest), (least, smallest) = counts.most_common()[0], counts.most_common()[-1]
    detail = f"{most} has {largest:,} images, {largest / smallest:.1f} times as many as {least} ({smallest:,})"
    if several_labels:
        yield Issue(".", "imbalance", detail)
        return
    weight = {label: counts.total() / (len(counts) * count) for label, count in counts.items()}
    shown = sorted(weight, key=weight.get, reverse=True)
    cut = shown if len(shown) <= SHOWN_WEIGHTS else [*shown[: SHOWN_WEIGHTS // 2], "…", *shown[-SHOWN_WEIGHTS // 2 :]]
    weights = ", ".join(f"{label} {weight[label]:.2f}" if label in weight else label for label in cut)
    yield Issue(".", "imbalance", f"{detail}; --class-weight balanced gives {weights}", severity="warning")


def similar_names(names: Sequence[str]) -> Iterator[Issue]:
    """Yield classes whose names differ only in case, spaces or full and half width: one class by two names?"""
    for name, other in similar(names):
        detail = f"differs from class {other} only in case, spaces or the width of letters: the same class?"
        yield Issue(name, "similar names", detail, other, "warning")


def whole_folder(scan: Scan, usable: Usable, resize: str) -> Iterator[Issue]:
    """Yield what concerns the folder, not its classes: what is left out, turned or cut away."""
    for entry in scan.skipped:
        telling = any(word in entry.reason for word in TELLING)
        yield Issue(entry.name, "left out", entry.reason, severity="warning" if telling else "note")
    if hidden := hidden_files(scan):
        yield Issue(".", "hidden files", f"{len(hidden):,} hidden files are left out, such as {hidden[0]}")
    if turned := [image.name for image, stats in usable if stats.orientation != 1]:
        detail = f"{len(turned):,} images are stored turned or mirrored (EXIF orientation), such as {turned[0]}"
        yield Issue(".", "orientation", f"{detail}; they are read upright")
    if resize == "crop" and usable:
        cropped = [cropped_share(stats) for _, stats in usable]
        above_limit = sum(share > MAX_LOST for share in cropped)
        detail = f"--resize crop cuts away {sum(cropped) / len(cropped):.0%} of an image on average"
        yield Issue(".", "crop", f"{detail}; {above_limit:,} of {len(cropped):,} images lose more than {MAX_LOST:.0%}")


def hidden_files(scan: Scan) -> list[str]:
    """Walk the folder for files that the scan neither took nor skipped: all those are hidden ones."""
    if scan.root.is_file():  # a table names what it wants
        return []
    listed = {*scan.files, *(image.name for image in scan.images), *(entry.name for entry in scan.skipped)}
    hidden = []
    for folder, folders, files in os.walk(scan.root):
        folders.sort()
        below = Path(folder).relative_to(scan.root)
        hidden += [name for file in sorted(files) if (name := printable((below / file).as_posix())) not in listed]
    return hidden

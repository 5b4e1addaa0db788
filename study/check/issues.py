"""What a person should look at before training: findings on a folder of photos, and the table they are written to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path

from data.csv_table import guarded
from data.duplicates import Pair
from data.exclude import DROP
from data.folder import SPLITS, ImageRecord, Scan
from study.check import class_issues, image_issues, label_sets
from study.check.image_issues import Issue
from study.check.image_statistics import ImageStatistics
from study.runtime import output

SEVERITIES = ("severe", "warning", "note")


def find(
    scan: Scan,
    statistics: Sequence[ImageStatistics | str],
    pairs: Iterable[Pair],
    resize: str,
    ratio: Sequence[int],
) -> list[Issue]:
    """List all findings, severe ones first, else in the order of the checks.

    Args:
        scan: the folder.
        statistics: of scan.images, from `image_statistics.gather`.
        pairs: near-duplicates; those with an undecodable, a plain or an equal image are passed over.
        resize: the resize rule that training would use.
        ratio: shares of training, validation and test, where the folder has no ready-made parts.
    """
    usable = [
        (image, stats)
        for image, stats in zip(scan.images, statistics, strict=True)
        if isinstance(stats, ImageStatistics)
    ]
    issues = [
        *exact_duplicates(usable, scan.several_labels),
        *near_duplicates(scan.images, statistics, pairs, scan.several_labels),
        *class_issues.find(scan, usable, ratio),
        *(label_sets.find(scan, [image for image, _ in usable]) if scan.several_labels else ()),
        *(
            issue
            for image, stats in zip(scan.images, statistics, strict=True)
            for issue in image_issues.find(image, stats, resize)
        ),
        *class_issues.whole_folder(scan, usable, resize),
    ]
    return by_severity(issues)


def by_severity(issues: Iterable[Issue]) -> list[Issue]:
    """Sort severe before warning before note, otherwise as given."""
    return sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity))


def exact_duplicates(
    usable: Iterable[tuple[ImageRecord, ImageStatistics]], several_labels: bool = False
) -> Iterator[Issue]:
    """Yield at most one finding for each byte-identical file, by the worst that holds of it."""
    by_hash = defaultdict(list)
    for image, stats in usable:
        by_hash[stats.sha256].append(image)
    for group in by_hash.values():
        first = {}  # (label, part) -> the first of the group there: a group may hold ten thousand blank pages
        for image in group:
            first.setdefault((image.label, image.split), image)
        for image in group if len(group) > 1 else ():
            others = [other_image for other_image in first.values() if other_image is not image]
            told = (
                duplicate_issue(image, other_image, "the same file as {}", several_labels=several_labels)
                for other_image in others
            )
            yield from by_severity(issue for issue in told if issue)[:1]


def near_duplicates(
    images: Sequence[ImageRecord],
    statistics: Sequence[ImageStatistics | str],
    pairs: Iterable[Pair],
    several_labels: bool = False,
) -> Iterator[Issue]:
    """Yield the pairs that look alike; an image in several of them once for each kind, by the most similar.

    Of two in the same class and part, the one with fewer pixels is named: the one to drop.
    """
    reported = set()
    for pair in sorted(pairs, key=lambda pair: -pair.similarity):
        if _is_uninformative(statistics[pair.first], statistics[pair.second]):
            continue
        large, small = sorted((pair.first, pair.second), key=lambda i: (-statistics[i].width * statistics[i].height, i))
        text = f"looks like {{}} (similarity {pair.similarity:.2f})"
        both_ways = (
            duplicate_issue(images[small], images[large], text, True, several_labels),
            duplicate_issue(images[large], images[small], text, True, several_labels),
        )
        issues = [issue for issue in both_ways if issue]
        for issue in issues[:1] if issues[0].kind == "near duplicate" else issues:
            if (issue.path, issue.kind) not in reported:
                reported.add((issue.path, issue.kind))
                yield issue


def _is_uninformative(a: ImageStatistics | str, b: ImageStatistics | str) -> bool:
    # Undecodable files have no image, plain ones all look alike, and equal ones are told of already.
    if isinstance(a, str) or isinstance(b, str):
        return True
    return a.sha256 == b.sha256 or min(a.contrast, b.contrast) < image_issues.MIN_CONTRAST


def duplicate_issue(
    image: ImageRecord, other_image: ImageRecord, text: str, near: bool = False, several_labels: bool = False
) -> Issue | None:
    """Say what it means that two images show the same; `text` has a place for the other's name.

    Of an image in two parts only the one in the earlier part is named: dropping it leaves the test as it was.
    """
    detail, order = text.format(other_image.name), (*SPLITS, None)
    if image.label != other_image.label and several_labels:
        detail += f", which has {label_sets.told(other_image.label)}, and this one {label_sets.told(image.label)}"
        return Issue(image.name, label_sets.OTHER_LABELS, detail, other_image.name, "severe")
    if image.label != other_image.label:
        detail += f", which is in {other_image.label}: one label is wrong, or both"
        return Issue(image.name, "two labels", detail, other_image.name, "severe")
    if image.split != other_image.split:
        if order.index(image.split) > order.index(other_image.split):
            return None
        detail += f": an image of {image.split} is in {other_image.split} too, so its labels are known beforehand"
        return Issue(image.name, "leak", detail, other_image.name, "severe")
    return Issue(image.name, "near duplicate" if near else "duplicate", detail, other_image.name, "warning")


def write_csv(path: Path, issues: Iterable[Issue]) -> None:
    """Write `path,kind,detail,related_path,severity,drop`, severe ones first; `drop` is empty, for a person to fill.

    UTF-8 with its mark at the beginning, without which Excel takes it for another encoding.
    """
    header = [*(field.name for field in fields(Issue)), DROP]
    rows = ([*astuple(issue), ""] for issue in by_severity(issues))
    output.write_csv(path, header, guarded(rows), mark=True)

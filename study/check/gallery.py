"""Rows of small images on the page of `check`: copies side by side, odd ones with their reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from data import display
from data.duplicates import MIN_SIMILARITY
from study.check.image_issues import Issue
from study.check.label_issues import SUSPECTED_LABEL_ERROR
from study.check.label_sets import OTHER_LABELS
from study.pages.blocks import Figure
from study.pages.pictures import jpeg, jpeg_figure
from study.pages.suspects import LARGE_SIDE, MOST

if TYPE_CHECKING:
    from study.check.audit import AuditResult

MAX_PAIRS = MOST  # of a section; all stand in check.csv
MAX_ODD = 12  # of a kind
SIDE = 96  # the longer side of an image on the page
# The longer side of an image that a click enlarges: as much as the page shows of it. 147 photos of 256 pixels make a
# page of 1.3 MB one of 2.6.
MAX_LARGE = 160
TWO_LABELS, LEAK = "two labels", "leak"
COPIES = ("duplicate", "near duplicate")
SECTIONS = (  # id, title, kinds of findings, what is counted, what to do about them
    (
        "two-classes",
        "Images in two classes",
        (TWO_LABELS, OTHER_LABELS),
        "pairs",
        "One of the two is labelled wrong, or both. Mark that image, or both where you cannot tell",
    ),
    (
        "wrong-labels",
        "Suspected wrong labels",
        (SUSPECTED_LABEL_ERROR,),
        "image(s) look like another class to a classifier that learned from the others",
        "Keep those whose label is right, relabel or leave out the rest, save fixes.csv, and give it to train --fixes",
    ),
    (
        "two-splits",
        "Images in two splits",
        (LEAK,),
        "pairs",
        "What was learned is tested, which flatters the result. Mark the first, which is in the earlier split",
    ),
    (
        "copies",
        "Copies within a class",
        COPIES,
        "pairs",
        f"Those from a similarity of {MIN_SIMILARITY:g} on training finds too, and keeps them in one split. Mark the "
        "first of the two to learn from it once",
    ),
)

OF_LABELS = {"two-classes": "Images with other labels on a copy", "copies": "Copies with the same labels"}  # titles


class Thumbnails:
    """The images of a page, of which the first so many also have a large version."""

    def __init__(self, result: AuditResult) -> None:
        self.result, self.large = result, dict[int, bytes]()

    def small(self, i: int) -> Figure | None:
        """Return an image in its own shape: thumbnails are stored squashed. None where it cannot be decoded."""
        stats = self.result.statistics[i]
        if isinstance(stats, str):
            return None
        longer = max(stats.width, stats.height)
        width, height = (max(8, round(side * SIDE / longer)) for side in (stats.width, stats.height))
        return jpeg_figure(self.result.thumbnails[i], width, height, self.result.scan.images[i].name)

    def enlarging(self, i: int) -> Figure | None:
        """Return an image that a click enlarges, where it has more pixels than are shown and the page has room."""
        small = self.small(i)
        if small is None or max(self.result.statistics[i].width, self.result.statistics[i].height) <= SIDE:
            return small
        if i not in self.large and len(self.large) < MAX_LARGE:
            path = self.result.scan.images[i].path
            large = display.enlarged(path, LARGE_SIDE, self.result.ranges)
            if large is not None:
                self.large[i] = jpeg(large)
        return Figure(self.large[i], small.text, small.size) if i in self.large else small


def sections(result: AuditResult, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """Return the findings of which two images are shown side by side, what matters most first."""
    index = {image.name: i for i, image in enumerate(result.scan.images)}
    found = []
    for name, title, kinds, what, advice in SECTIONS:
        by_card = SUSPECTED_LABEL_ERROR in kinds  # one for each image, below the heading
        of_kind = [issue for issue in result.issues if issue.kind in kinds]
        pairs = of_kind if by_card else unique_pairs(of_kind)
        text = f"{len(pairs):,} {what}{describe_rest(len(pairs), MAX_PAIRS)}. {advice}" if pairs else "None was found"
        if by_card and not result.looked_at_labels:
            several = result.scan.several_labels
            why = ": that takes one class an image" if several else f", as the map is made of {result.source}"
            text = f"They were not looked for{why}"
        found.append(
            {
                "id": name,
                "title": OF_LABELS.get(name, title) if result.scan.several_labels else title,
                "count": len(pairs),
                "severe": any(issue.severity == "severe" for issue in pairs),
                "text": text,
                "pairs": [] if by_card else [pair(thumbnails, issue, index) for issue in pairs[:MAX_PAIRS]],
            }
        )
    return found


def unique_pairs(issues: Iterable[Issue]) -> list[Issue]:
    """Keep one finding of each pair: one that is told of both images is shown once."""
    first: dict[frozenset[str], Issue] = {}
    for issue in issues:
        first.setdefault(frozenset((issue.path, issue.related_path)), issue)
    return list(first.values())


def pair(thumbnails: Thumbnails, issue: Issue, index: dict[str, int]) -> dict[str, Any]:
    """Return two images, as (name, figure), with what is said of them."""
    return {
        "pictures": [(name, thumbnails.enlarging(index[name])) for name in (issue.path, issue.related_path)],
        "kind": issue.kind,
        "severe": issue.severity == "severe",
        "text": issue.detail.replace(issue.related_path, "the other"),
    }


def odd_images(result: AuditResult, thumbnails: Thumbnails) -> list[dict[str, Any]]:
    """Return the odd images, kind by kind, each as (name, figure, reason)."""
    index = {image.name: i for i, image in enumerate(result.scan.images)}
    of_pairs = {kind for _, _, kinds, _, _ in SECTIONS for kind in kinds}
    by_kind = defaultdict(list)
    for issue in result.issues:
        if issue.path in index and issue.kind not in of_pairs:
            by_kind[issue.kind].append(issue)
    return [
        {
            "kind": kind,
            "number": len(issues),
            "count": f"{len(issues):,}{describe_rest(len(issues), MAX_ODD)}",
            "pictures": [
                (issue.path, thumbnails.enlarging(index[issue.path]), issue.detail) for issue in issues[:MAX_ODD]
            ],
        }
        for kind, issues in by_kind.items()
    ]


def describe_rest(count: int, most: int) -> str:
    """Say how many are not shown."""
    return f"; the first {most} are shown, the other {count - most:,} stand in check.csv" if count > most else ""

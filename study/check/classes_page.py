"""What the page of `check` shows of the classes: counts and weights, sizes, and each class by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from data.folder import PARTS
from study.check import figures as plots
from study.check import gallery, image_issues
from study.check.image_statistics import Facts
from study.pages.blocks import Figure, Table

if TYPE_CHECKING:
    from study.check.audit import Look

MOST_CLASSES = 30  # shown one by one
SAMPLE = 14  # pictures of a class
ELSEWHERE = ("learning type", "crop")  # findings that stand in another place on the page


def counts(look: Look) -> Table:
    """Return the counts of the classes with balanced weights."""
    usable = Counter(look.scan.images[i].label for i in look.usable)
    parts = [part for part in PARTS if any(image.part == part for image in look.scan.images)]
    in_part = Counter((look.scan.images[i].label, look.scan.images[i].part) for i in look.usable)
    filled = sum(count > 0 for count in usable.values())
    rows = [
        (
            name,
            f"{usable[name]:,}",
            *(f"{in_part[name, part]:,}" for part in parts),
            f"{usable.total() / (filled * usable[name]):.2f}" if usable[name] else "–",
        )
        for name in look.scan.class_names
    ]
    return Table(("class", "usable images", *parts, "balanced weight"), rows)


def told(look: Look) -> list[dict[str, Any]]:
    """Return the findings that are not about an image but on a class, the folder, or what is left out of it."""
    images, by_kind = {image.name for image in look.scan.images}, defaultdict(list)
    for finding in look.findings:
        if finding.path not in images and finding.kind not in ELSEWHERE:
            by_kind[finding.kind].append(finding)
    return [
        {
            "kind": kind,
            "severe": found[0].severity == "severe",
            "count": f"{len(found):,}{gallery.more(len(found), gallery.MOST_ODD)}",
            "lines": [
                finding.detail if finding.path == "." else f"{finding.path}: {finding.detail}"
                for finding in found[: gallery.MOST_ODD]
            ],
        }
        for kind, found in by_kind.items()
    ]


def sizes(look: Look) -> dict[str, Any] | None:
    """Return the histograms of all images' sizes and shapes, and what a crop would cut away."""
    known = [look.known[i] for i in look.usable]
    if not known:
        return None
    lost = [image_issues.lost(one) for one in known]
    longer, aspects = [max(one.width, one.height) for one in known], [one.width / one.height for one in known]
    return {
        "figures": [
            Figure(plots.sizes(longer), "Histogram of the longer sides"),
            Figure(plots.shapes(aspects), "Histogram of width : height"),
            Figure(plots.crops(lost, image_issues.MOST_LOST), "Histogram of what a square crop cuts away"),
        ],
        "mean_lost": f"{np.mean(lost):.0%}",
        "losing_more": sum(share > image_issues.MOST_LOST for share in lost),
        "images": len(lost),
        "most_lost": f"{image_issues.MOST_LOST:.0%}",
    }


def each(look: Look) -> list[dict[str, Any]]:
    """Return of each class some images by chance, the mean image, sizes and brightness."""
    everyone, classes = [look.known[i] for i in look.usable], []
    for name in look.scan.class_names[:MOST_CLASSES]:
        rows = np.array([i for i in look.usable if look.scan.images[i].label == name], int)
        entry = {"name": name, "images": len(rows)}
        if len(rows):
            entry |= faces(look, rows) | {"panels": panels(name, [look.known[i] for i in rows], everyone)}
        classes.append(entry)
    return classes


def faces(look: Look, rows: np.ndarray) -> dict[str, Any]:
    """Return some images by chance, always the same, and the mean of all."""
    chosen = np.sort(np.random.default_rng(0).permutation(rows)[:SAMPLE])
    mean = gallery.small(look.thumbs[rows].mean(axis=0), gallery.SIDE, gallery.SIDE, "mean picture")
    return {"pictures": [gallery.thumbnail(look, i) for i in chosen], "mean": mean}


def panels(name: str, own: Sequence[Facts], everyone: Sequence[Facts]) -> list[Figure]:
    """Return two histograms of a class."""
    sides = [max(one.width, one.height) for one in own], [max(one.width, one.height) for one in everyone]
    light = [one.brightness for one in own], [one.brightness for one in everyone]
    grey = np.linspace(0, 255, plots.BINS + 1)
    size = plots.class_histogram(*sides, f"Size: {plots.cut(name)}", "longer side in pixels", plots.spread(sides[1]))
    brightness = plots.class_histogram(
        *light, f"Brightness: {plots.cut(name)}", "mean grey, 0 black to 255 white", grey
    )
    return [Figure(size, f"Sizes of {name}"), Figure(brightness, f"Brightness of {name}")]

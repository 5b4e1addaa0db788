"""What the page of `check` shows of the classes: counts and weights, sizes, and each class by itself."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from data.folder import SPLITS
from data.names import distinct
from study.check import figures as plots
from study.check import gallery, image_issues
from study.check.image_statistics import ImageStatistics
from study.pages.blocks import Figure, Table
from study.pages.pictures import jpeg_figure

if TYPE_CHECKING:
    from study.check.audit import AuditResult

MAX_CLASSES = 30  # shown one by one
SAMPLE = 14  # images of a class
ELSEWHERE = ("learning type", "crop")  # findings that stand in another place on the page


def counts(result: AuditResult) -> Table:
    """Return the counts of the classes with balanced weights; of several labels with the images that have no other."""
    images = [result.scan.images[i] for i in result.usable]
    usable = Counter(label for image in images for label in result.scan.labels_of(image))
    splits = [split for split in SPLITS if any(image.split == split for image in result.scan.images)]
    in_split = Counter((label, image.split) for image in images for label in result.scan.labels_of(image))
    if result.scan.several_labels:
        return label_counts(result, usable, splits, in_split)
    filled = sum(count > 0 for count in usable.values())
    table_rows = [
        (
            name,
            f"{usable[name]:,}",
            *(f"{in_split[name, split]:,}" for split in splits),
            f"{usable.total() / (filled * usable[name]):.2f}" if usable[name] else "–",
        )
        for name in result.scan.class_names
    ]
    return Table(("class", "usable images", *splits, "balanced weight"), table_rows)


def label_counts(
    result: AuditResult, usable: Counter[str], splits: Sequence[str], in_split: Counter[tuple[str, str]]
) -> Table:
    """Return the counts of several labels, and of the images that have none."""
    images = [result.scan.images[i] for i in result.usable]
    alone, none = Counter(image.label for image in images), [image for image in images if not image.label]
    rows = [
        (
            name,
            f"{usable[name]:,}",
            *(f"{in_split[name, split]:,}" for split in splits),
            f"{usable[name] / max(1, len(images)):.1%}",
            f"{alone[name]:,}",
        )
        for name in result.scan.class_names
    ]
    of_splits = (f"{sum(image.split == split for image in none):,}" for split in splits)
    word, share = distinct("none", result.scan.class_names), f"{len(none) / max(1, len(images)):.1%}"
    last = [(word, f"{len(none):,}", *of_splits, share, "–")] if none else []
    return Table(("label", "usable images", *splits, "share of the images", "without another label"), [*rows, *last])


def issue_groups(result: AuditResult) -> list[dict[str, Any]]:
    """Return the findings that are not about an image but on a class, the folder, or what is left out of it."""
    images, by_kind = {image.name for image in result.scan.images}, defaultdict(list)
    for issue in result.issues:
        if issue.path not in images and issue.kind not in ELSEWHERE:
            by_kind[issue.kind].append(issue)
    return [
        {
            "kind": kind,
            "number": len(issues),
            "severe": issues[0].severity == "severe",
            "count": f"{len(issues):,}{gallery.describe_rest(len(issues), gallery.MAX_ODD)}",
            "lines": [
                issue.detail if issue.path == "." else f"{issue.path}: {issue.detail}"
                for issue in issues[: gallery.MAX_ODD]
            ],
        }
        for kind, issues in by_kind.items()
    ]


def sizes(result: AuditResult) -> dict[str, Any] | None:
    """Return the histograms of all images' sizes and shapes, and what a crop would cut away."""
    statistics = [result.statistics[i] for i in result.usable]
    if not statistics:
        return None
    lost = [image_issues.cropped_share(stats) for stats in statistics]
    longer, aspects = (
        [max(stats.width, stats.height) for stats in statistics],
        [stats.width / stats.height for stats in statistics],
    )
    return {
        "figures": [
            Figure(plots.sizes(longer), "Histogram of the longer sides"),
            Figure(plots.shapes(aspects), "Histogram of width : height"),
            Figure(plots.crops(lost, image_issues.MAX_LOST), "Histogram of what a square crop cuts away"),
        ],
        "mean_lost": f"{np.mean(lost):.0%}",
        "losing_more": sum(share > image_issues.MAX_LOST for share in lost),
        "images": len(lost),
        "most_lost": f"{image_issues.MAX_LOST:.0%}",
    }


def per_class(result: AuditResult, thumbnails: gallery.Thumbnails) -> list[dict[str, Any]]:
    """Return of each class some images by chance, the mean image, sizes and brightness."""
    all_statistics, classes = [result.statistics[i] for i in result.usable], []
    for name in result.scan.class_names[:MAX_CLASSES]:
        of_class = [i for i in result.usable if name in result.scan.labels_of(result.scan.images[i])]
        indices = np.array(of_class, int)
        entry = {"name": name, "images": len(indices)}
        if len(indices):
            entry |= sample_images(thumbnails, indices) | {
                "panels": histograms(name, [result.statistics[i] for i in indices], all_statistics)
            }
        classes.append(entry)
    return classes


def sample_images(thumbnails: gallery.Thumbnails, indices: np.ndarray) -> dict[str, Any]:
    """Return some images by chance, always the same, and the mean of all."""
    chosen = np.sort(np.random.default_rng(0).permutation(indices)[:SAMPLE])
    pixels = thumbnails.result.thumbnails[indices].mean(axis=0)
    mean = jpeg_figure(pixels, gallery.SIDE, gallery.SIDE, "mean image")
    return {"pictures": [thumbnails.small(i) for i in chosen], "mean": mean}


def histograms(name: str, own: Sequence[ImageStatistics], all_statistics: Sequence[ImageStatistics]) -> list[Figure]:
    """Return two histograms of a class."""
    sides = (
        [max(stats.width, stats.height) for stats in own],
        [max(stats.width, stats.height) for stats in all_statistics],
    )
    light = [stats.brightness for stats in own], [stats.brightness for stats in all_statistics]
    grey = np.linspace(0, 255, plots.BINS + 1)
    size = plots.class_histogram(*sides, f"Size: {plots.cut(name)}", "longer side in pixels", plots.bin_edges(sides[1]))
    brightness = plots.class_histogram(
        *light, f"Brightness: {plots.cut(name)}", "mean grey, 0 black to 255 white", grey
    )
    return [Figure(size, f"Sizes of {name}"), Figure(brightness, f"Brightness of {name}")]

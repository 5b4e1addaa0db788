"""`check.html`: what was found in a folder and how its classes look, in one file that needs no network."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data import duplicates
from data.names import distinct, natural_key, split_labels
from study.check import class_issues, classes_page, companions, gallery, image_issues, issues, label_sets, suspects_page
from study.check import figures as plots
from study.check.label_issues import SUSPECTED_LABEL_ERROR
from study.inference import same_scene
from study.pages.blocks import Figure, Table
from study.pages.render import render
from study.runtime.format import format_value
from study.settings import declare
from study.settings.as_command import as_command, changed

if TYPE_CHECKING:
    from study.check.audit import AuditResult
    from study.settings.commands import CheckSettings

WHERE_KEPT = ("store", "store_limit")  # settings of both commands that change no result

LIKE = f"similarity from {duplicates.MIN_SIMILARITY:g}"
SCENE = (
    f"from {same_scene.MIN_SIMILARITY:g} where ImageNet features agree too, with a cosine from "
    f"{same_scene.MIN_COSINE:g}"
)
MEANING = {
    "two labels": f"the same file, or nearly the same image ({LIKE}), in two classes",
    label_sets.OTHER_LABELS: f"the same file, or nearly the same image ({LIKE}), with other labels",
    "leak": f"the same file, or nearly the same image ({LIKE}, or {SCENE}), in two of train, val and test",
    "duplicate": "byte-identical files in one class",
    "near duplicate": f"nearly the same image in one class ({LIKE}, or {SCENE}); the one with fewer pixels is named",
    SUSPECTED_LABEL_ERROR: "confident learning: a classifier that learned from the others is as sure of another class "
    "as of the images of that class: a wrong label, or an unusual image",
    "few images": f"fewer than {class_issues.MIN_IMAGES} different images of a class: severe; "
    f"fewer than {class_issues.FEW_IMAGES} to judge it by",
    label_sets.NO_LABEL: "images that have no label",
    label_sets.EVERYWHERE: "a label that every image has",
    label_sets.TOGETHER: "labels of the very same images",
    label_sets.NEVER_ALONE: f"a label of {label_sets.LEAST} images or more that all have another label too",
    label_sets.NOT_LOOKED_FOR: "what needs one class an image",
    "imbalance": f"the largest class has more than {class_issues.MAX_IMBALANCE:g} times the images of the smallest",
    "similar names": "class names that differ only in case, spaces or the width of letters",
    companions.BY_NAME: "images named like another plus a word such as mask or thumb; "
    f"{companions.OF_CLASS:.0%} of a class or more",
    companions.BY_COLOUR: f"two to {companions.MOST_COLOURS} flat colours cover {companions.COVERED:.0%} of the image, "
    f"as in a mask; {companions.OF_CLASS:.0%} of a class or more",
    "learning type": "by the training images of the rarest class",
    "wrong suffix": "the file's name says another format than its content",
    "animated": "several images in one file",
    "pages": "several pages in one TIFF, of which the first is read",
    "bands": "more bands in one TIFF than are read",
    "tiny": f"a side below {image_issues.MIN_SIDE} pixels",
    "extreme shape": f"one side more than {image_issues.MAX_ASPECT:g} times the other",
    "cropped": f"--resize crop would cut away more than {image_issues.MAX_LOST:.0%}",
    "plain": f"nearly one colour: standard deviation of grey below {image_issues.MIN_CONTRAST:g}",
    "dark": f"mean grey below {image_issues.DARKEST:g} of 255",
    "bright": f"mean grey above {image_issues.BRIGHTEST:g} of 255",
    "blurred": f"variance of the Laplacian below {image_issues.MIN_SHARPNESS:g}",
    "left out": "files and folders that training passes over",
    "hidden files": "names that begin with a dot, and those that systems leave behind",
    "orientation": "images that the file stores turned",
    "crop": "what --resize crop cuts away on average",
    **dict.fromkeys(image_issues.UNREADABLE, "the file gives no image"),
}


def page(result: AuditResult, settings: CheckSettings, out: Path) -> str:
    """Return the whole page; `out` is the folder that it and its table will lie in."""
    names = ", ".join([*(plots.cut(name) for name in result.scan.class_names[:8]), "…"][: len(result.scan.class_names)])
    thumbnails = gallery.Thumbnails(result)
    given_splits = any(image.split for image in result.scan.images)
    *labels, splits, copies = gallery.sections(result, thumbnails)  # before the odd ones: there may be no room left
    return render(
        "check.html.jinja",
        names=names,
        images=len(result.scan.images),
        number_of_classes=len(result.scan.class_names),
        several_labels=result.scan.several_labels,
        train=train_command(settings, out),
        **summary(result),
        labels=[*labels, splits] if given_splits else labels,
        copies=copies,
        counts=classes_page.counts(result),
        findings_on_classes=classes_page.issue_groups(result),
        suspects=suspects_page.section(result),
        odd=gallery.odd_images(result, thumbnails),
        sizes=classes_page.sizes(result),
        classes=classes_page.per_class(result, thumbnails),
        most_classes=classes_page.MAX_CLASSES,
        map=projection(result, thumbnails),
        settings=settings_table(result, settings),
    )


def train_command(settings: CheckSettings, out: Path | None) -> str:
    """Return the command that trains on the same images; with `out`, without those that its table marks as dropped."""
    given = {declare.name_of(entry): getattr(settings, entry.name) for entry in fields(settings)}
    kept = {name: value for name, value in changed(given).items() if name not in WHERE_KEPT}
    return as_command("train", {**kept, "exclude": out and out / "check.csv"})


def settings_table(result: AuditResult, settings: CheckSettings) -> Table:
    """Return what was typed, when, and every setting."""
    values = {declare.name_of(entry): getattr(settings, entry.name) for entry in fields(settings)}
    values |= {"data": result.scan.root}  # of the drawings, too
    rows = [(name, format_value(value, name, as_flag=isinstance(value, tuple))) for name, value in values.items()]
    told = [("command", result.command), ("written", f"{datetime.now():%Y-%m-%d %H:%M}")]
    return Table(("setting", "value"), [*told, *rows], (0, 1))


def summary(result: AuditResult) -> dict[str, Any]:
    """Return the counts of each severity, the advice and the table of kinds."""
    by_severity = Counter(issue.severity for issue in result.issues)
    counted = Counter((issue.kind, issue.severity) for issue in result.issues)
    advice = next((issue.detail for issue in result.issues if issue.kind == "learning type"), "")
    rows = [(kind, severity, f"{n:,}", MEANING.get(kind, "")) for (kind, severity), n in counted.items()]
    return {
        "severities": {name: by_severity[name] for name in issues.SEVERITIES},
        "advice": advice[:1].upper() + advice[1:],
        "kinds": Table(("kind", "severity", "count", "what counts as one"), rows, (0, 1, 3)),
    }


def projection(result: AuditResult, thumbnails: gallery.Thumbnails) -> dict[str, Any] | None:
    """Return the map and the images that lie far from their class, as (name, thumbnail)."""
    if len(result.usable) < 3:
        return None
    labels, class_names = map_classes(result)
    several = result.scan.several_labels
    row = {int(i): index for index, i in enumerate(result.usable)}
    named = [row[i] for i in result.outliers]
    drawn = plots.scatter(result.coordinates, labels, class_names, result.explained_variance, named)
    return {
        "source": result.source,
        "figure": Figure(drawn, f"Map of all images, coloured by {'labels' if several else 'class'}"),
        "far": [(result.scan.images[i].name, thumbnails.small(i)) for i in result.outliers],
    }


def map_classes(result: AuditResult) -> tuple[list[str], list[str]]:
    """Return the class of each image of the map, and all of them: of several labels each set of them is one."""
    labels = [result.scan.images[i].label for i in result.usable]
    if not result.scan.several_labels:
        return labels, list(result.scan.class_names)
    none = distinct("none", result.scan.class_names)
    shown = [", ".join(split_labels(label)) or none for label in labels]
    return shown, sorted(set(shown), key=natural_key)

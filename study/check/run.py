"""Look before you train: copies, odd images and the classes of a folder, written as a page and a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from data import any_form, exclude, fixes, groups, labels
from data.dataset import animal_and_coat, synthetic_images
from data.duplicates import Pair, fingerprints, stored_near_pairs
from data.fixes import Fixed
from data.folder import Scan
from data.names import printable
from data.split import DEFAULT_RATIO
from data.store.store import Store
from errors import UserError
from study import tasks
from study.check import companions, image_statistics, issues, label_issues, label_sets
from study.check import report as check_report
from study.check.audit import AuditResult
from study.check.embedding import embed, outliers
from study.check.image_issues import Issue
from study.check.image_statistics import ImageStatistics
from study.check.outcome import outcome
from study.inference.components import reduce
from study.inference.same_scene import stored_same_scene_pairs
from study.runtime import console, output
from study.runtime.result import Result
from study.settings.commands import CheckSettings
from study.settings.source import store_of
from study.settings.train import with_flags


def check(settings: CheckSettings, command: str = "") -> Result:
    """Look at a folder, write `check.html` and `check.csv`, print a summary; return what was found.

    Raises:
        UserError: no folder, fewer than two classes, a label file that does not fit, or nowhere to write.
    """
    refuse_label_file(settings)
    root = Path(settings.data) if settings.data is not None else synthetic_images(console.bar)
    out = output_folder(settings.out, root)
    scanned, found_issues, fixed = scan(root, settings)
    store = store_of(settings)
    result = audit(scanned, settings, command, store, found_issues, fixed)
    with console.bar("draw the page", 1):
        page = check_report.page(result, settings, out)
    out.mkdir(parents=True, exist_ok=True)
    issues.write_csv(out / "check.csv", result.issues)
    output.write_page(out / "check.html", page)
    if store.trouble:
        console.print(store.trouble)
    print_summary(result, out)
    return outcome(result, settings, out)


def refuse_label_file(settings: CheckSettings) -> None:
    """Raise UserError where it is given with several labels: as in training, it maps a folder to one class."""
    if settings.labels and tasks.get(settings.task).SEVERAL_LABELS:
        raise UserError(f"--labels is for --task classify. Received: --task {settings.task}; leave one of the two out.")


def scan(root: Path, settings: CheckSettings) -> tuple[Scan, list[Issue], Fixed]:
    """List the images as training would, what names tell of classes and groups, and what was fixed."""
    task = tasks.get(settings.task)
    scanned = any_form.scan(root, task.MIN_CLASSES, task.SEVERAL_LABELS, explained=settings.group is not None)
    if task.SEVERAL_LABELS and settings.data is None:
        scanned = animal_and_coat(scanned)
    lines = [*scanned.notes]
    scanned = groups.apply(scanned, settings.group, settings.data is None, lines.append)
    if settings.labels:
        scanned = labels.apply(scanned, labels.read(Path(settings.labels)))
    fixed = Fixed()
    if settings.fixes:
        scanned, fixed = fixes.apply(
            scanned, Path(settings.fixes), lambda line: console.print(with_flags(line)), task.SEVERAL_LABELS
        )
    told = [Issue(".", "folders", with_flags(line.removeprefix("careful: "))) for line in lines]
    return scanned, told, fixed


def output_folder(asked: str | None, root: Path) -> Path:
    """Return the folder to write to. Raise UserError now, not after the work, where it would not do."""
    out = Path(asked) if asked is not None else unused_folder(Path("checks"))
    where = f"Cannot write to {'--out ' if asked is not None else ''}{printable(str(out))}"
    existing = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UserError(f"{where}: {printable(str(existing))} is a file. Give a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"{where}: permission denied. Give a folder that can be written.")
    output.refuse_within(out, root, "--out")
    if not output.is_replaceable_page(out / "check.html"):
        raise UserError(f"{where}: its check.html is no page of this program, and would be lost. Give another --out.")
    table = out / "check.csv"
    if kind := output.kind_of(table):
        raise UserError(f"{where}: its check.csv is no file but a {kind}. Give another --out.")
    if table.exists() and exclude.read_drops(table):
        raise UserError(f"{where}: its check.csv has a filled drop column, which would be lost. Give another --out.")
    return out


def unused_folder(checks: Path) -> Path:
    """Return a folder below `checks` that is named by date and time; of two in one second, the later has a number."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}"
    names = (stem, *(f"{stem}-{i}" for i in range(2, 100)))
    return next((checks / name for name in names if not (checks / name).exists()), checks / stem)


def audit(
    scanned: Scan,
    settings: CheckSettings,
    command: str,
    store: Store,
    found_issues: Sequence[Issue],
    fixed: Fixed,
) -> AuditResult:
    """Gather facts, findings, beside those `found_issues` already, and the map of a folder.

    `fixed`: what a person has decided, who is not asked again.
    """
    images = scanned.images
    with console.bar("look at images", 2 * len(images)) as advance:
        statistics, thumbnails, ranges = image_statistics.gather(
            images, store, advance, settings.range, lambda line: console.print(with_flags(line))
        )
    usable = np.flatnonzero([isinstance(stats, ImageStatistics) for stats in statistics])
    with threadpool_limits(1, "blas"):  # its further threads would wait for one another in products so small
        prints = fingerprints(thumbnails)
    embedded = embed(images, settings.resize, settings.range, store)
    features = embedded.features
    if features is not None:
        usable = embedded.rows
    usable_labels = [images[i].label for i in usable]
    reduced, explained_variance = reduce(prints[usable].astype(np.float32) if features is None else features)
    # As in training, of labels by image: a mirror image may be of another class.
    pairs = stored_near_pairs(prints, store, mirrored=not settings.labels)
    if features is not None:
        by_features = stored_same_scene_pairs(
            usable_labels, lambda: (features, reduced), prints[usable].__getitem__, f"check {embedded.name}", store
        )
        pairs += [Pair(int(usable[i]), int(usable[j]), score) for i, j, score in map(astuple, by_features)]
    looked = issues.find(scanned, statistics, pairs, settings.resize, DEFAULT_RATIO)
    beside = companions.find(images, statistics, thumbnails, scanned.several_labels)
    found_issues, suspects = issues.by_severity([*found_issues, *looked, *beside]), []
    looked_at_labels = features is not None and not scanned.several_labels
    if looked_at_labels:  # mere colours say too little of what an image shows
        passed_over = {issue.path for issue in found_issues if issue.kind == "two labels"} | fixed.decided
        found = label_issues.find(images, usable, features, pairs, reduced, console.print)
        suspects = [suspect for suspect in found if images[suspect.image].name not in passed_over]
        found_issues = issues.by_severity([*found_issues, *label_issues.as_issues(suspects, images)])
    outlier_positions = [] if scanned.several_labels else outliers(reduced[:, :2], usable_labels)
    return AuditResult(
        command,
        scanned,
        statistics,
        thumbnails,
        found_issues,
        usable,
        reduced[:, :2],
        explained_variance,
        [int(usable[i]) for i in outlier_positions],
        embedded.source,
        ranges,
        looked_at_labels,
        suspects,
        fixed.rows,
    )


def print_summary(result: AuditResult, out: Path) -> None:
    """Print how many findings there are of each kind, and where to read on."""
    counts, names = Counter((issue.severity, issue.kind) for issue in result.issues), result.scan.class_names
    of_classes = f"with {len(names)} labels" if result.scan.several_labels else f"in {len(names)} classes"
    console.print(f"{len(result.scan.images):,} image files {of_classes}")
    if result.scan.several_labels:
        console.print(f"not looked for: {label_sets.NEEDS_ONE}")
    rows = [(kind, severity, f"{number:,}") for (severity, kind), number in counts.items()]
    console.table("Findings", ("kind", "severity", "count"), rows, left=2)
    console.print(f"look at {out / 'check.html'}; all findings: {out / 'check.csv'}")

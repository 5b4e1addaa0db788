"""Look before you train: copies, odd images and the classes of a folder, written as a page and a table."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple
from datetime import datetime
from pathlib import Path

import numpy as np

from data import exclude, groups, labels, table
from data.dataset import drawings
from data.duplicates import Pair, fingerprints, near_pairs
from data.folder import Scan
from data.names import printable
from data.split import DEFAULT_RATIO
from data.store.store import Store
from errors import UserError
from study.check import image_statistics, issues
from study.check import report as check_report
from study.check.audit import Look
from study.check.embedding import alike, embed, outliers, reduce
from study.check.image_issues import Finding
from study.check.image_statistics import Facts
from study.check.label_issues import strangers
from study.runtime import console, output
from study.settings import learning_type
from study.settings.commands import CheckSettings
from study.settings.source import store_of
from study.settings.train import with_flags


def check(settings: CheckSettings, command: str = "") -> bool:
    """Look at a folder, write `check.html` and `check.csv`, print a summary; return whether a finding is severe.

    Raises:
        UserError: no folder, fewer than two classes, a label file that does not fit, or nowhere to write.
    """
    root = Path(settings.data) if settings.data is not None else drawings(console.bar)
    out = output_folder(settings.out, root)
    found, told = scan(root, settings)
    store = store_of(settings)
    look = look_at(found, settings, command, store, told)
    page = check_report.page(look)
    out.mkdir(parents=True, exist_ok=True)
    issues.write_csv(out / "check.csv", look.findings)
    output.write_page(out / "check.html", page)
    if store.trouble:
        console.say(store.trouble)
    print_summary(look, out)
    return any(finding.severity == "severe" for finding in look.findings)


def scan(root: Path, settings: CheckSettings) -> tuple[Scan, list[Finding]]:
    """List the images as training would, and what the names of folders and files tell of classes and groups."""
    found, lines = table.scan(root, explained=settings.group is not None), []
    lines += found.notes
    found = groups.apply(found, settings.group, settings.data is None, lines.append)
    if settings.labels:
        found = labels.apply(found, labels.read(Path(settings.labels)))
    return found, [Finding(".", "folders", with_flags(line.removeprefix("careful: "))) for line in lines]


def output_folder(asked: str | None, root: Path) -> Path:
    """Return the folder to write to. Raise UserError now, not after the work, where it would not do."""
    out = Path(asked) if asked is not None else unused(Path("checks"))
    where = f"Cannot write to {'--out ' if asked is not None else ''}{printable(str(out))}"
    existing = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise UserError(f"{where}: {printable(str(existing))} is a file. Give a folder.")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"{where}: permission denied. Give a folder that can be written.")
    output.refuse_within(out, root, "--out")
    table = out / "check.csv"
    if table.exists() and exclude.read_drops(table):
        raise UserError(f"{where}: its check.csv has a filled drop column, which would be lost. Give another --out.")
    return out


def unused(checks: Path) -> Path:
    """Return a folder below `checks` that is named by date and time; of two in one second, the later has a number."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}"
    names = (stem, *(f"{stem}-{i}" for i in range(2, 100)))
    return next((checks / name for name in names if not (checks / name).exists()), checks / stem)


def look_at(found: Scan, settings: CheckSettings, command: str, store: Store, told: Sequence[Finding] = ()) -> Look:
    """Gather facts, findings, beside those `told` already, and the map of a folder."""
    images = found.images
    with console.bar("look at images", 2 * len(images)) as advance:
        known, thumbs = image_statistics.gather(
            images, store, advance, settings.range, lambda line: console.say(with_flags(line))
        )
    usable = np.flatnonzero([isinstance(one, Facts) for one in known])
    prints, mine = fingerprints(thumbs), [images[i] for i in usable]
    hashes = [one.sha256 if isinstance(one, Facts) else "" for one in known]
    features, source = embed(thumbs, hashes, usable, store)
    reduced, shares = reduce(prints[usable].astype(np.float32) if features is None else features)
    pairs = near_pairs(prints, mirrored=not settings.labels)  # as in training: a mirror image may be of another class
    if features is not None:
        by_features = alike(mine, features, reduced, prints[usable])
        pairs += [Pair(int(usable[i]), int(usable[j]), score) for i, j, score in map(astuple, by_features)]
    looked = issues.find(found, known, pairs, settings.resize, DEFAULT_RATIO, learning_type.advise)
    told = issues.in_order([*told, *looked])
    if features is not None:  # mere colours say too little of what a picture shows
        two_labels = {finding.path for finding in told if finding.kind == "two labels"}
        suspects = [finding for finding in strangers(mine, reduced) if finding.path not in two_labels]
        told = issues.in_order([*told, *suspects])
    far = outliers(reduced[:, :2], [image.label for image in mine])
    return Look(
        command, found, known, thumbs, told, usable, reduced[:, :2], shares, [int(usable[i]) for i in far], source
    )


def print_summary(look: Look, out: Path) -> None:
    """Print how many findings there are of each kind, and where to read on."""
    counts = Counter((finding.severity, finding.kind) for finding in look.findings)
    console.say(f"{len(look.scan.images):,} images in {len(look.scan.class_names)} classes")
    rows = [(kind, severity, f"{number:,}") for (severity, kind), number in counts.items()]
    console.table("Findings", ("kind", "severity", "count"), rows, left=2)
    console.say(f"look at {out / 'check.html'}; all findings: {out / 'check.csv'}")

"""Labels that a person put right after `check` suspected them: a table of images to keep, relabel or leave out.

An image is known by its path and, where its `sha256` is given, by its content: a renamed or moved file stays mended.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from data import csv_table
from data.folder import ImageRecord, Scan, Skipped
from data.names import composed, join_labels, labels_of, split_labels
from data.store.hashes import hash_all
from errors import UserError

COLUMNS = ("path", "action", "label", "sha256")
ACTIONS = ("keep", "relabel", "leave out")


@dataclass(frozen=True)
class Fix:
    """What a row says of an image; `label` is the right one where it is relabelled, `sha256` may be nothing."""

    path: str
    action: str
    label: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Fixed:
    """What a table changed: its rows, names of the images whose label a person has kept or given, and counts."""

    rows: tuple[Fix, ...] = ()
    decided: frozenset[str] = frozenset()
    kept: int = 0
    relabelled: int = 0
    left_out: int = 0

    def counts(self) -> dict[str, int]:
        """Return how many images there are of each action."""
        return {"kept": self.kept, "relabelled": self.relabelled, "left_out": self.left_out}


def read(path: Path, name_of: Callable[[str], str] = csv_table.no_names) -> list[Fix]:
    """Return the rows that say something, `leave_out` as `leave out`; a row without an action does not.

    `name_of`: tells which image a cell means.

    Raises:
        UserError: the file is missing or is no such table, or a row has another action or lacks its label.
    """
    fixes: dict[tuple[str, str], Fix] = {}
    for row in _rows(path):
        cells = {name: csv_table.unguard(cell.strip()) for name, cell in row.items()}
        fix = Fix(*(cells.get(column, "") for column in COLUMNS))
        fix = replace(fix, path=name_of(row.get("path", "")) if fix.path else "")
        action = fix.action.casefold().replace("_", " ")
        if not action or not (fix.path or fix.sha256):
            continue
        if action not in ACTIONS:
            raise UserError(f"`fixes` {path}: action must be one of {', '.join(ACTIONS)}. Received: {fix.action}")
        if action == "relabel" and not fix.label:
            raise UserError(f"`fixes` {path}: {fix.path or fix.sha256} is to be relabelled and has no label.")
        label = composed(fix.label) if action == "relabel" else ""
        fix = Fix(fix.path, action, label, fix.sha256.casefold())
        if fixes.setdefault((fix.path, fix.sha256), fix) != fix:
            raise UserError(f"`fixes` {path} says two things of {fix.path or fix.sha256}: leave one of the rows out.")
    return list(fixes.values())


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the cells of each row by column."""
    expected = "a CSV file path,action,label and, if known, sha256"
    table = csv_table.with_columns(path, f"`fixes` {path}", ("path", "action"), expected, COLUMNS)
    return [{name: cell for name, cell in row.items() if name in COLUMNS} for _, row in table.rows()]


def apply(scanned: Scan, table: Path, note: Callable[[str], None], several_labels: bool = False) -> tuple[Scan, Fixed]:
    """Relabel and leave out images as a table says; tell `note` how many, and which rows name none.

    Raises:
        UserError: what `read` raises, a label that is no class of the data, or a table of other images.
    """
    name_of = csv_table.Names(entry.name for entry in (*scanned.images, *scanned.skipped))
    fixes = read(table, name_of)
    _check_labels(fixes, scanned, table, several_labels)
    fix_of, meant = match(fixes, scanned.images, table)
    _tell_unknown(fixes, meant, scanned, table, note)
    images, out = [], []
    for i, image in enumerate(scanned.images):
        fix = fix_of.get(i)
        if fix and fix.action == "leave out":
            out.append(Skipped(image.name, "left out by the table of fixes"))
        elif fix and fix.action == "relabel":
            label = join_labels(split_labels(fix.label)) if several_labels else fix.label
            images.append(replace(image, label=label))
        else:
            images.append(image)
    actions = Counter(fix.action for fix in fix_of.values())
    decided = frozenset(scanned.images[i].name for i, fix in fix_of.items() if fix.action != "leave out")
    fixed = Fixed(tuple(fixes), decided, *(actions[action] for action in ACTIONS))
    note(f"`fixes` {table}: {fixed.relabelled:,} image(s) relabelled, {fixed.left_out:,} left out")
    return replace(scanned, images=tuple(images), skipped=(*scanned.skipped, *out)), fixed


def match(fixes: Sequence[Fix], images: Sequence[ImageRecord], table: Path) -> tuple[dict[int, Fix], set[Fix]]:
    """Return index of an image -> the row that counts, that of its path, else of its content; and all that mean one.

    A file at the path whose content is another is another image.

    Raises:
        UserError: two rows say two things of the image at one path, or of one that only its content tells.
    """
    at_path = {image.name: i for i, image in enumerate(images)}
    to_verify = [at_path[fix.path] for fix in fixes if fix.sha256 and fix.path in at_path]
    content = dict(zip(to_verify, hash_all([images[i].path for i in to_verify]), strict=True))
    found, moved, meant = {}, defaultdict(list), set()
    for fix in fixes:
        i = at_path.get(fix.path)
        if i is not None and fix.sha256 in ("", content.get(i)):
            other = found.setdefault(i, fix)
            if (other.action, other.label) != (fix.action, fix.label):
                raise UserError(f"`fixes` {table} says two things of {fix.path}: leave one of the rows out.")
            meant.add(fix)
        elif fix.sha256:
            moved[fix.sha256].append(fix)
    if moved:  # only then every file has to be read
        there = {i: sha256 for i, sha256 in enumerate(hash_all([image.path for image in images])) if sha256 in moved}
        for i, sha256 in there.items():
            if i not in found:
                found[i] = _only(moved[sha256], images[i], table)
        contents = set(there.values())
        meant.update(fix for fix in fixes if fix.sha256 in contents)
    return found, meant


def _only(fixes: Sequence[Fix], image: ImageRecord, table: Path) -> Fix:
    """Return what rows say that know an image by its content alone. Raise UserError where they say two things.

    Rows of copies may differ while each copy is at its path; of copies that were moved, nothing tells one from another.
    """
    first = fixes[0]
    other = next((fix for fix in fixes if (fix.action, fix.label) != (first.action, first.label)), None)
    if other:
        both = " and ".join(
            f"{f'{fix.action} {fix.label}'.strip()} ({fix.path or fix.sha256})" for fix in (first, other)
        )
        raise UserError(
            f"`fixes` {table} says two things of {image.name}, which its rows know by content: {both}. Leave one of "
            "the rows out."
        )
    return first


def _check_labels(fixes: Sequence[Fix], scanned: Scan, table: Path, several_labels: bool) -> None:
    for fix in fixes:
        unknown = set(labels_of(fix.label, several_labels)) - set(scanned.class_names)
        if fix.action == "relabel" and unknown:
            raise UserError(
                f"`fixes` {table} relabels {fix.path or fix.sha256} as {min(unknown)}, which is no class of "
                f"{scanned.root}. It has: {', '.join(scanned.class_names)}."
            )


def _tell_unknown(
    fixes: Sequence[Fix], meant: Collection[Fix], scanned: Scan, table: Path, note: Callable[[str], None]
) -> None:
    """Tell of rows that mean no image. Raise UserError where none does."""
    there = {image.name for image in scanned.images}
    known = {entry.name for entry in scanned.skipped}
    unknown = [fix for fix in fixes if fix not in meant and fix.path not in known]
    changed = [fix.path for fix in unknown if fix.path in there]
    missing = [fix.path or fix.sha256 for fix in unknown if fix.path not in there]
    if fixes and len(missing) == len(fixes):
        raise UserError(
            f"`fixes` {table} names {len(fixes):,} image(s), such as {missing[0]}, none of which is in {scanned.root}: "
            "give the fixes of these images."
        )
    for names, what in (
        (missing, f"name no image of {scanned.root} by path or content"),
        (changed, "name a file whose content has changed since"),
    ):
        if names:
            few = f"{len(names):,} of {len(fixes):,} rows"
            note(f"`fixes` {table}: {few} {what}, such as {names[0]}; they change nothing")

"""Images that belong together, of one patient, clip or photo: named by the user, or guessed from names to be told."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from data.folder import ImageRecord, Scan
from errors import UserError

MIN_GROUPS = 3  # below, names that look like groups could not be divided anyway
# What tools and cameras write: copies of one photo that were exported together, patients and clips by number, frames.
EXPORTED = r"(.+)_(?:jpe?g|png|webp|bmp|tiff?)\.rf\."
KINDS = r"(?i)(?<![a-z])(patient|subject|person|clip|video|scene|sequence|slide|case)[ _-]?\d"
FRAMES = r"(.*\d.*?)[ _-](?:frame|img)?[ _-]?\d+\.\w+$"


def parse_group(text: str) -> str:
    """Return "folder", "none" or a regular expression. Raise UserError for anything else."""
    try:
        re.compile(text)
    except re.error as error:
        raise UserError(
            f"`group` takes folder, none, or a regular expression on file names. Received: {text} ({error})"
        ) from error
    return text


def apply(found: Scan, rule: str | None, drawn: bool, note: Callable[[str], None]) -> Scan:
    """Give each image its group by a rule; tell `note` of them, or, where there is no rule, of names that suggest one.

    Raises:
        UserError: the rule finds no group, or a table names groups already.
    """
    if rule is None:
        if not drawn and (line := hint(found.images)):
            note(line)
        return found
    if drawn:
        raise UserError(f"`group` is for images of your own: leave it out or give `data`. Received: {rule}")
    if rule == "none":
        return replace(found, images=tuple(replace(image, group="") for image in found.images))
    if any(image.group for image in found.images):
        raise UserError(f"{found.root} has a column group: leave `group` out. Received: {rule}")
    if rule == "folder" and found.root.is_file():
        raise UserError(f"`group` folder is for a folder of classes: give {found.root} a column group, or a pattern.")
    images = tuple(replace(image, group=group_of(image, rule)) for image in found.images)
    counts = Counter(image.group for image in images if image.group)
    if not counts:
        example = images[0].name
        where = "no folder below a class holds images" if rule == "folder" else f"it matches no file name, as {example}"
        raise UserError(f"`group` {rule} finds no group in {found.root}: {where}.")
    alone = len(images) - counts.total()
    note(
        f"`group` {rule}: {counts.total():,} images in {len(counts):,} groups, such as {min(counts)}, stay together"
        + (f"; {alone:,} are in none" if alone else "")
    )
    return replace(found, images=images)


def group_of(image: ImageRecord, rule: str) -> str:
    """Return the name of an image's group; nothing where it has none."""
    if rule == "folder":
        return image.folder
    found = re.search(rule, file_name(image))
    return (found[1 if found.re.groups else 0] or "") if found else ""


def file_name(image: ImageRecord) -> str:
    """Return the last part of an image's name."""
    return image.name.rpartition("/")[2]


def hint(images: Sequence[ImageRecord]) -> str:
    """Return a line where folders or names suggest groups that nobody named; nothing elsewhere.

    Where the splits were given it is too late for that.
    """
    if not images or any(image.split or image.group for image in images):
        return ""
    words = Counter(found[1] for image in images if (found := re.search(KINDS, file_name(image))))
    numbered = [rf"{word}[ _-]?\d+" for word, _ in words.most_common(1)]
    for rule in ("folder", EXPORTED, *numbered, FRAMES):
        members = defaultdict(list)
        for image in images:
            if group := group_of(image, rule):
                members[group, image.label].append(image)
        several = {key: own for key, own in members.items() if len(own) > 1}
        if len({group for group, _ in members}) < MIN_GROUPS or 2 * sum(map(len, several.values())) < len(images):
            continue
        if rule == FRAMES and not in_sequence(several):
            continue
        kind = "folder" if rule == "folder" else "name"
        shown = "folder" if rule == "folder" else f"'{rule}'"
        (group, _), own = next(iter(several.items()))
        return (
            f"careful: images seem to belong together by their {kind}, such as {len(own):,} of {group}, and may be "
            f"divided between the splits: `group` {shown} keeps them in one, `group` none says that they do not"
        )
    return ""


def in_sequence(members: Mapping[tuple[str, str], Sequence[ImageRecord]]) -> bool:
    """Say whether the numbers behind the names of most groups count up evenly, as frames do and times do not."""
    even = 0
    for own in members.values():
        numbers = sorted(int(found[-1]) for image in own if (found := re.findall(r"\d+", file_name(image))))
        steps = Counter(after - before for before, after in pairwise(numbers))
        even += len(own) > 2 and 2 * max(steps.values()) >= len(numbers) - 1
    return 2 * even > len(members)

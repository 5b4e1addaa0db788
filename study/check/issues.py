"""What a person should look at before training: findings on a folder of photos, and the table they are written to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from pathlib import Path
from typing import Protocol

from data.exclude import DROP
from data.folder import PARTS, Image, Scan
from study.check import class_issues, image_issues
from study.check.image_issues import Finding
from study.check.image_statistics import Facts
from study.runtime import output

SEVERITIES = ("severe", "warning", "note")


class Pair(Protocol):
    """Two images that look alike, by index into the images; `similarity` is within 0..1."""

    @property
    def first(self) -> int: ...  # noqa: D102

    @property
    def second(self) -> int: ...  # noqa: D102

    @property
    def similarity(self) -> float: ...  # noqa: D102


def find(
    scan: Scan,
    facts: Sequence[Facts | str],
    pairs: Iterable[Pair],
    resize: str,
    ratio: Sequence[int],
    advise: Callable[[int], tuple[str, str]] | None = None,
) -> list[Finding]:
    """List all findings, severe ones first, else in the order of the checks.

    Args:
        scan: the folder.
        facts: of scan.images, from `facts.gather`.
        pairs: near-duplicates; those with an undecodable, a plain or an equal picture are passed over.
        resize: the resize rule that training would use.
        ratio: shares of training, validation and test, where the folder has no ready-made parts.
        advise: training images of the rarest class -> (learning type, reason); `study.settings.learning_type.advise`.
    """
    usable = [(image, known) for image, known in zip(scan.images, facts, strict=True) if isinstance(known, Facts)]
    found = [
        *exact_copies(usable),
        *near_copies(scan.images, facts, pairs),
        *class_issues.check(scan, usable, ratio, advise),
        *(
            odd
            for image, known in zip(scan.images, facts, strict=True)
            for odd in image_issues.of(image, known, resize)
        ),
        *class_issues.whole_folder(scan, usable, resize),
    ]
    return in_order(found)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Sort severe before warning before note, otherwise as given."""
    return sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))


def exact_copies(usable: Iterable[tuple[Image, Facts]]) -> Iterator[Finding]:
    """Yield at most one finding for each byte-identical file, by the worst that holds of it."""
    same = defaultdict(list)
    for image, known in usable:
        same[known.sha256].append(image)
    for group in same.values():
        first = {}  # (label, part) -> the first of the group there: a group may hold ten thousand blank pages
        for image in group:
            first.setdefault((image.label, image.part), image)
        for image in group if len(group) > 1 else ():
            others = [other for other in first.values() if other is not image]
            found = [finding for other in others if (finding := copy(image, other, "the same file as {}"))]
            yield from in_order(found)[:1]


def near_copies(images: Sequence[Image], facts: Sequence[Facts | str], pairs: Iterable[Pair]) -> Iterator[Finding]:
    """Yield the pairs that look alike; a picture in several of them once for each kind, by the most similar.

    Of two in the same class and part, the one with fewer pixels is named: the one to drop.
    """
    told = set()
    for pair in sorted(pairs, key=lambda pair: -pair.similarity):
        if _is_void(facts[pair.first], facts[pair.second]):
            continue
        large, small = sorted((pair.first, pair.second), key=lambda at: (-facts[at].width * facts[at].height, at))
        text = f"looks like {{}} (similarity {pair.similarity:.2f})"
        ways = copy(images[small], images[large], text, near=True), copy(images[large], images[small], text, near=True)
        found = [finding for finding in ways if finding]
        for finding in found[:1] if found[0].kind == "near duplicate" else found:
            if (finding.path, finding.kind) not in told:
                told.add((finding.path, finding.kind))
                yield finding


def _is_void(one: Facts | str, other: Facts | str) -> bool:
    # Undecodable files have no picture, plain ones all look alike, and equal ones are told of already.
    if isinstance(one, str) or isinstance(other, str):
        return True
    return one.sha256 == other.sha256 or min(one.contrast, other.contrast) < image_issues.LEAST_CONTRAST


def copy(image: Image, other: Image, text: str, near: bool = False) -> Finding | None:
    """Say what it means that two images show the same; `text` has a place for the other's name.

    Of a picture in two parts only the one in the earlier part is named: dropping it leaves the test as it was.
    """
    detail, order = text.format(other.name), (*PARTS, None)
    if image.label != other.label:
        detail += f", which is in {other.label}: one label is wrong, or both"
        return Finding(image.name, "two labels", detail, other.name, "severe")
    if image.part != other.part:
        if order.index(image.part) > order.index(other.part):
            return None
        detail += f": an image of {image.part} is in {other.part} too, so its answers are known beforehand"
        return Finding(image.name, "leak", detail, other.name, "severe")
    return Finding(image.name, "near duplicate" if near else "duplicate", detail, other.name, "warning")


def write_csv(path: Path, findings: Iterable[Finding]) -> None:
    """Write `path,kind,detail,related_path,severity,drop`, severe ones first; `drop` is empty, for a person to fill.

    UTF-8 with its mark at the beginning, without which Excel takes it for another encoding.
    """
    header = [*(field.name for field in fields(Finding)), DROP]
    output.write_csv(path, header, [[*astuple(finding), ""] for finding in in_order(findings)], mark=True)

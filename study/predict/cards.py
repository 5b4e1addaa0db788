"""The images on the page of `predict`: small enough for hundreds of them, each with a link to its file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

from data import display
from data.crop import Box
from data.image import WORKERS
from data.names import join_labels, printable
from study.pages.blocks import Figure
from study.pages.language import VERDICTS, t
from study.pages.pictures import jpeg_within
from study.predict.answers import Answer
from study.predict.verdicts import CLASS, UNLIKE
from study.runs.folder import Run

MOST = 300  # images on a page
SIDE, STORED = 176, 240  # the longer side as it is shown and as it is stored, for screens with small pixels
ENLARGED = 3  # times at most
MOST_BYTES = 24_000  # of an image: 300 of them, as text, are 9.6 MB, whatever they show


def pictures(
    shown: Sequence[Answer], run: Run, page: Path, place: str, none: str, number: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return what the page shows of each image.

    Args:
        shown: the answers, in their order.
        run: that predicted.
        page: file of the page.
        place: folder that all files are in, or "".
        none: what stands for no label.
        number: class -> number of its filter.
    """

    def card(answer: Answer) -> dict[str, Any]:
        name, file = answer.prediction.path, answer.prediction.file
        classes = {*(answer.predicted or (none,)), *(answer.labels or ())}
        return {
            "figure": figure(file, answer.said, run, answer.prediction.box),
            "link": link_to(file, page),
            "path": name,
            "name": printable(os.path.relpath(file, place)) if place else name,
            "verdict": ""
            if answer.kind == CLASS
            else t(answer.verdict, f"{VERDICTS[answer.kind]}（{answer.verdict}）"),
            "unlike": answer.kind == UNLIKE,
            "said": answer.said,
            "distance": "" if answer.prediction.distance is None else f"{answer.prediction.distance:.4f}",
            "label": None if answer.labels is None else join_labels(answer.labels) or none,
            "wrong": answer.wrong,
            "filters": " ".join(f"c{number[one]}" for one in classes if one in number),
        }

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(card, shown))


def figure(file: Path, text: str, run: Run, box: Box | None = None) -> Figure | None:
    """Return an image as small as the page shows it; None where the file has gone since."""
    image = display.enlarged(file, STORED, run.info.get("pixel_range"), box)
    if image is None:
        return None
    scale = min(SIDE / max(image.size), ENLARGED)
    size = tuple(max(8, round(side * scale)) for side in image.size)
    return Figure(jpeg_within(image, MOST_BYTES), text, size, enlarges=False)


def link_to(file: Path, page: Path) -> str:
    """Return a link from a page to a file: below the page's folder one that can be moved together with both."""
    absolute, folder = file.absolute(), page.absolute().parent
    if absolute.is_relative_to(folder):
        return quote(os.fsencode(absolute.relative_to(folder).as_posix()))
    return absolute.as_uri()


def common_folder(shown: Sequence[Answer]) -> str:
    """Return the folder that all files are in, as it was given; "" where there is none."""
    try:
        return os.path.commonpath([answer.prediction.file.parent for answer in shown])
    except ValueError:  # none is shown, or they are on two disks
        return ""

"""Some images of a run's test split, small, to try the page on."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from data import image
from data.names import distinct, labels_of
from data.split import read_split
from study.pages.language import joined, t
from study.pages.pictures import jpeg_within
from study.predict.told import task_of
from study.runs.folder import Run
from study.runs.images import images_of

SIDE = 320  # pixels of the longer side
MOST = 30_000  # bytes of one


def examples_of(run: Run, count: int) -> list[tuple[str, bytes]]:
    """Return class and JPEG file of so many images, of each class in turn; fewer where images are missing.

    Where an image may have several labels, or none, a class is a set of them.
    """
    entries = [entry for entry in read_split(run.folder / "split.csv") if entry.split == "test"]
    of_class: dict[str, list[str]] = {}
    for entry in entries:
        of_class.setdefault(entry.label, []).append(entry.path)
    rounds = max(map(len, of_class.values()), default=0)
    in_turn = [(name, paths[i]) for i in range(rounds) for name, paths in of_class.items() if i < len(paths)]
    file_of, found = images_of(run), []
    for name, path in in_turn:
        if len(found) == count:
            break
        if path in file_of and (small := _small(run, file_of[path])):
            found.append((_shown(run, name), small))
    return found


def _shown(run: Run, label: str) -> str:
    none = t(distinct("none", run.info["class_names"]), "なし")
    return joined(labels_of(label, task_of(run).SEVERAL_LABELS)) or none


def _small(run: Run, file: Path) -> bytes | None:
    try:
        with image.content_of(file) as content, image.decoded(content, SIDE, run.info.get("pixel_range")) as rgb:
            rgb.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
            return jpeg_within(rgb, MOST)
    except (OSError, image.ImageError):
        return None

"""Answer for images by a saved run. Needs the run folder, OpenVINO or Keras, and no model file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data import folder, labels, pixels, split
from data import names as names_module
from data.folder import Skipped
from data.pixel_range import Ranges
from data.split import Row
from errors import UserError
from study.inference import openvino_ir
from study.predict.told import introduce
from study.predict.views import averaged, check_views, count_of
from study.runs.folder import Run, check_files, check_shapes, images_of, load_classifier
from study.runtime import backend, console, hardware
from study.runtime.background import ahead

if TYPE_CHECKING:
    pass

PARTS = {"val": "validation", "test": "test"}
NO_NUMBER = "the network gives no numbers (nan) for it"
CHUNK = 64  # images decoded and answered at a time: memory stays flat however many there are


@dataclass(frozen=True)
class Answer:
    """What the run says of one file: probabilities, float32 (classes,), or the error that kept it from answering.

    `path` can be printed, `file` opened: a name may be no UTF-8.
    """

    path: str
    probabilities: np.ndarray | None
    sha256: str = ""
    error: str = ""
    file: Path | None = None


def load_runner(run: Run) -> openvino_ir.Runner:
    """Return what answers fastest: the network for OpenVINO, else `model.keras` through Keras.

    Both take pixels, uint8 (n, size, size, 3), and return probabilities, float32 (n, classes).
    """
    if hardware.openvino_available() and (run.folder / "model.xml").is_file():
        check_files(run, openvino_ir.FILES)
        return openvino_ir.load(run.folder, partial(check_shapes, run, openvino_ir.FILES[0]))
    backend.start()
    classifier = load_classifier(run)
    return lambda pixels: classifier.predict(pixels.astype(np.float32), verbose=0)


def load_averaged(run: Run, views: str) -> openvino_ir.Runner:
    """Return `load_runner`'s, or the mean over the views that `--tta` names. Raise UserError where they do not fit."""
    table = run.folder / "labels.csv"
    mirrors = labels.read(table).mirrors if views != "none" and table.is_file() else {}
    check_views(views, run.info, mirrors)
    names = list(run.info["class_names"])
    mirror = np.array([names.index(mirrors.get(name, name)) for name in names]) if mirrors else None
    return averaged(load_runner(run), count_of(views), mirror)


def find(paths: Sequence[Path]) -> tuple[list[Path], list[Skipped]]:
    """Return the images that are meant, folders searched, and what cannot be used. Raise UserError where nothing is."""
    files, skipped = folder.list_images(paths)
    if not files and not skipped:
        raise UserError(
            f"There is no image in {', '.join(map(str, paths)) or 'the list'}: give image files or folders."
        )
    return files, skipped


def answer(
    run: Run, files: Sequence[Path], skipped: Sequence[Skipped] = (), views: str = "none", own_images: bool = True
) -> Iterator[Answer]:
    """Say which run it is, then yield an answer for each file; what cannot be used comes first, with its reason.

    Raises:
        UserError: the run cannot be read, or the views do not fit the run.
    """
    if files:
        respond = load_averaged(run, views)
        introduce(run, own_images)
    yield from (Answer(entry.name, None, error=entry.reason) for entry in skipped)
    if not files:
        return
    with console.bar("predict", len(files)) as advance:
        for chunk, outcomes in ahead(
            decoded(files, run.info["image_size"], run.info["resize"], run.info.get("pixel_range"))
        ):
            usable = [outcome[1] for outcome in outcomes if not isinstance(outcome, str)]
            rows = iter(respond(np.stack(usable)) if usable else ())
            for path, outcome in zip(chunk, outcomes, strict=True):
                advance()
                name = names_module.printable(str(path))
                if isinstance(outcome, str):
                    yield Answer(name, None, error=outcome)
                else:
                    probabilities = next(rows)
                    sound = np.isfinite(probabilities).all()
                    yield Answer(
                        name,
                        probabilities if sound else None,
                        sha256=outcome[0],
                        error="" if sound else NO_NUMBER,
                        file=path,
                    )


def decoded(
    files: Sequence[Path], size: int, rule: str, ranges: Ranges | None
) -> Iterator[tuple[Sequence[Path], list[tuple[str, np.ndarray] | str]]]:
    """Yield some files at a time with what `pixels.read` says of each."""
    with ThreadPoolExecutor(pixels.WORKERS) as pool:
        for first in range(0, len(files), CHUNK):
            chunk = files[first : first + CHUNK]
            yield chunk, list(pool.map(lambda path: pixels.read(path, size, rule, ranges), chunk))


def own_part(
    run: Run, part: str, views: str = "none", kept: Callable[[Answer], Answer] = lambda found: found
) -> tuple[list[Answer], list[Row]]:
    """Answer for the run's own "val" or "test" part.

    Args:
        run: with its pictures where they were.
        part: of its split.
        views: as `tta` reads them.
        kept: what is to be remembered of each answer.

    Returns:
        What is kept of each answer; the entries of the split.

    Raises:
        UserError: the images are not where they were, or are not what they were.
    """
    rows = [row for row in split.read(run.folder / "split.csv") if row.part == part]
    root = Path(run.info["data"]["folder"])
    path_of = images_of(run)
    paths = [path_of[row.path] for row in rows if row.path in path_of]
    found = {entry.path: kept(entry) for entry in answer(run, *find(paths), views, False)} if paths else {}
    answers = [found.get(names_module.printable(str(path_of.get(row.path, "")))) for row in rows]
    if any(entry is not None and entry.error == NO_NUMBER for entry in answers):
        raise UserError(f"{run.folder}: the network gives no numbers (nan) for some images. Train again.")
    changed = [
        row.path
        for row, entry in zip(rows, answers, strict=True)
        if entry is None or entry.error or entry.sha256 != row.sha256
    ]
    if changed or not rows:
        raise UserError(
            f"{len(changed)} of {len(rows)} images of the run's {PARTS[part]} part are missing or changed in {root}"
            f"{', such as ' + changed[0] if changed else ''}. Put them back, or name files or folders to predict."
        )
    return answers, rows


def listed(paths: Sequence[str]) -> Iterator[Path]:
    """Yield the paths named, those on standard input, one a line, in place of `-`."""
    for path in paths:
        if path == "-":
            sys.stdin.reconfigure(errors="surrogateescape")  # a name may be no UTF-8
            yield from (Path(line.rstrip("\r\n")) for line in sys.stdin if line.strip())
        else:
            yield Path(path)

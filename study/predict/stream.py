"""Answer for images by a saved run. Needs the run folder, OpenVINO or Keras, and no model file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from data import folder, labels, pixels, unpacked
from data import names as names_module
from data.crop import Box
from data.duplicates import fingerprint_of
from data.folder import Skipped
from data.pixel_range import Ranges
from data.squares import Size
from errors import UserError
from study.confidence import neighbours
from study.confidence.known import FILE as KNOWN_FILE
from study.confidence.known import Known
from study.predict.told import introduce
from study.predict.views import average_views, check_views, number_of_views
from study.runs.folder import Run, size_of
from study.runtime import console
from study.runtime.background import prefetch
from study.saved.cut import Cutter
from study.saved.runner import load_runner

NO_NUMBER = "the network gives no numbers (nan) for it"
CHUNK = 64  # images decoded and answered at a time: memory stays flat however many there are


@dataclass(frozen=True)
class Prediction:
    """What the run says of one file: probabilities, float32 (classes,), or the error that kept it from answering.

    `path` can be printed, `file` opened: a name may be no UTF-8. `box`: what the image was cut to, None for the whole.
    `fingerprint`: by which copies of it are found, where that is asked for.
    """

    path: str
    probabilities: np.ndarray | None
    sha256: str = ""
    error: str = ""
    file: Path | None = None
    distance: float | None = None
    box: Box | None = None
    fingerprint: np.ndarray | None = None


Respond = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray | None]]  # pixels -> probabilities, distances


def load_averaged(run: Run, views: str, known: Known | None) -> Respond:
    """Return what gives probabilities, the mean over the views that `--tta` names, and distances to what is known.

    The distance is that of the whole image, the first view.

    Raises:
        UserError: the views do not fit the run.
    """
    table = run.folder / "labels.csv"
    flip_pairs = labels.read(table).flip_pairs if views != "none" and table.is_file() else {}
    check_views(views, run.info, flip_pairs)
    names = list(run.info["class_names"])
    if strange := sorted(set(flip_pairs.values()) - set(names)):
        raise UserError(f"{table} pairs {strange[0]}, which is no class of {run.folder}. Train again.")
    flipped_classes = np.array([names.index(flip_pairs.get(name, name)) for name in names]) if flip_pairs else None
    network = load_runner(run, known is not None)

    def respond(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        features: list[np.ndarray] = []

        def probabilities_of(view: np.ndarray) -> np.ndarray:
            probabilities, *more = network(view)
            features.extend(more)
            return probabilities

        mean = average_views(probabilities_of, number_of_views(views), flipped_classes, size_of(run))(pixels)
        if known is None or not features:
            return mean, None
        if features[0].shape[1] != known.directions.shape[1]:
            raise UserError(
                f"{run.folder / KNOWN_FILE} has {known.directions.shape[1]:,} features of an image and the network "
                f"gives {features[0].shape[1]:,}: remove the file to predict without verdicts, or train again."
            )
        with threadpool_limits(1, "blas"):  # its further threads would wait for work, and keep a core from the network
            return mean, neighbours.distances(features[0], known.directions)

    return respond


def find(paths: Sequence[Path]) -> tuple[list[Path], list[Skipped]]:
    """Return the images that are meant, folders searched, and what cannot be used. Raise UserError where nothing is."""
    files, skipped = folder.list_images(paths)
    if not files and not skipped:
        raise UserError(
            f"There is no image in {', '.join(map(str, paths)) or 'the list'}: give image files or folders."
        )
    return files, skipped


def predict_files(
    run: Run,
    files: Sequence[Path],
    skipped: Sequence[Skipped] = (),
    views: str = "none",
    own_images: bool = True,
    known: Known | None = None,
    cutter: Cutter | None = None,
    fingerprints: bool = False,
) -> Iterator[Prediction]:
    """Say which run it is, then yield an answer for each file; what cannot be used comes first, with its reason.

    `cutter`: what images are cut by; by default as the run cuts those that are not its own. It says last how many.

    Raises:
        UserError: the run cannot be read, or the views do not fit the run.
    """
    if files:
        respond = load_averaged(run, views, known)
        cutter = cutter or Cutter(run)
        introduce(run, own_images)
    yield from (Prediction(entry.name, None, error=entry.reason) for entry in skipped)
    if not files:
        return
    chunks = (files[first : first + CHUNK] for first in range(0, len(files), CHUNK))
    with console.bar("predict", len(files)) as advance:
        for answered in predict_chunks(run, respond, chunks, cutter, fingerprints):
            for prediction in answered:
                advance()
                yield prediction
    if told := cutter.told():
        console.to_error(told)


def predict_chunks(
    run: Run, respond: Respond, chunks: Iterable[Sequence[Path]], cutter: Cutter, fingerprints: bool = False
) -> Generator[Iterator[Prediction], None, None]:
    """Yield the answers for some files at a time; the next ones are decoded meanwhile, in other threads."""
    how = size_of(run), run.info["resize"], run.info.get("pixel_range")
    for chunk, outcomes, boxes in prefetch(decode_chunks(chunks, *how, cutter)):
        yield predictions_of(chunk, outcomes, respond, boxes, fingerprints)


def predictions_of(
    chunk: Sequence[Path],
    outcomes: Sequence[tuple[str, np.ndarray] | str],
    respond: Respond,
    boxes: Sequence[Box | None] | None = None,
    fingerprints: bool = False,
) -> Iterator[Prediction]:
    """Yield the answer for each file of a chunk, or why there is none."""
    answers = iter(answers_for(respond, [outcome[1] for outcome in outcomes if not isinstance(outcome, str)]))
    for path, outcome, box in zip(chunk, outcomes, boxes or [None] * len(chunk), strict=True):
        name = names_module.printable(str(path))
        if isinstance(outcome, str):
            yield Prediction(name, None, error=outcome, file=path)
        else:
            probabilities, distance = next(answers)
            sound = np.isfinite(probabilities).all()
            yield Prediction(
                name,
                probabilities if sound else None,
                sha256=outcome[0],
                error="" if sound else NO_NUMBER,
                file=path,
                distance=distance,
                box=box,
                fingerprint=fingerprint_of(outcome[1]) if fingerprints else None,
            )


def answers_for(respond: Respond, images: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, float | None]]:
    """Yield the probabilities of each image, and its distance where that is known."""
    if images:
        probabilities, distances = respond(np.stack(images))
        yield from zip(probabilities, [None] * len(images) if distances is None else distances.tolist(), strict=True)


def decode_chunks(
    chunks: Iterable[Sequence[Path]], size: Size, rule: str, ranges: Ranges | None, cutter: Cutter
) -> Iterator[tuple[Sequence[Path], list[tuple[str, np.ndarray] | str], Sequence[Box | None]]]:
    """Yield some files at a time with what `pixels.read` says of each, and what each was cut to."""
    with ThreadPoolExecutor(pixels.WORKERS) as pool:
        for chunk in chunks:
            boxes = cutter.boxes_of(chunk)
            outcomes = list(pool.map(lambda path, box: pixels.read(path, size, rule, ranges, box), chunk, boxes))
            cutter.count(box for box, outcome in zip(boxes, outcomes, strict=True) if not isinstance(outcome, str))
            yield chunk, outcomes, boxes


def shown_name(file: Path, named: Path) -> str:
    """Return what an image is called: its file, or its name in the data set where it was unpacked into the cache."""
    return names_module.printable(str(named if unpacked.holds(file) else file))


def with_list(paths: Sequence[str]) -> list[str | Path]:
    """Return what is named, with the paths on standard input in place of `-`: they can be read only once.

    Raises:
        UserError: nothing is named, or standard input is closed.
    """
    found = [one for path in paths for one in (listed_on_input() if path == "-" else [path])]
    if not found:  # without any path the run's own images would be meant
        raise UserError("There is no image in the list: give image files or folders.")
    return found


def expand_paths(paths: Sequence[str | Path]) -> Iterator[Path]:
    """Yield the paths named; in place of `-` those on standard input, one a line, and of a pattern its files.

    Some shells leave a pattern such as `*.jpg` as it is. What is a `Path` was listed, and is no pattern.

    Raises:
        UserError: a path is empty, which would stand for the working folder, or standard input is closed.
    """
    for path in paths:
        if isinstance(path, Path):
            yield path
        elif not path:
            raise UserError("A path is empty, perhaps a variable that is not set: give a file or folder.")
        elif path == "-":
            yield from listed_on_input()
        else:
            there = os.path.exists(path)  # noqa: PTH110 - Path.exists raises in a folder that may not be opened
            matching = [] if there else glob(path, recursive=True)  # noqa: PTH207 - the pattern has a root
            yield from map(Path, sorted(matching, key=names_module.natural_key) or [path])


def listed_on_input() -> Iterator[Path]:
    """Yield the paths on standard input, one a line; some editors put a mark of the encoding before the first."""
    if sys.stdin is None:
        raise UserError("standard input is closed: lead a list of paths into it for -, or give files and folders.")
    sys.stdin.reconfigure(errors="surrogateescape")  # a name may be no UTF-8
    for number, line in enumerate(sys.stdin):
        name = line.rstrip("\r\n") if number else line.rstrip("\r\n").removeprefix("\ufeff")
        if name.strip():
            yield Path(name)

"""Answer for images by a saved run. Needs the run folder, OpenVINO or Keras, and no model file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from data import folder, labels, pixels, split
from errors import UserError
from study import artifact, backend, evaluate, ir, screen, tta
from study.ahead import ahead
from study.artifact import Run

if TYPE_CHECKING:
    import keras

PARTS = {"val": "validation", "test": "test"}
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


def load_runner(run: Run) -> ir.Runner:
    """Return what answers fastest: the network for OpenVINO, else `model.keras` through Keras.

    Both take pixels, uint8 (n, size, size, 3), and return probabilities, float32 (n, classes).
    """
    if ir.available() and (run.folder / "model.xml").is_file():
        return ir.load(run.folder)
    backend.start()
    classifier = load_classifier(run)
    return lambda pixels: classifier.predict(pixels.astype(np.float32), verbose=0)


def load_classifier(run: Run) -> keras.Model:
    """Load `model.keras` in Keras' safe mode. Raise UserError where it cannot be read or does not fit `run.json`."""
    import keras

    try:
        classifier = keras.saving.load_model(run.folder / "model.keras", compile=False, safe_mode=True)
    except artifact.UNREADABLE as error:
        raise UserError(f"{run.folder / 'model.keras'} is damaged or incomplete. Train again.") from error
    if classifier.output_shape[-1] != len(run.info["class_names"]):
        raise UserError(f"{run.folder}: model.keras and run.json name different classes. Train again.")
    return classifier


def load_averaged(run: Run, views: str) -> ir.Runner:
    """Return `load_runner`'s, or the mean over the views that `--tta` names. Raise UserError where they do not fit."""
    table = run.folder / "labels.csv"
    mirrors = labels.read(table).mirrors if views != "none" and table.is_file() else {}
    tta.check(views, run.info, mirrors)
    names = list(run.info["class_names"])
    mirror = np.array([names.index(mirrors.get(name, name)) for name in names]) if mirrors else None
    return tta.averaged(load_runner(run), tta.count_of(views), mirror)


def answer(run: Run, paths: Sequence[Path], views: str = "none") -> Iterator[Answer]:
    """Yield an answer for each file, folders searched; what cannot be used comes first, with its reason.

    Raises:
        UserError: the run cannot be read, there is nothing to answer for, or the views do not fit the run.
    """
    files, skipped = folder.list_images(paths)
    if not files and not skipped:
        raise UserError(
            f"There is no image in {', '.join(map(str, paths)) or 'the list'}: give image files or folders."
        )
    yield from (Answer(entry.name, None, error=entry.reason) for entry in skipped)
    if not files:
        return
    respond = load_averaged(run, views)
    with screen.bar("predict", len(files)) as advance:
        for chunk, outcomes in ahead(decoded(files, run.info["image_size"], run.info["resize"])):
            usable = [outcome[1] for outcome in outcomes if not isinstance(outcome, str)]
            rows = iter(respond(np.stack(usable)) if usable else ())
            for path, outcome in zip(chunk, outcomes, strict=True):
                advance()
                name = folder.printable(str(path))
                if isinstance(outcome, str):
                    yield Answer(name, None, error=outcome)
                else:
                    yield Answer(name, next(rows), sha256=outcome[0], file=path)


def decoded(
    files: Sequence[Path], size: int, rule: str
) -> Iterator[tuple[Sequence[Path], list[tuple[str, np.ndarray] | str]]]:
    """Yield some files at a time with what `pixels.read` says of each."""
    with ThreadPoolExecutor(pixels.WORKERS) as pool:
        for first in range(0, len(files), CHUNK):
            chunk = files[first : first + CHUNK]
            yield chunk, list(pool.map(lambda path: pixels.read(path, size, rule), chunk))


def own_part(
    run: Run, part: str, views: str = "none", kept: Callable[[Answer], Answer] = lambda found: found
) -> tuple[list[Answer], np.ndarray]:
    """Answer for the run's own "val" or "test" part.

    Args:
        run: with its pictures where they were.
        part: of its split.
        views: as `tta` reads them.
        kept: what is to be remembered of each answer.

    Returns:
        What is kept of each answer; the true class indices, int (n,).

    Raises:
        UserError: the images are not where they were, or are not what they were.
    """
    names = list(run.info["class_names"])
    rows = [row for row in split.read(run.folder / "split.csv") if row.part == part]
    root = Path(run.info["data"]["folder"])
    path_of = {image.name: image.path for image in folder.scan(root, 1).images} if root.is_dir() else {}
    paths = [path_of[row.path] for row in rows if row.path in path_of]
    found = {entry.path: kept(entry) for entry in answer(run, paths, views)} if paths else {}
    answers = [found.get(folder.printable(str(path_of.get(row.path, "")))) for row in rows]
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
    return answers, np.array([names.index(row.label) for row in rows])


def listed(paths: Sequence[str]) -> Iterator[Path]:
    """Yield the paths named, those on standard input, one a line, in place of `-`."""
    for path in paths:
        if path == "-":
            sys.stdin.reconfigure(errors="surrogateescape")  # a name may be no UTF-8
            yield from (Path(line.rstrip("\r\n")) for line in sys.stdin if line.strip())
        else:
            yield Path(path)


def predict_paths(run: Run, paths: Sequence[str], table: Path | None, views: str = "none") -> None:
    """Print `file  class  probability` for files and folders, and what failed; write the table if one is asked for.

    Raises:
        UserError: every file failed.
    """
    names = run.info["class_names"]
    answers = []
    for found in answer(run, list(listed(paths)), views):
        answers.append(found)
        if found.probabilities is None:
            print(f"{found.path}: {found.error}", file=sys.stderr)
        else:
            label, probability = evaluate.best(names, found.probabilities)
            screen.say(f"{found.path}  {label}  {probability:.4f}")
    if table:
        write_answers(table, names, answers)
    failed = sum(bool(found.error) for found in answers)
    if failed == len(answers):
        raise UserError(f"None of the {failed} file(s) could be used; the reasons stand above.")
    if failed:
        print(f"{failed} of {len(answers)} files could not be used.", file=sys.stderr)


def predict_part(run: Run, part: str, table: Path | None, views: str = "none") -> None:
    """Answer for the run's own "val" or "test" part and print the per-class report; write the table if asked for."""
    names = run.info["class_names"]
    answers, truth = own_part(run, part, views)
    if table:
        write_answers(table, names, answers)
    mean = f", mean over {tta.count_of(views)} views of each picture (--tta {views})" if views != "none" else ""
    screen.say(f"{run.folder}: its own {PARTS[part]} part{mean}")
    evaluate.print_report(
        PARTS[part], evaluate.metrics(truth, np.stack([found.probabilities for found in answers]), names)
    )


def write_answers(path: Path, names: Sequence[str], answers: Sequence[Answer]) -> None:
    """Write `path,predicted,probability,p_<class>…,error`, one row a file."""
    rows = []
    for found in answers:
        if found.probabilities is None:
            rows.append([found.path, "", "", *("" for _ in names), found.error])
        else:
            label, probability = evaluate.best(names, found.probabilities)
            shares = (f"{p:.6f}" for p in found.probabilities)
            rows.append([found.path, label, f"{probability:.6f}", *shares, ""])
    header = ["path", "predicted", "probability", *(f"p_{name}" for name in names), "error"]
    try:
        artifact.write_csv(path, header, rows)
    except OSError as error:
        raise UserError(f"Cannot write --csv {path}: {error.strerror}. Give a file in a folder that exists.") from error
